// Random histories of publishes with rows in between: after each, tables hold what a model says, a rolled back migration
// leaves no trace, and the log, with or without a snapshot, tells the same.
import {
  type Codec,
  compileCodec,
  decodeModuleDef,
  encode,
  type ProductValue,
  product,
  Reader,
  sum,
  unitType,
} from "@lightcone/abi";
import type { AlgebraicType, Value } from "@lightcone/abi";
import { Rng } from "@lightcone/fixtures/rng";
import { test, type Test } from "tap";
import { MemoryDisk } from "../../src/base/disk/memory.ts";
import { seededRandom } from "../../src/base/random.ts";
import { commit } from "../../src/database/call.ts";
import { migrate } from "../../src/database/migration/migrate.ts";
import { planMigration } from "../../src/database/migration/plan.ts";
import { dataFaults } from "../../src/database/migration/check-data.ts";
import { planSchema } from "../../src/database/schema-plan.ts";
import { RowIds } from "../../src/datastore/rows/ids.ts";
import type { Table } from "../../src/datastore/table.ts";
import { owner, TestHost } from "../../src/session/test-client.ts";
import { contents } from "../datastore/replay-feed.ts";
import { testSeeds } from "../datastore/seeds.ts";
import {
  encodeEvolving,
  type EvolvingColumn,
  evolvingGuest,
  type EvolvingTable,
} from "./evolving.ts";

const variantNames = ["red", "green", "blue", "grey", "pink", "teal"];

function color(count: number): AlgebraicType {
  return sum(Object.fromEntries(variantNames.slice(0, count).map((name) => [name, unitType])));
}

const columnTypes: readonly AlgebraicType[] = [
  { kind: "u32" },
  { kind: "string" },
  { kind: "i64" },
  color(2),
  product({ x: { kind: "u8" }, tint: color(2) }),
];

function rowCodec(table: EvolvingTable): Codec {
  return compileCodec(
    product(Object.fromEntries(table.columns.map(({ name, type }) => [name, type]))),
  );
}

class World {
  readonly rng: Rng;
  tables: EvolvingTable[] = [];
  /** The rows of each table, by its name. */
  readonly rows = new Map<string, ProductValue[]>();
  #lastName = 0;

  constructor(rng: Rng) {
    this.rng = rng;
  }

