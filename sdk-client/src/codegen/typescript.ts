// From the model to the text of TypeScript files. The output compiles under the strictest flags, and the same model gives
// the same bytes.
import { type AlgebraicType, isUnit, type ModuleDef, specialKind } from "@lightcone/abi";
import {
  type BindingsModel,
  modelOf,
  type ReducerModel,
  type TableModel,
  type TypeModel,
} from "./model.ts";
import { isIdentifier } from "./name.ts";
import {
  entryText,
  expressionText,
  fieldText,
  sumTexts,
  type TypeScope,
  typeText,
} from "./type-text.ts";

export interface TypeScriptOptions {
  /** Whether private tables and reducers are included, which only the owner of a database may use. Default false. */
  readonly includePrivate?: boolean | undefined;
  /**
   * How the files name each other: ".js" is right for compilers and bundlers alike (the default), ".ts" for what runs
   * TypeScript as it is, "" for older bundlers.
   */
  readonly importExtension?: ".js" | ".ts" | "" | undefined;
}

const header =
  "// Generated from the module's definition. Do not edit: the next generation overwrites it.";

const runtimeImport = 'import * as sdk from "@lightcone/sdk-client";';

/**
 * The bindings of a module: texts by file name (index.ts, tables.ts, reducers.ts, types.ts). Throws LC_MODULE_INVALID,
 * with every reason, where two names of the module would be one in TypeScript.
 */
export function generateTypeScript(
  def: ModuleDef,
  options: TypeScriptOptions = {},
): Map<string, string> {
  const { includePrivate = false, importExtension = ".js" } = options;
  const model = modelOf(def, { includePrivate });
  const pathOf: PathOf = (name) => JSON.stringify(`./${name}${importExtension}`);
  return new Map([
    ["index.ts", indexFile(pathOf)],
    ["reducers.ts", reducersFile(model, pathOf)],
    ["tables.ts", tablesFile(model, pathOf)],
    ["types.ts", typesFile(model)],
  ]);
}

/** Members of an interface are indented by two columns out of a hundred. */
const memberLengthMax = 98;

/** The specifier by which the file of that name is imported. */
type PathOf = (name: string) => string;

function fileText(...blocks: readonly string[]): string {
  return `${[header, ...blocks].join("\n\n")}\n`;
}

function indented(lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.split("\n")).map((line) => (line === "" ? "" : `  ${line}`));
}

/** Lines between an opening and a closing one; nothing in between makes one line. */
function block(open: string, lines: readonly string[], close: string): string {
  return lines.length === 0 ? open + close : [open, ...indented(lines), close].join("\n");
}

function docComment(text: string): string[] {
  return text === "" ? [] : [`/** ${text} */`];
}

function indexFile(pathOf: PathOf): string {
  return fileText(
    [
      runtimeImport,
      `import { type DbReducers, reducerSchemas } from ${pathOf("reducers")};`,
      `import { type DbRows, type DbTables, tableSchemas } from ${pathOf("tables")};`,
      `import { typespace } from ${pathOf("types")};`,
    ].join("\n"),
    ["reducers", "tables", "types"].map((each) => `export type * from ${pathOf(each)};`).join("\n"),
    `/** What the module offers its clients. */
export interface DbModule {
  readonly tables: DbTables;
  readonly reducers: DbReducers;
  readonly rows: DbRows;
}`,
    `const schema: sdk.ModuleSchema<DbModule> = {
  types: typespace,
  tables: tableSchemas,
  reducers: reducerSchemas,
};`,
    `/** A connection to a database that runs this module. */
export type DbConnection = sdk.DbConnection<DbModule>;`,
    `/** Makes connections: \`DbConnection.builder().withUri(…).withDatabaseName(…).build()\`. */
export const DbConnection: { readonly builder: () => sdk.ConnectionBuilder<DbModule> } = {
  builder: () => sdk.connectionBuilder(schema),
};`,
  );
}

function reducersFile({ reducers, types }: BindingsModel, pathOf: PathOf): string {
  const scope: TypeScope = {
    types: types.map(({ type }) => type),
    nameAt: (position) => `types.${types[position]?.name ?? ""}`,
  };
  const args = reducers.flatMap((each) => argsInterface(each, scope));
  const usesTypes = args.some((text) => /\btypes\./u.test(text));
  const imports = [
    runtimeImport,
    ...(usesTypes ? [`import type * as types from ${pathOf("types")};`] : []),
  ];
  return fileText(
    imports.join("\n"),
    ...args,
    `/** The reducers, by the names that they have here: the type of \`connection.reducers\`. */\n${block(
      "export interface DbReducers {",
      reducers.flatMap(({ accessor, name, argsName }) => [
        `/** Calls the reducer \`${name}\`. */`,
        `${accessor}(${argsName === undefined ? "" : `args: ${argsName}`}): Promise<sdk.CallResult>;`,
      ]),
      "}",
    )}`,
    block(
      "export const reducerSchemas: Readonly<Record<keyof DbReducers, sdk.ReducerSchema>> = {",
      reducers.map(({ accessor, name, params }) =>
        block(
          `${accessor}: {`,
          [`name: ${JSON.stringify(name)},`, `params: ${longExpression(params)},`],
          "},",
        ),
      ),
      "};",
    ),
  );
}

