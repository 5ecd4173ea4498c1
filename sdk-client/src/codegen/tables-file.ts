// The text of tables.ts: handles and queries of each table, and what the runtime must know of it.
import type { BindingsModel, TableModel } from "./model.ts";
import { isIdentifier } from "./name.ts";
import { block, fileText, memberLengthMax, type PathOf, quotedAll, runtimeImport } from "./text.ts";

export function tablesFile({ tables }: BindingsModel, pathOf: PathOf): string {
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
    `/** What can be asked of each table, by the names that they have here: the type of \`tables\`. */\n${block(
      "export interface DbQueries {",
      tables.map(queryText),
      "}",
    )}`,
    `/** The types of rows, by the names that their tables have in SQL. */\n${block(
      "export interface DbRows {",
      tables.map(({ name, rowName }) => `readonly ${keyText(name)}: types.${rowName};`),
      "}",
    )}`,
    block(
      "export const tableSchemas: Readonly<Record<keyof DbTables, sdk.TableSchema>> = {",
      tables.map((table) => block(`${table.accessor}: {`, schemaLines(table), "},")),
      "};",
    ),
  );
}

function keyText(name: string): string {
  return isIdentifier(name) ? name : JSON.stringify(name);
}

/** A type with arguments: on one line if that is short enough, else each argument on lines of its own. */
function genericText(
  open: string,
  args: readonly string[],
  close: string,
  lengthMax = memberLengthMax,
): string {
  const line = `${open}${args.join(", ")}${close}`;
  if (line.length <= lengthMax && !line.includes("\n")) return line;
  return block(open, [...args.slice(0, -1).map((arg) => `${arg},`), ...args.slice(-1)], close);
}

/** A union: on one line of at most that length, else a line for each member. */
function unionText(members: readonly string[]): string {
  const line = members.join(" | ");
  return line.length < memberLengthMax ? line : members.map((each) => `| ${each}`).join("\n");
}

/** An object type of such members: on one line if that is short enough. */
function objectText(members: readonly string[], lengthMax = memberLengthMax - 2): string {
  if (members.length === 0) return "Record<never, never>";
  const line = `{ ${members.join("; ")} }`;
  return line.length < lengthMax
    ? line
    : block(
        "{",
        members.map((each) => `${each};`),
        "}",
      );
}

/** One member of DbTables. */
function handleText(table: TableModel): string {
  const { accessor, rowName, primaryKey, uniques, indexes, isEvent } = table;
  const row = `types.${rowName}`;
  const open = `readonly ${accessor}: sdk.`;
  if (isEvent) return `${open}EventTable<${row}>;`;
  const end = indexes.length === 0 ? ">;" : "> &";
  const keys = uniques.map((fields) => `Pick<${row}, ${quotedAll(fields).join(" | ")}>`);
  const kind =
    uniques.length === 0 ? "Table" : primaryKey === undefined ? "UniqueTable" : "KeyedTable";
  const args = uniques.length === 0 ? [row] : [row, unionText(keys)];
  const handle = genericText(`${open}${kind}<`, args, end);
  return indexes.length === 0 ? handle : `${handle}\n${indexesText(table, row)}`;
}

/** What the indexes add to a handle. */
function indexesText({ indexes }: TableModel, row: string): string {
  const members = indexes.map(
    ({ accessor, fields }) => `readonly ${accessor}: readonly [${quotedAll(fields).join(", ")}]`,
  );
  // One level deeper than the handle that it goes on with.
  const lengthMax = memberLengthMax - 2;
  const args = [row, objectText(members, lengthMax - 2)];
  return block("", [genericText("sdk.IndexedTable<", args, ">;", lengthMax)], "").slice(1, -1);
}

/** One member of DbQueries. */
function queryText({ accessor, rowName, columns, joinableFields }: TableModel): string {
  const kinds = columns.flatMap(({ field, kind }) =>
    kind === undefined ? [] : [`readonly ${field}: ${JSON.stringify(kind)}`],
  );
  const joinable = joinableFields.length === 0 ? [] : [unionText(quotedAll(joinableFields))];
  const args = [`types.${rowName}`, objectText(kinds), ...joinable];
  return genericText(`readonly ${accessor}: sdk.TableQuery<`, args, ">;");
}

function schemaLines(table: TableModel): string[] {
  const { name, row, primaryKey, uniques, isEvent, columns, indexes } = table;
  const keys = uniques.map((fields) => `[${quotedAll(fields).join(", ")}]`);
  const renamed = columns
    .filter((column) => column.name !== column.field)
    .map((column) => `${column.field}: ${JSON.stringify(column.name)},`);
  return [
    `name: ${JSON.stringify(name)},`,
    `row: sdk.ref(${row}),`,
    `primaryKey: ${primaryKey === undefined ? "undefined" : JSON.stringify(primaryKey)},`,
    `uniques: [${keys.join(", ")}],`,
    `isEvent: ${isEvent},`,
    ...(renamed.length === 0 ? [] : [block("columns: {", renamed, "},")]),
    ...(indexes.length === 0
      ? []
      : [
          block(
            "indexes: sdk.rowIndexes({",
            indexes.map(
              ({ accessor, fields }) => `${accessor}: [${quotedAll(fields).join(", ")}],`,
            ),
            "}),",
          ),
        ]),
  ];
}
