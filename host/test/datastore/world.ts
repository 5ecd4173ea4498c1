// Random transactions on several tables at once, beside their models.
import { primitive, Writer } from "@lightcone/abi";
import type { Rng } from "@lightcone/fixtures/rng";
import { createTable } from "../../src/datastore/create-table.ts";
import { Datastore } from "../../src/datastore/datastore.ts";
import type { TableDelta, TxData } from "../../src/datastore/delta.ts";
import type { Table } from "../../src/datastore/table.ts";
import type { Transaction } from "../../src/datastore/tx.ts";
import { type NetChange, type RandomTable, TableModel } from "./table-model.ts";
import { newTable, toHex } from "./tables.ts";

const u8 = primitive("u8");
const u32 = primitive("u32");
const string = primitive("string");

const word = (rng: Rng): string => "pqrstuvwxyz".slice(0, rng.nextBelow(6));

/** Every combination of what makes tables differ: row size, how many unique keys, indexes, events. */
export const randomTables: readonly RandomTable[] = [
  {
    name: "account",
    columns: { id: u32, balance: primitive("i64") },
    indexes: [["btree", 0]],
    unique: [[0]],
    row: (rng) => ({ id: rng.nextBelow(60), balance: BigInt(rng.nextBelow(3)) - 1n }),
  },
  {
    name: "user",
    columns: { name: string, number: u8, note: string },
    indexes: [
      ["hash", 0],
      ["btree", 1],
      ["btree", 2, 1],
    ],
    unique: [[0], [1]],
    row: (rng) => ({ name: word(rng) + word(rng), number: rng.nextBelow(40), note: word(rng) }),
  },
  {
    name: "edge",
    columns: { from: u8, to: u8, weight: u8 },
    indexes: [
      ["btree", 0],
      ["btree", 2, 0],
      ["hash", 1],
      ["btree", 0, 1],
    ],
    unique: [[1, 0]],
    row: (rng) => ({ from: rng.nextBelow(5), to: rng.nextBelow(5), weight: rng.nextBelow(3) }),
  },
  {
    name: "slot",
    columns: { a: u8, b: u8, c: u8 },
    indexes: [
      ["direct", 0],
      ["hash", 1],
      ["btree", 2],
    ],
    unique: [[0], [1], [2]],
    row: (rng) => ({ a: rng.nextBelow(7), b: rng.nextBelow(7), c: rng.nextBelow(7) }),
  },
  {
    name: "bag",
    columns: { text: string, n: u8 },
    row: (rng) => ({ text: word(rng), n: rng.nextBelow(4) }),
  },
  {
    name: "measure",
    columns: { at: primitive("f64"), n: u8 },
    indexes: [["hash", 0]],
    row: (rng) => ({ at: rng.pick([0.5, 1, Infinity]), n: rng.nextBelow(9) }),
  },
  {
    name: "signal",
    columns: { id: u32, text: string },
    indexes: [["btree", 0]],
    unique: [[0]],
    isEvent: true,
    row: (rng) => ({ id: rng.nextBelow(6), text: word(rng) }),
  },
];

/** A delta that outlives its transaction. Fits the log's view of a table (log/contract.ts). */
export class KeptDelta {
  readonly tableId: number;
  readonly insertCount: number;
  readonly deleteCount: number;
  readonly isTruncated: boolean;
  readonly inserts: Uint8Array;
  readonly deletes: Uint8Array;

  constructor(delta: TableDelta) {
    const writer = new Writer();
    delta.writeInserts(writer);
    this.inserts = writer.finish();
    writer.clear();
    delta.writeDeletes(writer);
    this.deletes = writer.finish();
    this.tableId = delta.tableId;
    this.insertCount = delta.insertCount;
    this.deleteCount = delta.deleteCount;
    this.isTruncated = delta.isTruncated;
  }

  writeInserts(writer: Writer): void {
    writer.raw(this.inserts);
  }

  writeDeletes(writer: Writer): void {
    writer.raw(this.deletes);
  }
}

export function keep(data: TxData | undefined): KeptDelta[] {
  return (data?.tables ?? []).map((delta) => new KeptDelta(delta));
}

function splitRows(table: Table, bytes: Uint8Array): string[] {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = table.layout.rowEnd(bytes, at, bytes.length);
    if (end < 0) return ["not a row"];
    rows.push(toHex(bytes.subarray(at, end)));
    at = end;
  }
  return rows.sort();
}

function changeOf(table: Table, delta: KeptDelta | undefined): NetChange {
  if (delta === undefined) return { inserts: [], deletes: [], isTruncated: false };
  const inserts = splitRows(table, delta.inserts);
  const deletes = splitRows(table, delta.deletes);
  const areCounted = inserts.length === delta.insertCount && deletes.length === delta.deleteCount;
  return { inserts, deletes, isTruncated: areCounted ? delta.isTruncated : true };
}

