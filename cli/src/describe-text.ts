// A module's definition as text for people: tables with their columns and rules, then functions and
// views.
import type { ModuleDef, ProcedureDef, ReducerDef, TableDef, ViewDef } from "@lightcone/abi";
import { formatTable } from "./table.ts";
import { paramsText, typeText } from "./type-text.ts";

export function describeModule(def: ModuleDef): string {
  const sections = [
    ...def.tables.map((table) => describeTable(table, def)),
    listed(
      "Reducers",
      def.reducers.map((reducer) => reducerText(reducer, def)),
    ),
    listed(
      "Procedures",
      def.procedures.map((procedure) => procedureText(procedure, def)),
    ),
    listed(
      "Views",
      def.views.map((view) => viewText(view, def)),
    ),
    listed(
      "HTTP routes",
      def.httpRoutes.map(
        ({ method, path, handler }) => `${method ?? "ANY"} ${path || "(root)"} by ${handler}`,
      ),
    ),
    listed("Row rules", def.rowLevelSecurity),
  ].filter((section) => section !== "");
  return sections.length === 0
    ? "The module has no tables and no functions.\n"
    : sections.join("\n");
}

/** One table: a heading, its columns, then indexes, sequences and schedule where there are any. */
export function describeTable(table: TableDef, def: ModuleDef): string {
  const { name, access, isEvent, columns, indexes, sequences, schedule } = table;
  const heading = `Table ${name} (${access}${isEvent ? ", events" : ""})\n`;
  const columnName = (column: number): string => columns[column]?.name ?? String(column);
  const rows = columns.map((column, i) => [
    column.name,
    typeText(column.type, def),
    rulesOf(table, i),
  ]);
  const details = [
    ...indexes.map(
      ({ name: index, algorithm }) =>
        `index ${index}: ${algorithm.kind} on ${algorithm.columns.map(columnName).join(", ")}`,
    ),
    ...table.constraints
      .filter(({ columns: unique }) => unique.length > 1)
      .map(({ columns: unique }) => `unique together: ${unique.map(columnName).join(", ")}`),
    ...sequences.map(
      ({ name: sequence, column }) => `sequence ${sequence}: numbers ${columnName(column)}`,
    ),
    ...(schedule === undefined ? [] : [`schedule: calls ${schedule.functionName}`]),
  ];
  const body = formatTable([{ title: "column" }, { title: "type" }, { title: "rules" }], rows);
  return [heading, indented(body), ...details.map((detail) => `  ${detail}\n`)].join("");
}

function rulesOf(table: TableDef, column: number): string {
  const isUnique = table.constraints.some(
    ({ columns }) => columns.length === 1 && columns[0] === column,
  );
  const rules = [
    table.primaryKey === column ? "primary key" : isUnique ? "unique" : "",
    table.sequences.some((sequence) => sequence.column === column) ? "auto-increment" : "",
    table.columns[column]?.defaultValue === undefined ? "" : "default",
  ];
  return rules.filter((rule) => rule !== "").join(", ");
}

const lifecycleTexts = {
  init: "when the database is created",
  onConnect: "when a client connects",
  onDisconnect: "when a client disconnects",
} as const;

export function reducerText(reducer: ReducerDef, def: ModuleDef): string {
  const { name, params, lifecycle, isPrivate } = reducer;
  const note =
    lifecycle !== undefined ? ` (${lifecycleTexts[lifecycle]})` : isPrivate ? " (private)" : "";
  return `${name}${paramsText(params, def)}${note}`;
}

export function procedureText(procedure: ProcedureDef, def: ModuleDef): string {
  const { name, params, returnType, isPrivate } = procedure;
  const note = isPrivate ? " (private)" : "";
  return `${name}${paramsText(params, def)}: ${typeText(returnType, def)}${note}`;
}

function viewText(view: ViewDef, def: ModuleDef): string {
  const { name, params, returnType, isPublic } = view;
  const note = isPublic ? "" : " (private)";
  return `${name}${paramsText(params, def)}: ${typeText(returnType, def)}${note}`;
}

function listed(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `${title}\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}
