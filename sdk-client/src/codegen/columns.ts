// What the columns of a table can be used for: which SQL compares, which have indexes, how each is called in SQL.
import {
  type IndexDef,
  type ProductType,
  resolve,
  type TableDef,
  type Typespace,
  type ViewDef,
} from "@lightcone/abi";
import { compileOrder } from "../order.ts";
import { type ColumnKind, columnKind } from "../sql-text.ts";
import { elementName } from "./name.ts";

export interface ColumnModel {
  readonly field: string;
  /** As on the server. */
  readonly name: string;
  /** Undefined where SQL does not compare such values. */
  readonly kind: ColumnKind | undefined;
}

export interface IndexModel {
  readonly accessor: string;
  readonly fields: readonly string[];
}

export function columnModels(row: ProductType, types: Typespace): ColumnModel[] {
  return row.elements.map(({ name, type }, i) => {
    const field = elementName(name, i);
    return { field, name: name ?? field, kind: columnKind(resolve(type, types)) };
  });
}

/** The indexes that a client can keep as well, each list of columns once, by name. Event tables keep no rows. */
export function indexModels(
  def: TableDef | ViewDef,
  row: ProductType,
  types: Typespace,
): IndexModel[] {
  if (!("indexes" in def) || def.isEvent) return [];
  const columnLists = new Map(
    def.indexes
      .filter((index) => hasOrder(index, row, types))
      .map(({ algorithm: { columns } }) => [columns.join(), columns] as const),
  );
  return Array.from(columnLists.values(), (columns) => {
    const fields = columns.map((column) => elementName(row.elements[column]?.name, column));
    return { accessor: indexAccessor(fields), fields };
  }).toSorted((a, b) => (a.accessor < b.accessor ? -1 : 1));
}

function hasOrder({ algorithm }: IndexDef, row: ProductType, types: Typespace): boolean {
  return algorithm.columns.every((column) => {
    const type = row.elements[column]?.type;
    return type !== undefined && compileOrder(type, types) !== undefined;
  });
}

/** `byRoomAndSent`. */
function indexAccessor(fields: readonly string[]): string {
  return `by${fields.map((field) => field.charAt(0).toUpperCase() + field.slice(1)).join("And")}`;
}

/**
 * The fields by which a subscription may join the table: those with an index of their own, since either table of a join
 * may be the one that is looked up. Events cannot be looked up, and views have no indexes.
 */
export function joinableFields(
  columns: readonly ColumnModel[],
  indexes: readonly IndexModel[],
): string[] {
  return columns
    .filter(({ kind }) => kind !== undefined)
    .map(({ field }) => field)
    .filter((each) => indexes.some(({ fields }) => fields.length === 1 && fields[0] === each));
}