  #name(): string {
    return `n${++this.#lastName}`;
  }

  value(type: AlgebraicType): Value {
    switch (type.kind) {
      case "sum":
        return {
          tag: type.variants[this.rng.nextBelow(type.variants.length)]!.name!,
          value: undefined,
        };
      case "product":
        return Object.fromEntries(type.elements.map((e) => [e.name!, this.value(e.type)]));
      case "string":
        return "x".repeat(this.rng.nextBelow(4));
      case "i64":
        return BigInt(this.rng.nextBelow(9));
      default:
        return this.rng.nextBelow(9);
    }
  }

  #newColumn(): EvolvingColumn {
    const type = columnTypes[this.rng.nextBelow(columnTypes.length)]!;
    return { name: this.#name(), type, defaultValue: encode(compileCodec(type), this.value(type)) };
  }

  newTable(): EvolvingTable {
    const table: EvolvingTable = {
      name: this.#name(),
      columns: [{ name: "id", type: { kind: "u32" } }, this.#newColumn()],
      primaryKey: 0,
      indexes: [["BTree", 0]],
      unique: [[0]],
      sequences: [0],
    };
    if (this.rng.nextBelow(4) > 0) return table;
    const { name, columns } = table;
    return this.rng.nextBelow(2) === 0 ? { name, columns } : { name, columns, isEvent: true };
  }

  /** One change of a table, allowed or not. */
  change(table: EvolvingTable): EvolvingTable {
    const column = this.rng.nextBelow(table.columns.length);
    const indexes = table.indexes ?? [];
    switch (this.rng.nextBelow(9)) {
      case 0:
      case 1:
        return { ...table, columns: [...table.columns, this.#newColumn()] };
      case 2:
        return { ...table, isPrivate: !(table.isPrivate ?? false) };
      case 3: {
        const isThere = indexes.some((one) => one.length === 2 && one[1] === column);
        return isThere ? table : { ...table, indexes: [...indexes, ["BTree", column]] };
      }
      case 4:
        return { ...table, indexes: indexes.filter(([kind]) => kind !== "Hash") };
      case 5: {
        const key = column > 0 ? [0, column] : [0];
        const isThere = indexes.some(
          (one) => one[0] === "Hash" && one.slice(1).join() === key.join(),
        );
        return isThere ? table : { ...table, indexes: [...indexes, ["Hash", ...key]] };
      }
      case 6: {
        const unique = table.unique ?? [];
        const free = indexes
          .map(([, ...columns]) => columns)
          .find((key) => !unique.some((one) => one.join() === key.join()));
        return free === undefined ? table : { ...table, unique: [...unique, free] };
      }
      case 7: {
        const { primaryKey: _key, ...rest } = table;
        return { ...rest, unique: [], sequences: [] };
      }
      default: {
        const columns = table.columns.map((one) =>
          one.type.kind === "sum" && one.type.variants.length < variantNames.length
            ? { ...one, type: color(one.type.variants.length + 1) }
            : one,
        );
        const named = { ...table, columns, sourceName: this.#name() };
        return named;
      }
    }
  }

  next(): EvolvingTable[] {
    const tables = [...this.tables];
    for (let changes = 1 + this.rng.nextBelow(4); changes > 0; changes--) {
      const at = this.rng.nextBelow(tables.length + 1);
      const table = tables[at];
      if (table === undefined) tables.push(this.newTable());
      else if (this.rng.nextBelow(8) === 0) tables.splice(at, 1);
      else tables[at] = this.change(table);
    }
    return tables;
  }
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? `${part}n` : part));

function storedRows(table: Table, codec: Codec): string[] {
  const rows: string[] = [];
  for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
    rows.push(text(codec.read(new Reader(table.rows.page(row), table.rows.start(row)))));
  }
  return rows.sort();
}

/** Every row is found by its key in every index, and nothing else is. */
function indexFaults(table: Table): string[] {
  const faults: string[] = [];
  const found = new RowIds();
  for (const [i, index] of table.indexes.entries()) {
    for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
      const { bytes, start, end } = index.key.load(row);
      const key = bytes.slice(start, end);
      found.clear();
      index.scanPoint(key, 0, key.length, found);
      const ids = Array.from({ length: found.count }, (_, at) => found.at(at));
      if (!ids.includes(row) || !ids.every((id) => table.isLive(id))) {
        faults.push(`${table.schema.name}: row ${row} in ${table.schema.indexes[i]!.name}`);
      }
    }
  }
  return faults;
}

function check(t: Test, host: TestHost, world: World, title: string): void {
  const { datastore } = host.database.parts;
  t.same(
    datastore
      .userTables()
      .map(({ schema }) => schema.name)
      .sort(),
    world.tables.map(({ name }) => name).sort(),
    title,
  );
  for (const definition of world.tables) {
    const table = datastore.tableByName(definition.name)!;
    t.equal(datastore.tableByName(definition.sourceName ?? definition.name), table, title);
    const expected = (world.rows.get(definition.name) ?? []).map(text).sort();
    t.same(storedRows(table, rowCodec(definition)), expected, `${title}: ${definition.name}`);
    t.same(indexFaults(table), [], title);
  }
}

