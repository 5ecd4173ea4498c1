// Bindings for the `spacetimedb` package from npm, as far as its public interface goes: tables with keys and indexes, reducers, procedures, types,
// and its connection, under the names and collisions of our own bindings. The output compiles against version 2.10.
import { type Element, type ModuleDef, specialKind, type TableDef } from "@lightcone/abi";
import {
  type BindingsModel,
  modelOf,
  type ProcedureModel,
  type ReducerModel,
  type TableModel,
} from "./model.ts";
import { memberName, NameClaims } from "./name.ts";
import { builderText, sortTypes, type SpacetimeScope } from "./spacetimedb-type.ts";

export interface SpacetimeOptions {
  /** Whether private tables and reducers are included, which only the owner of a database may use. Default false. */
  readonly includePrivate?: boolean | undefined;
  /** How the files name each other; see `TypeScriptOptions`. */
  readonly importExtension?: ".js" | ".ts" | "" | undefined;
}

const header =
  "// Generated from the module's definition. Do not edit: the next generation overwrites it.";

const runtimeImport = 'import * as sdk from "spacetimedb";';

/** Types that the file of the connection exports. */
const contexts: readonly string[] = [
  "ErrorContext",
  "EventContext",
  "ReducerEventContext",
  "SubscriptionEventContext",
];

/**
 * The bindings of a module: texts by file name (index.ts, types.ts). Throws LC_MODULE_INVALID, with every reason, where two names of
 * the module would be one in TypeScript.
 */
export function generateSpacetime(
  def: ModuleDef,
  { includePrivate = false, importExtension = ".js" }: SpacetimeOptions = {},
): Map<string, string> {
  const model = modelOf(def, { includePrivate });
  checkNames(model);
  return new Map([
    ["index.ts", indexFile(def, model, JSON.stringify(`./types${importExtension}`))],
    ["types.ts", typesFile(model)],
  ]);
}

function checkNames({ types }: BindingsModel): void {
  const claims = new NameClaims();
  for (const name of contexts) claims.claim("types", name, "the bindings' own type");
  for (const { name } of types) claims.claim("types", name, `the type ${name}`);
  claims.finish();
}

function docComment(text: string): string {
  return text === "" ? "" : `/** ${text} */\n`;
}

function typesFile({ types }: BindingsModel): string {
  const scope: SpacetimeScope = { types, prefix: "" };
  const texts = sortTypes(types).map(({ type, isRecursive }) => {
    const { name, docs } = type;
    // The compiler cannot infer a type from itself.
    const annotation = isRecursive ? ": sdk.TypeBuilder<any, any>" : "";
    const value = builderText(type.type, { ...scope, isLazy: isRecursive }, name);
    return [
      `${docComment(docs)}export const ${name}${annotation} = ${value};`,
      `export type ${name} = sdk.Infer<typeof ${name}>;`,
    ].join("\n");
  });
  return `${[header, runtimeImport, ...texts].join("\n\n")}\n`;
}

function indexFile(def: ModuleDef, model: BindingsModel, typesPath: string): string {
  const tables = model.tables.map((table) => tableText(def, model, table));
  const reducers = model.reducers.map((reducer) => reducerText(model, reducer));
  const procedures = model.procedures.map((procedure) => procedureText(model, procedure));
  const usesTypes = [...tables, ...reducers, ...procedures].some((text) => /\btypes\./u.test(text));
  const imports = [
    runtimeImport,
    ...(usesTypes ? [`import * as types from ${typesPath};`] : []),
    ...(model.types.length > 0 ? [`\nexport * from ${typesPath};`] : []),
  ];
  return `${[
    header,
    imports.join("\n"),
    `const tableSchemas = sdk.schema({${body(tables)}});`,
    `const reducerSchemas = sdk.reducers(${body(reducers)});`,
    `const procedureSchemas = sdk.procedures(${body(procedures)});`,
    moduleText,
    connectionText,
    contexts
      .map((name) => `export type ${name} = sdk.${name}Interface<typeof remoteModule>;`)
      .join("\n"),
  ].join("\n\n")}\n`;
}

function body(entries: readonly string[]): string {
  return entries.length === 0 ? "" : `\n${entries.join("")}`;
}

/** The version of the package whose interface this is written for. */
const moduleText = `const remoteModule = {
  versionInfo: { cliVersion: "2.10.1" as const },
  tables: tableSchemas.schemaType.tables,
  reducers: reducerSchemas.reducersType.reducers,
  ...procedureSchemas,
} satisfies sdk.RemoteModule<
  typeof tableSchemas.schemaType,
  typeof reducerSchemas.reducersType,
  typeof procedureSchemas
>;

/** The tables, to begin queries with: \`subscribe(tables.user.where((row) => row.online.eq(true)))\`. */
export const tables: sdk.QueryBuilder<typeof tableSchemas.schemaType> = sdk.makeQueryBuilder(
  tableSchemas.schemaType,
);`;

