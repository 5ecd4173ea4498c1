// From the model to the text of TypeScript files. The output compiles under the strictest flags, and the same model gives
// the same bytes.
import { type AlgebraicType, isUnit, type ModuleDef, specialKind } from "@lightcone/abi";
import { proceduresFile, reducersFile } from "./calls-file.ts";
import { type BindingsModel, modelOf, type TypeModel } from "./model.ts";
import { tablesFile } from "./tables-file.ts";
import { block, docComment, fileText, type PathOf, runtimeImport } from "./text.ts";
import { fieldText, longExpression, sumTexts, type TypeScope, typeText } from "./type-text.ts";

export interface TypeScriptOptions {
  /** Whether private tables and reducers are included, which only the owner of a database may use. Default false. */
  readonly includePrivate?: boolean | undefined;
  /**
   * How the files name each other: ".js" is right for compilers and bundlers alike (the default), ".ts" for what runs
   * TypeScript as it is, "" for older bundlers.
   */
  readonly importExtension?: ".js" | ".ts" | "" | undefined;
}

/**
 * The bindings of a module: texts by file name (index.ts, tables.ts, reducers.ts, types.ts, and procedures.ts where it has
 * any). Throws LC_MODULE_INVALID, with every reason, where two names of the module would be one in TypeScript.
 */
export function generateTypeScript(
  def: ModuleDef,
  options: TypeScriptOptions = {},
): Map<string, string> {
  const { includePrivate = false, importExtension = ".js" } = options;
  const model = modelOf(def, { includePrivate });
  const pathOf: PathOf = (name) => JSON.stringify(`./${name}${importExtension}`);
  return new Map([
    ["index.ts", indexFile(model, pathOf)],
    ...(model.procedures.length === 0
      ? []
      : ([["procedures.ts", proceduresFile(model, pathOf)]] as const)),
    ["reducers.ts", reducersFile(model, pathOf)],
    ["tables.ts", tablesFile(model, pathOf)],
    ["types.ts", typesFile(model)],
  ]);
}

function indexFile({ procedures }: BindingsModel, pathOf: PathOf): string {
  const hasProcedures = procedures.length > 0;
  const files = [...(hasProcedures ? ["procedures"] : []), "reducers", "tables", "types"];
  return fileText(
    [
      runtimeImport,
      ...(hasProcedures
        ? [`import { type DbProcedures, procedureSchemas } from ${pathOf("procedures")};`]
        : []),
      `import { type DbReducers, reducerSchemas } from ${pathOf("reducers")};`,
      `import { type DbQueries, type DbRows, type DbTables, tableSchemas } from ${pathOf("tables")};`,
      `import { typespace } from ${pathOf("types")};`,
    ].join("\n"),
    files.map((each) => `export type * from ${pathOf(each)};`).join("\n"),
    `/** What the module offers its clients. */\n${block(
      "export interface DbModule {",
      [
        "readonly tables: DbTables;",
        "readonly reducers: DbReducers;",
        ...(hasProcedures ? ["readonly procedures: DbProcedures;"] : []),
        "readonly rows: DbRows;",
      ],
      "}",
    )}`,
    block(
      "const schema: sdk.ModuleSchema<DbModule> = {",
      [
        "types: typespace,",
        "tables: tableSchemas,",
        "reducers: reducerSchemas,",
        ...(hasProcedures ? ["procedures: procedureSchemas,"] : []),
      ],
      "};",
    ),
    `/** A connection to a database that runs this module. */
export type DbConnection = sdk.DbConnection<DbModule>;`,
    `/** Makes connections: \`DbConnection.builder().withUri(…).withDatabaseName(…).build()\`. */
export const DbConnection: { readonly builder: () => sdk.ConnectionBuilder<DbModule> } = {
  builder: () => sdk.connectionBuilder(schema),
};`,
    `/** Queries without SQL: \`connection.subscribe(tables.….where((row) => row.….eq(…)))\`. */
export const tables: DbQueries = /* @__PURE__ */ sdk.queryTables<DbQueries>(
  tableSchemas,
  typespace,
);`,
  );
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