interface Pair {
  readonly table: Table;
  readonly model: TableModel;
}

export class World {
  readonly datastore: Datastore = new Datastore();
  readonly pairs: Pair[] = [];
  /** What each commit left. */
  readonly log: KeptDelta[][] = [];
  readonly #rng: Rng;
  #steps = 0;

  constructor(sketches: readonly RandomTable[], rng: Rng) {
    this.#rng = rng;
    for (const sketch of sketches) this.create(sketch);
  }

  /** Creates one more table, in a transaction of its own. */
  create(sketch: RandomTable): void {
    const tx = this.datastore.begin();
    const table = createTable(this.datastore, tx, newTable(sketch));
    this.log.push(keep(this.datastore.commit(tx)));
    this.datastore.release(tx);
    this.pairs.push({ table, model: new TableModel(sketch) });
  }

  /** Steps taken so far. */
  get stepCount(): number {
    return this.#steps;
  }

  /** Runs one transaction; returns what was not as in the models. */
  transaction(): string[] {
    const faults: string[] = [];
    const written = new Set<Pair>();
    const tx = this.datastore.begin();
    for (let steps = this.#rng.nextBelow(20); steps >= 0; steps--) {
      const pair = this.#rng.pick(this.pairs);
      written.add(pair);
      const fault = this.#step(tx, pair);
      if (fault !== undefined) faults.push(fault);
    }
    const isCommitted = this.#rng.nextBelow(4) > 0;
    if (isCommitted) {
      this.#commit(tx, faults);
    } else {
      this.datastore.rollBack(tx);
      for (const { model } of this.pairs) model.rollBack();
    }
    for (const { table, model } of written) {
      const probe = model.sketch.row(this.#rng);
      for (const fault of model.differences(table, probe)) {
        faults.push(`${isCommitted ? "committed" : "rolled back"}: ${table.schema.name}: ${fault}`);
      }
    }
    return faults;
  }

  #commit(tx: Transaction, faults: string[]): void {
    const deltas = keep(this.datastore.commit(tx));
    if (deltas.some((delta, i) => delta.tableId <= (deltas[i - 1]?.tableId ?? 0))) {
      faults.push("tables do not ascend");
    }
    for (const { table, model } of this.pairs) {
      const delta = deltas.find(({ tableId }) => tableId === table.schema.id);
      const [found, expected] = [changeOf(table, delta), model.change].map((change) =>
        JSON.stringify(change),
      );
      if (found !== expected) faults.push(`${table.schema.name}: ${found}, not ${expected}`);
      if (delta?.insertCount === 0 && delta.deleteCount === 0) faults.push("an empty delta");
      model.commit();
    }
    this.datastore.release(tx);
    this.log.push(deltas);
  }

  /** One random write. Returns what was wrong with its outcome. */
  #step(tx: Transaction, { table, model }: Pair): string | undefined {
    this.#steps++;
    const rng = this.#rng;
    const unique = model.sketch.unique ?? [];
    const action = rng.nextBelow(20);
    const row = model.sketch.row(rng);
    const bytes = Buffer.concat([Uint8Array.of(1, 2, 3), model.encode(row), Uint8Array.of(4)]);
    const end = bytes.length - 1;
    if (action < 8 || (action < 15 && unique.length === 0)) {
      return this.#compare("insert", tx.insert(table, bytes, 3, end), model.insert(row));
    }
    if (action < 15) {
      const columns = rng.pick(unique);
      const position = table.schema.indexes.findIndex(
        ({ isUnique, columns: others }) =>
          isUnique &&
          others.length === columns.length &&
          columns.every((column) => others.includes(column)),
      );
      const outcome = tx.update(table, table.indexes[position]!, bytes, 3, end);
      return this.#compare("update", outcome, model.update(columns, row));
    }
    if (action === 19 && rng.nextBelow(8) === 0) {
      const count = model.rows.size;
      model.rows.clear();
      return this.#compare("clear", tx.clear(table), count);
    }
    return this.#delete(tx, table, model);
  }

  #delete(tx: Transaction, table: Table, model: TableModel): string | undefined {
    if (model.rows.size === 0) return undefined;
    const hex = this.#rng.pick([...model.rows.keys()]);
    const bytes = Buffer.from(hex, "hex");
    const row = table.findRow(bytes, 0, bytes.length);
    if (row < 0) return `${table.schema.name}: a row to delete is not found`;
    tx.delete(table, row);
    model.rows.delete(hex);
    return this.#compare("row count", table.rowCount, model.rows.size);
  }

  #compare(what: string, found: unknown, expected: unknown): string | undefined {
    return found === expected ? undefined : `${what}: ${String(found)}, not ${String(expected)}`;
  }
}