const connectionText = `/** A connection to a database that runs this module. */
export class DbConnection extends sdk.DbConnectionImpl<typeof remoteModule> {
  /** Makes connections: \`DbConnection.builder().withUri(…).withDatabaseName(…).build()\`. */
  static builder(): sdk.DbConnectionBuilder<DbConnection> {
    return new sdk.DbConnectionBuilder<DbConnection>(
      remoteModule,
      (config: sdk.DbConnectionConfig<typeof remoteModule>) => new DbConnection(config),
    );
  }
}`;

function paramsText(scope: SpacetimeScope, { params }: ReducerModel | ProcedureModel): string {
  const fields = params.elements.map(
    ({ name: field = "", type }) => `    ${field}: ${builderText(type, scope)},\n`,
  );
  return `{${body(fields)}${fields.length > 0 ? "  " : ""}}`;
}

function reducerText({ types }: BindingsModel, reducer: ReducerModel): string {
  const params = paramsText({ types, prefix: "types." }, reducer);
  return `  sdk.reducerSchema(${JSON.stringify(reducer.name)}, ${params}),\n`;
}

function procedureText({ types }: BindingsModel, procedure: ProcedureModel): string {
  const scope: SpacetimeScope = { types, prefix: "types." };
  const params = paramsText(scope, procedure);
  const returns = builderText(procedure.returns, scope);
  return `  sdk.procedureSchema(${JSON.stringify(procedure.name)}, ${params}, ${returns}),\n`;
}

function tableText(def: ModuleDef, { types }: BindingsModel, table: TableModel): string {
  const row = types[table.row];
  const elements = row?.type.kind === "product" ? row.type.elements : [];
  const source = def.tables.find(({ name }) => name === table.name);
  const columns = columnNames(def, table);
  const scope: SpacetimeScope = { types, prefix: "types." };
  const fields = elements.map(({ name = "", type }, i) => {
    const column = columns[i] ?? name;
    // Its builder of results has no such method.
    const isNamed = column === name || specialKind(type) === "result";
    const renamed = isNamed ? "" : `.name(${JSON.stringify(column)})`;
    const isUnique = table.uniques.some((unique) => unique.length === 1 && unique[0] === name);
    const key = name === table.primaryKey ? ".primaryKey()" : isUnique ? ".unique()" : "";
    return `      ${name}: ${builderText(type, scope)}${renamed}${key},\n`;
  });
  const indexes = source === undefined ? [] : indexTexts(source, table, fieldsOf(elements));
  const options = [
    `      name: ${JSON.stringify(table.name)},\n`,
    `      indexes: [${body(indexes)}${indexes.length > 0 ? "      " : ""}],\n`,
    "      constraints: [],\n",
    ...(table.isEvent ? ["      event: true,\n"] : []),
  ];
  const inner = `    {\n${options.join("")}    },\n    {\n${fields.join("")}    },\n`;
  return `  ${table.accessor}: sdk.table(\n${inner}  ),\n`;
}

function fieldsOf(elements: readonly Element[]): string[] {
  return elements.map(({ name = "" }) => name);
}

/** The columns of a table or view as the server calls them. */
function columnNames(def: ModuleDef, { name }: TableModel): readonly string[] {
  return (
    def.tables.find((table) => table.name === name)?.columns.map((column) => column.name) ?? []
  );
}

/** Indexes that keys do not make anyway, under names that are nobody else's in the table. */
function indexTexts(
  { indexes }: TableDef,
  { uniques }: TableModel,
  fields: readonly string[],
): string[] {
  const taken = new Set(uniques.filter(({ length }) => length === 1).map(([field]) => field));
  return indexes.flatMap(({ accessorName, algorithm, sourceName }) => {
    const columns = algorithm.columns.map((column) => fields[column] ?? "");
    const isKey = columns.length === 1 && taken.has(columns[0]);
    const accessor = memberName(accessorName ?? sourceName);
    if (isKey || taken.has(accessor)) return [];
    taken.add(accessor);
    const list =
      algorithm.kind === "direct"
        ? `column: ${JSON.stringify(columns[0])}`
        : `columns: [${columns.map((column) => JSON.stringify(column)).join(", ")}]`;
    return [
      `        { accessor: ${JSON.stringify(accessor)}, algorithm: "${algorithm.kind}", ${list} },\n`,
    ];
  });
}