function argsInterface({ name, argsName, params }: ReducerModel, scope: TypeScope): string[] {
  if (argsName === undefined) return [];
  const fields = params.elements.map((element) => fieldText(element, scope));
  const docs = `/** Arguments of the reducer \`${name}\`. */`;
  return [`${docs}\n${block(`export interface ${argsName} {`, fields, "}")}`];
}

function tablesFile({ tables }: BindingsModel, pathOf: PathOf): string {
  const imports = [
    runtimeImport,
    ...(tables.length === 0 ? [] : [`import type * as types from ${pathOf("types")};`]),
  ];
  return fileText(
    imports.join("\n"),
    `/** The tables, by the names that they have here: the type of \`connection.db\`. */\n${block(
      "export interface DbTables {",
      tables.flatMap((table) => [
        `/** The ${table.isEvent ? "event " : ""}${table.kind} \`${table.name}\`. */`,
        handleText(table),
      ]),
      "}",
    )}`,
    `/** The types of rows, by the names that their tables have in SQL. */\n${block(
      "export interface DbRows {",
      tables.map(({ name, rowName }) => {
        const key = isIdentifier(name) ? name : JSON.stringify(name);
        return `readonly ${key}: types.${rowName};`;
      }),
      "}",
    )}`,
    block(
      "export const tableSchemas: Readonly<Record<keyof DbTables, sdk.TableSchema>> = {",
      tables.map((table) => block(`${table.accessor}: {`, schemaLines(table), "},")),
      "};",
    ),
  );
}

/** One member of DbTables. */
function handleText({ accessor, rowName, primaryKey, uniques, isEvent }: TableModel): string {
  const row = `types.${rowName}`;
  const open = `readonly ${accessor}: sdk.`;
  if (isEvent) return `${open}EventTable<${row}>;`;
  if (uniques.length === 0) return `${open}Table<${row}>;`;
  const keys = uniques.map((fields) => {
    const names = fields.map((field) => JSON.stringify(field));
    return `Pick<${row}, ${names.join(" | ")}>`;
  });
  const generic = `${open}${primaryKey === undefined ? "UniqueTable" : "KeyedTable"}<`;
  const oneLine = `${generic}${row}, ${keys.join(" | ")}>;`;
  if (oneLine.length <= memberLengthMax) return oneLine;
  const keyLine = keys.join(" | ");
  const keyLines = keyLine.length < memberLengthMax ? [keyLine] : keys.map((key) => `| ${key}`);
  return block(generic, [`${row},`, ...keyLines], ">;");
}

function schemaLines({ name, row, primaryKey, uniques, isEvent }: TableModel): string[] {
  const keys = uniques.map(
    (fields) => `[${fields.map((each) => JSON.stringify(each)).join(", ")}]`,
  );
  return [
    `name: ${JSON.stringify(name)},`,
    `row: sdk.ref(${row}),`,
    `primaryKey: ${primaryKey === undefined ? "undefined" : JSON.stringify(primaryKey)},`,
    `uniques: [${keys.join(", ")}],`,
    `isEvent: ${isEvent},`,
  ];
}

function typesFile({ types }: BindingsModel): string {
  const scope: TypeScope = {
    types: types.map(({ type }) => type),
    nameAt: (position) => types[position]?.name ?? "",
  };
  return fileText(
    runtimeImport,
    ...types.map((each) => declaration(each, scope)),
    `/** What the types are at run time. References are positions in this list. */\n${block(
      "export const typespace: sdk.Typespace = [",
      types.flatMap(({ name, type }, i) => [`// ${i}: ${name}`, `${longExpression(type)},`]),
      "];",
    )}`,
  );
}

function declaration({ name, type, docs, fieldDocs }: TypeModel, scope: TypeScope): string {
  const comment = docComment(docs);
  const isInterface = type.kind === "product" && !isUnit(type) && specialKind(type) === undefined;
  if (isInterface) {
    const fields = type.elements.flatMap((element) => [
      ...docComment(fieldDocs.get(element.name ?? "") ?? ""),
      fieldText(element, scope),
    ]);
    return [...comment, block(`export interface ${name} {`, fields, "}")].join("\n");
  }
  return [...comment, `export type ${name} =${unionText(type, scope)};`].join("\n");
}

function unionText(type: AlgebraicType, scope: TypeScope): string {
  const members =
    type.kind === "sum" && specialKind(type) !== "scheduleAt"
      ? sumTexts(type, scope)
      : [typeText(type, scope)];
  return members.length === 1 ? ` ${members[0]}` : members.map((each) => `\n  | ${each}`).join("");
}

/** As expressionText, but with a line for each field or variant. */
function longExpression(type: AlgebraicType): string {
  if (specialKind(type) !== undefined || isUnit(type)) return expressionText(type);
  if (type.kind === "product") {
    return block(
      "sdk.product({",
      type.elements.map((each) => `${entryText(each)},`),
      "})",
    );
  }
  if (type.kind === "sum") {
    return block(
      "sdk.sum({",
      type.variants.map((each) => `${entryText(each)},`),
      "})",
    );
  }
  return expressionText(type);
}
