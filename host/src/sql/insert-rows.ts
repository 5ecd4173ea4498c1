// The rows of an INSERT. In the reference values stand for columns in the order of the table, whatever the list says; in the
// wide dialect for the columns that the list names, and the others get what is declared for them.
import { type AlgebraicType, Writer } from "@lightcone/abi";
import type { Table } from "../datastore/table.ts";
import type { ExpressionBinder } from "./bind/bind-expression.ts";
import { optionPayload } from "./bind/bind-wide.ts";
import { faultAt } from "./fault.ts";
import { encodeStored } from "./bind/stored-literal.ts";
import type { Insert } from "./parse/tree.ts";

/** The BSATN that the module declares for a column, by the names of the database; undefined if it declares none. */
export type ColumnDefault = (table: string, column: string) => Uint8Array | undefined;

interface Context {
  readonly text: string;
  readonly isWide: boolean;
  readonly columnDefault: ColumnDefault | undefined;
}

/** The reference's way: the number of names must be that of the columns. Throws LC_SQL_TYPE. */
export function bindPositionalRows(
  { table: name, columns, rows, at }: Insert,
  table: Table,
  binder: ExpressionBinder,
  text: string,
): Uint8Array[] {
  const { columnTypes } = table.layout;
  if (columns.length !== columnTypes.length) {
    const message = `The number of fields (${columns.length}) in the INSERT does not match the number of columns (${columnTypes.length}) of the table \`${name.text}\``;
    throw faultAt("LC_SQL_TYPE", message, text, at);
  }
  const context = { text, isWide: false };
  return rows.map((values) => {
    checkCount(values.length, columnTypes.length, name.text, text, at);
    const writer = new Writer(64);
    values.forEach((value, column) => {
      writer.raw(encodeStored(value, columnTypes[column] as AlgebraicType, binder, context));
    });
    return writer.finish();
  });
}

function checkCount(given: number, wanted: number, table: string, text: string, at: number): void {
  if (given === wanted) return;
  const message = `Inserting a row with ${given} values into \`${table}\` which has ${wanted} fields`;
  throw faultAt("LC_SQL_TYPE", message, text, at);
}

/** For each column the position of its value, or undefined where the list leaves it out. */
function placesOf(
  { table: name, columns, at }: Insert,
  table: Table,
  binder: ExpressionBinder,
  text: string,
): (number | undefined)[] {
  if (columns.length === 0) {
    const list = table.schema.columns.map((column) => column.name).join(", ");
    const message = `INSERT names its columns: INSERT INTO ${name.text} (${list}) VALUES …`;
    throw faultAt("LC_SQL_TYPE", message, text, at);
  }
  const places = table.schema.columns.map((): number | undefined => undefined);
  columns.forEach((column, place) => {
    const named = {
      kind: "column",
      qualifier: undefined,
      column: column.text,
      at: column.at,
    } as const;
    const { column: position } = binder.column(named);
    if (places[position] !== undefined) {
      throw faultAt("LC_SQL_NAME", `Duplicate name \`${column.text}\``, text, column.at);
    }
    places[position] = place;
  });
  return places;
}

/** What a column gets that the list leaves out: its default, the next value, or nothing if it is an Option. */
function fallback(
  column: number,
  { schema, layout }: Table,
  { columnDefault }: Context,
): Uint8Array | undefined {
  const declared = columnDefault?.(schema.name, schema.columns[column]?.name ?? "");
  if (declared !== undefined) return declared;
  if (schema.sequences.some((sequence) => sequence.column === column)) {
    // Zero asks for the next value.
    return new Uint8Array(layout.constantSize(column));
  }
  const type = layout.columnTypes[column] as AlgebraicType;
  return optionPayload(type) === undefined ? undefined : Uint8Array.of(1);
}

/** The wide dialect's way. Throws LC_SQL_NAME and LC_SQL_TYPE. */
export function bindNamedRows(
  insert: Insert,
  table: Table,
  binder: ExpressionBinder,
  context: Context,
): Uint8Array[] {
  const { text } = context;
  const { columnTypes } = table.layout;
  const places = placesOf(insert, table, binder, text);
  const fallbacks = places.map((place, column) =>
    place === undefined ? fallback(column, table, context) : undefined,
  );
  const missing = table.schema.columns.filter(
    (_, column) => places[column] === undefined && fallbacks[column] === undefined,
  );
  if (missing.length > 0) {
    const names = missing.map(({ name }) => `\`${name}\``).join(", ");
    const message = `INSERT leaves out ${names}, for which \`${insert.table.text}\` has no default`;
    throw faultAt("LC_SQL_TYPE", message, text, insert.at);
  }
  return insert.rows.map((values) => {
    if (values.length !== insert.columns.length) {
      const message = `Inserting a row with ${values.length} values for ${insert.columns.length} columns of \`${insert.table.text}\``;
      throw faultAt("LC_SQL_TYPE", message, text, insert.at);
    }
    const writer = new Writer(64);
    places.forEach((place, column) => {
      const value = place === undefined ? undefined : values[place];
      const type = columnTypes[column] as AlgebraicType;
      writer.raw(
        value === undefined
          ? (fallbacks[column] as Uint8Array)
          : encodeStored(value, type, binder, context),
      );
    });
    return writer.finish();
  });
}