function write(host: TestHost, world: World): void {
  const { parts } = host.database;
  const tx = parts.datastore.begin();
  for (const definition of world.tables) {
    const table = parts.datastore.tableByName(definition.name)!;
    const codec = rowCodec(definition);
    for (let count = world.rng.nextBelow(4); count > 0; count--) {
      const row = Object.fromEntries(
        definition.columns.map(({ name, type }) => [name, world.value(type)]),
      );
      if (definition.sequences?.length === 1) row["id"] = 0;
      const bytes = encode(codec, row);
      if (tx.insert(table, bytes, 0, bytes.length) !== "done" || table.schema.isEvent) continue;
      const start = table.rows.start(table.lastRow);
      const stored = codec.read(new Reader(table.rows.page(table.lastRow), start)) as ProductValue;
      const rows = world.rows.get(definition.name) ?? [];
      rows.push(stored);
      world.rows.set(definition.name, rows);
    }
  }
  commit(parts, tx, undefined, undefined);
}

/** Carries a migration out and takes it back: nothing may remain of it. */
function tryAndRollBack(t: Test, host: TestHost, tables: readonly EvolvingTable[]): void {
  const { parts, definition } = host.database;
  const [before, after] = [
    planSchema(definition),
    planSchema(decodeModuleDef(encodeEvolving({ tables }))),
  ];
  const { steps, refusals } = planMigration(before, after);
  const faults = dataFaults(parts.datastore, steps, before.tables, after.tables);
  if (refusals.length + faults.length > 0) return;
  const state = contents(parts.datastore);
  const tx = parts.datastore.begin();
  migrate(parts.datastore, tx, steps);
  parts.datastore.rollBack(tx);
  t.same(contents(parts.datastore), state, "nothing remains of what was rolled back");
}

/** Old rows get the default values of columns that are new. */
function follow(world: World, tables: readonly EvolvingTable[]): void {
  for (const { name, columns } of tables) {
    const rows = world.rows.get(name);
    if (rows === undefined) continue;
    const added = columns.map((column) => [
      column.name,
      compileCodec(column.type).read(new Reader(column.defaultValue ?? new Uint8Array(8))),
    ]);
    world.rows.set(
      name,
      rows.map((row) => ({ ...(Object.fromEntries(added) as ProductValue), ...row })),
    );
  }
  for (const name of world.rows.keys()) {
    if (!tables.some((table) => table.name === name)) world.rows.delete(name);
  }
  world.tables = [...tables];
}

/** Publishes; false if it is refused. */
async function publish(host: TestHost, tables: readonly EvolvingTable[]): Promise<boolean> {
  const program = await evolvingGuest({ tables });
  if (!host.database.isPublished) {
    await host.service.publish(program, owner);
    return true;
  }
  const plan = host.service.planPublish(program);
  if (plan.kind === "impossible") return false;
  await host.service.publish(program, owner, { kind: "breakClients", token: plan.token });
  return true;
}

async function reopened(host: TestHost): Promise<TestHost> {
  await host.database.log.flush();
  const again = new TestHost((host.disk as MemoryDisk).crash(seededRandom(3)));
  await again.open();
  return again;
}

async function run(t: Test, seed: number): Promise<number> {
  const world = new World(new Rng(seed));
  let host = new TestHost(new MemoryDisk());
  await host.open();
  world.tables = [world.newTable(), world.newTable()];
  await publish(host, world.tables);
  let publishCount = 0;
  for (let step = 0; step < 25; step++) {
    const title = `seed ${seed} step ${step}`;
    write(host, world);
    const tables = world.next();
    tryAndRollBack(t, host, tables);
    if (await publish(host, tables)) {
      publishCount++;
      follow(world, tables);
    }
    check(t, host, world, title);
    if (world.rng.nextBelow(6) === 0) await host.database.snapshot();
    if (world.rng.nextBelow(4) > 0) continue;
    const again = await reopened(host);
    t.same(
      contents(again.database.parts.datastore),
      contents(host.database.parts.datastore),
      title,
    );
    check(t, again, world, `${title}, opened again`);
    if (world.rng.nextBelow(2) === 0) host = again;
  }
  return publishCount;
}

void test(
  "random publishes over rows keep them, and the log tells the same",
  { timeout: 120_000 },
  async (t) => {
    let count = 0;
    for (const seed of testSeeds(4)) count += await run(t, seed);
    t.ok(count > 20, `${count} publishes were accepted`);
  },
);
