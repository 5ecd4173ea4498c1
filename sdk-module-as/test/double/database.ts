// The imports of the double that read and write tables, and the transactions around them.
import { type ConnectionId, Errno, type ModuleDef } from "@lightcone/abi";
import { type GuestMemory, Trap } from "./guest-memory.ts";
import { type Bounds, type DoubleIndex, DoubleTable, Refusal, rowsBetween } from "./store.ts";
import type { Streams } from "./streams.ts";

export type Import = (...values: readonly number[]) => number;

const indexIdBase = 1000;

export class Database {
  readonly #tables: readonly DoubleTable[];
  readonly #indexes: readonly DoubleIndex[];
  readonly #breaches: string[];
  readonly #asked = new Set<string>();
  /** The rows of every table as they were when the open transaction began. */
  #before: readonly (readonly Uint8Array[])[] | undefined;
  /** Payloads of tokens, by connection. */
  readonly tokens: Map<bigint, string> = new Map();

  constructor(def: ModuleDef, breaches: string[]) {
    this.#tables = def.tables.map((table) => new DoubleTable(table, def));
    this.#indexes = this.#tables.flatMap((table) =>
      table.def.indexes.map((index) => ({ def: index, table })),
    );
    this.#breaches = breaches;
  }

  get isOpen(): boolean {
    return this.#before !== undefined;
  }

  begin(): void {
    this.#before = this.#tables.map((table) => table.rows);
  }

  commit(): void {
    this.#before = undefined;
  }

  rollBack(): void {
    for (const [i, rows] of (this.#before ?? []).entries()) {
      (this.#tables[i] as DoubleTable).rows = [...rows];
    }
    this.#before = undefined;
  }

  /** A table by its canonical name. */
  table(name: string): DoubleTable {
    const found = this.#tables.find((table) => table.def.name === name);
    if (found === undefined) throw new Error(`no table ${name}`);
    return found;
  }

  imports(memory: () => GuestMemory, streams: Streams): Record<string, Import> {
    return {
      ...this.#names(memory),
      ...this.#reads(memory, streams),
      ...this.#writes(memory),
      ...this.#deletes(memory),
    };
  }

  tokenOf(id: ConnectionId): string | undefined {
    return this.tokens.get(id.value);
  }

  #names(memory: () => GuestMemory): Record<string, Import> {
    const lookUp = (
      kind: string,
      names: readonly (readonly string[])[],
      missing: Errno,
      base: number,
    ) =>
      ((at, length, out) => {
        const name = memory().readText(at, length);
        const key = `${kind} ${name}`;
        if (this.#asked.has(key)) this.#breaches.push(`${key} is looked up again`);
        this.#asked.add(key);
        const found = names.findIndex((each) => each.includes(name));
        if (found === -1) throw new Refusal(missing);
        memory().writeU32(out, base + found);
        return 0;
      }) satisfies Import;
    const tables = this.#tables.map(({ def }) => [def.name, def.sourceName]);
    const indexes = this.#indexes.map(({ def }) => [def.name, def.sourceName]);
    return {
      table_id_from_name: lookUp("table", tables, Errno.noSuchTable, 1),
      index_id_from_name: lookUp("index", indexes, Errno.noSuchIndex, indexIdBase),
    };
  }

  #reads(memory: () => GuestMemory, streams: Streams): Record<string, Import> {
    const open = (rows: readonly Uint8Array[], out: number): number => {
      memory().writeU32(out, streams.openIterator(rows));
      return 0;
    };
    return {
      datastore_table_row_count: (table, out) => {
        memory().writeU64(out, BigInt(this.#tableOf(table).rows.length));
        return 0;
      },
      datastore_table_scan_bsatn: (table, out) => open(this.#tableOf(table).rows, out),
      datastore_index_scan_point_bsatn: (index, at, length, out) =>
        open(this.#pointRows(memory(), index, at, length), out),
      datastore_index_scan_range_bsatn: (...values) =>
        open(rowsBetween(this.#bounds(memory(), values)), values[8] as number),
      datastore_btree_scan_bsatn: (...values) =>
        open(rowsBetween(this.#bounds(memory(), values)), values[8] as number),
      row_iter_bsatn_advance: (iter, at, lengthAt) => streams.advance(memory(), iter, at, lengthAt),
      row_iter_bsatn_close: (iter) => streams.closeIterator(iter),
    };
  }

  #writes(memory: () => GuestMemory): Record<string, Import> {
    const writeBack = (at: number, lengthAt: number, generated: Uint8Array): number => {
      if (generated.length > 0) memory().write(at, generated);
      memory().writeU32(lengthAt, generated.length);
      return 0;
    };
    return {
      datastore_insert_bsatn: (id, at, lengthAt) => {
        const table = this.#tableOf(id);
        const given = memory().read(at, memory().readU32(lengthAt));
        const { row, generated } = table.generate(given);
        table.insert(row);
        return writeBack(at, lengthAt, generated);
      },
      datastore_update_bsatn: (id, indexId, at, lengthAt) => {
        const table = this.#tableOf(id);
        const index = this.#indexOf(indexId);
        if (index.table !== table) throw new Refusal(Errno.noSuchIndex);
        const { columns } = index.def.algorithm;
        if (!table.isUnique(columns)) throw new Refusal(Errno.indexNotUnique);
        const given = memory().read(at, memory().readU32(lengthAt));
        const { row, generated } = table.generate(given);
        const values = table.decode(row);
        const [old] = table.find(
          columns,
          columns.map((column) => values[column]),
        );
        if (old === undefined) throw new Refusal(Errno.noSuchRow);
        table.insert(row, old);
        return writeBack(at, lengthAt, generated);
      },
    };
  }

  #deletes(memory: () => GuestMemory): Record<string, Import> {
    const remove = (table: DoubleTable, rows: readonly Uint8Array[], out: number): number => {
      memory().writeU32(out, table.remove(rows));
      return 0;
    };
    const range: Import = (...values) => {
      const bounds = this.#bounds(memory(), values);
      return remove(bounds.index.table, rowsBetween(bounds), values[8] as number);
    };
    return {
      datastore_delete_by_index_scan_point_bsatn: (index, at, length, out) => {
        const rows = this.#pointRows(memory(), index, at, length);
        return remove(this.#indexOf(index).table, rows, out);
      },
      datastore_delete_by_index_scan_range_bsatn: range,
      datastore_delete_by_btree_scan_bsatn: range,
      datastore_delete_all_by_eq_bsatn: (id, at, length, out) => {
        const table = this.#tableOf(id);
        const relation = memory().read(at, length);
        const rest = Buffer.from(relation.subarray(4));
        const rows = table.rows.filter((row) => rest.includes(Buffer.from(row)));
        return remove(table, rows, out);
      },
      datastore_clear: (id, out) => {
        const table = this.#tableOf(id);
        memory().writeU64(out, BigInt(table.remove(table.rows)));
        return 0;
      },
    };
  }

  #tableOf(id: number): DoubleTable {
    const table = this.#tables[id - 1];
    if (table === undefined) throw new Refusal(Errno.noSuchTable);
    return table;
  }

  #indexOf(id: number): DoubleIndex {
    const index = this.#indexes[id - indexIdBase];
    if (index === undefined) throw new Refusal(Errno.noSuchIndex);
    return index;
  }

  #pointRows(memory: GuestMemory, id: number, at: number, length: number): Uint8Array[] {
    const { def, table } = this.#indexOf(id);
    const { columns } = def.algorithm;
    const key = table.decodeColumns(columns, memory.read(at, length));
    return table.find(columns, key);
  }

  /** The arguments of a range scan (abi.md section 5.3). */
  #bounds(memory: GuestMemory, values: readonly number[]): Bounds {
    const [id, prefixAt, prefixLength, prefixElems, ...rest] = values as [
      ...[number, number, number, number],
      ...[number, number, number, number, number],
    ];
    const [fromAt, fromLength, toAt, toLength] = rest;
    const index = this.#indexOf(id);
    const { columns, kind } = index.def.algorithm;
    if (prefixElems > 65_535) throw new Trap("too many prefix columns");
    if (prefixElems >= columns.length) throw new Refusal(Errno.bsatnDecodeError);
    if (kind === "hash") throw new Refusal(Errno.wrongIndexAlgo);
    const prefixBytes = prefixElems === 0 ? new Uint8Array(0) : memory.read(prefixAt, prefixLength);
    const prefix = index.table.decodeColumns(columns.slice(0, prefixElems), prefixBytes);
    const column = columns[prefixElems] as number;
    const from = index.table.decodeBound(column, memory.read(fromAt, fromLength));
    const to = index.table.decodeBound(column, memory.read(toAt, toLength));
    return { index, prefix, from, to };
  }
}
