// The generated files as text: the tables with their codecs, and the entry that the host calls into.
import type { Source } from "../compiler.ts";
import { CodecEmitter } from "./emit-codec.ts";
import { emitEntry, functionAlias } from "./emit-entry.ts";
import { emitQueryTable, queryClass } from "./emit-query.ts";
import { classText, emitTable, tableClass } from "./emit-table.ts";
import { libraryName, tablesPath } from "./library.ts";
import type { ModuleModel, TableModel } from "./model.ts";

const support = [
  "AnonymousViewContext",
  "beginCall",
  "beginResult",
  "clearRows",
  "countRows",
  "deleteByKey",
  "deleteByRange",
  "deleteRow",
  "endCall",
  "findRow",
  "generated",
  "handlerContext",
  "insertRow",
  "lookUpIndex",
  "lookUpTable",
  "procedureContext",
  "QUERY_HEADER",
  "readArguments",
  "readBody",
  "Reader",
  "reducerCode",
  "ReducerContext",
  "reducerContext",
  "ROWS_HEADER",
  "scanKey",
  "scanRange",
  "scanTable",
  "scratch",
  "sendResult",
  "tryInsertRow",
  "tryUpdateRow",
  "updateRow",
  "VIEW_DONE",
  "ViewContext",
  "Writer",
  "writeSink",
];

const library = [
  "BoundKind",
  "Column",
  "ConnectionId",
  "HandlerContext",
  "HttpRequest",
  "HttpResponse",
  "I128",
  "I256",
  "Identity",
  "InsertError",
  "Option",
  "ProcedureContext",
  "Query",
  "Range",
  "Result",
  "RowIter",
  "ScheduleAt",
  "TimeDuration",
  "Timestamp",
  "U128",
  "U256",
  "Unit",
  "unit",
  "Uuid",
];

const head = "// Generated from the decorators of the module.";

function importText(names: readonly string[], path: string): string {
  return `import { ${names.join(", ")} } from "${path}";`;
}

/** How the generated files import a source of the module. */
function pathOf(source: Source): string {
  const { internalPath } = source;
  return internalPath.startsWith("~lib/")
    ? internalPath.slice("~lib/".length)
    : `../${internalPath}`;
}

function commonImports(model: ModuleModel): string[] {
  return [
    importText(support, `${libraryName}/assembly/support`),
    importText(library, libraryName),
    ...model.types.map((type) =>
      importText([`${type.name} as $${type.name}`], pathOf(type.source)),
    ),
  ];
}

export interface GeneratedFiles {
  readonly tables: string;
  readonly entry: string;
}

export function generateFiles(model: ModuleModel): GeneratedFiles {
  const codec = new CodecEmitter();
  const tables = [
    ...model.tables.map((table) => emitTable(table, codec)),
    ...model.tables.map(emitQueryTable),
    group("Tables", model.tables, (table) => handle(tableClass(table, false))),
    group("ReadOnlyTables", model.tables, (table) => handle(tableClass(table, true))),
    group("QueryTables", model.tables, (table) => ({
      type: queryClass(table),
      value: `new ${queryClass(table)}()`,
    })),
  ];
  const entryBody = emitEntry(model, codec);
  const imports = commonImports(model);
  const entry = [
    head,
    ...imports,
    importText(codec.names, `./${tablesPath.slice(tablesPath.lastIndexOf("/") + 1)}`),
    ...model.functions.map((each) =>
      importText([`${each.name} as ${functionAlias(model.functions, each)}`], pathOf(each.source)),
    ),
    entryBody,
    "",
  ];
  return {
    tables: [head, ...imports, ...tables, codec.text].join("\n"),
    entry: entry.join("\n"),
  };
}

function handle(type: string): { type: string; value: string } {
  return { type, value: `changetype<${type}>(0)` };
}

function group(
  name: string,
  tables: readonly TableModel[],
  member: (table: TableModel) => { type: string; value: string },
): string {
  const lines = tables.flatMap((table) => {
    const { type, value } = member(table);
    return [`get ${table.accessor}(): ${type} {`, `  return ${value};`, `}`];
  });
  return classText(name, lines);
}
