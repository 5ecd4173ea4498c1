// Whether a datastore is what the model says: rows, schemas, and every way to find a row.
import type { Value } from "@lightcone/abi";
import type { Rng } from "@lightcone/fixtures/rng";
import type { Datastore } from "../../src/datastore/datastore.ts";
import type { Index } from "../../src/datastore/index/contract.ts";
import { RowIds } from "../../src/datastore/rows/ids.ts";
import type { TableSchema } from "../../src/datastore/schema.ts";
import type { Table } from "../../src/datastore/table.ts";
import { indexFaults } from "../datastore/index-kinds.ts";
import { compareValues } from "../datastore/value-order.ts";
import type { ModelState } from "./model.ts";
import { keyText, type Row, type Shape, textOf } from "./shape.ts";

/** A difference between what is and what should be. */
export class Violation extends Error {
  override readonly name = "Violation";
}

export function expect(isTrue: boolean, fault: string): asserts isTrue {
  if (!isTrue) throw new Violation(fault);
}

/** A schema as text, without how far numbering has come. */
export function schemaText(schema: TableSchema): string {
  return JSON.stringify(schema, (name, value: unknown) => {
    if (name === "allocated") return undefined;
    return typeof value === "bigint" ? String(value) : value;
  });
}

const found = new RowIds();

/** Compares all tables. Throws a Violation. */
export function checkState(datastore: Datastore, state: ModelState, rng: Rng): void {
  const names = datastore.userTables().map(({ schema }) => schema.name);
  const expectedNames = [...state.tables.keys()];
  expect(
    String(names.sort()) === String(expectedNames.sort()),
    `tables ${String(names)}, not ${String(expectedNames)}`,
  );
  for (const { shape, id, schema } of state.made) {
    const table = datastore.tableById(id);
    expect(table !== undefined, `table ${shape.name} has not its id ${id}`);
    const found = schemaText(table.schema);
    expect(found === schema, `schema ${found}, not ${schema}`);
    const rows = state.tables.get(shape.name)?.rows ?? new Map<string, Row>();
    checkTable(table, shape, rows, rng);
  }
}

function checkTable(table: Table, shape: Shape, rows: ReadonlyMap<string, Row>, rng: Rng): void {
  const { name } = shape;
  const byId = new Map<number, Row>();
  for (let id = table.nextRow(-1); id >= 0; id = table.nextRow(id)) {
    const start = table.rows.start(id);
    const text = textOf(table.rows.page(id), start, start + table.rows.size(id));
    const row = rows.get(text);
    expect(row !== undefined, `table ${name} has a row too many`);
    byId.set(id, row);
  }
  expect(byId.size === rows.size, `table ${name} has ${byId.size} rows, not ${rows.size}`);
  expect(table.rowCount === rows.size, `table ${name} counts ${table.rowCount} rows`);
  const probe = shape.randomRow(rng);
  const isFound = table.findRow(probe.bytes, 0, probe.bytes.length) >= 0;
  expect(isFound === rows.has(probe.text), `table ${name} finds a row by its bytes: ${isFound}`);
  table.indexes.forEach((index, i) => checkIndex(index, `${name} index ${i}`, byId, probe, rng));
}

function checkIndex(
  index: Index,
  title: string,
  byId: ReadonlyMap<number, Row>,
  probe: Row,
  rng: Rng,
): void {
  const { columns } = index.key;
  const idsByKey = new Map<string, number[]>([[keyText(probe.values, columns), []]]);
  const rowByKey = new Map<string, Row>([[keyText(probe.values, columns), probe]]);
  for (const [id, row] of byId) {
    const key = keyText(row.values, columns);
    const ids = idsByKey.get(key);
    if (ids === undefined) idsByKey.set(key, [id]);
    else ids.push(id);
    rowByKey.set(key, row);
  }
  for (const [key, ids] of idsByKey) {
    const loaded = index.key.loadFrom((rowByKey.get(key) as Row).bytes, 0);
    found.clear();
    index.scanPoint(loaded.bytes, loaded.start, loaded.end, found);
    expect(areSame(ids), `${title}: ${found.count} rows with a key, not ${ids.length}`);
  }
  if (index.isOrdered) checkRange(index, title, byId, rng);
  if (rng.nextBelow(4) === 0) {
    const faults = indexFaults(index, byId.size);
    expect(faults.length === 0, `${title}: ${faults.join("; ")}`);
  }
}

/** Whether the rows just found are these, in any order. */
function areSame(ids: readonly number[]): boolean {
  if (ids.length !== found.count) return false;
  const sorted = found.ids.slice(0, found.count).sort();
  return ids.toSorted((a, b) => a - b).every((id, i) => id === sorted[i]);
}

/** Scans between the keys of two random rows. */
function checkRange(index: Index, title: string, byId: ReadonlyMap<number, Row>, rng: Rng): void {
  if (byId.size === 0) return;
  const { columns, columnTypes } = index.key;
  const compare = (a: readonly Value[], b: readonly Value[]): number => {
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i] as number;
      const type = columnTypes[i];
      const order = type === undefined ? 0 : compareValues(type, a[column], b[column]);
      if (order !== 0) return order;
    }
    return 0;
  };
  const rows = [...byId.values()];
  const [first, last] = [rng.pick(rows), rng.pick(rows)];
  const cut = (row: Row): { bytes: Uint8Array; start: number; columnCount: number } => {
    const { bytes, start, end } = index.key.loadFrom(row.bytes, 0);
    return { bytes: bytes.slice(start, end), start: 0, columnCount: columns.length };
  };
  found.clear();
  index.scanRange({ ...cut(first), side: "before" }, { ...cut(last), side: "after" }, found);
  const expected = [...byId].filter(
    ([, { values }]) => compare(first.values, values) <= 0 && compare(values, last.values) <= 0,
  );
  const inOrder = Array.from(found.ids.subarray(0, found.count), (id) => byId.get(id));
  expect(areSame(expected.map(([id]) => id)), `${title}: ${found.count} rows in a range`);
  for (let i = 1; i < inOrder.length; i++) {
    const [before, after] = [inOrder[i - 1], inOrder[i]];
    const isOrdered = compare(before?.values ?? [], after?.values ?? []) <= 0;
    expect(isOrdered, `${title}: a range is not in order`);
  }
}
