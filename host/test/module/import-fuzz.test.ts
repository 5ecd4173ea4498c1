// Ten thousand import calls whose pointers, lengths, ids and handles are anything: the host stands, a guest sees only its own
// memory, what trapped left nothing behind, and a database beside it is not touched.
import { t, test } from "tap";
import { moduleImports, present } from "@lightcone/abi";
import { type Random, seededRandom } from "../../src/base/random.ts";
import type { Database } from "../../src/database/database.ts";
import type { Index } from "../../src/datastore/index/contract.ts";
import { RowIds } from "../../src/datastore/rows/ids.ts";
import { testSeeds } from "../datastore/seeds.ts";
import { memoryBytes, Script } from "./script.ts";
import { insert, openWorld, relation, rowBytes, type TableName, type World } from "./world.ts";

/** Each script makes at least one call that is made whatever the others do. */
const scriptCount = 10_000;
const callsOfScriptMax = 4;
t.setTimeout(300_000);

const secret = "a row of the neighbour's: 7c1f9a52";
const tables: readonly TableName[] = ["item", "place", "pair", "ticket"];

/** Words that break what is careless: around zero, signs, pages, the end of the memory. */
const oddWords: readonly number[] = [
  0,
  1,
  2,
  3,
  4,
  7,
  8,
  64,
  255,
  256,
  65_535,
  65_536,
  memoryBytes - 8,
  memoryBytes - 4,
  memoryBytes - 1,
  memoryBytes,
  memoryBytes + 1,
  0x7fff_ffff,
  0x8000_0000,
  0xffff_fff0,
  0xffff_ffff,
];

function below(random: Random, end: number): number {
  return random.u32() % end;
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[below(random, from.length)] as T;
}

/** What a call may be given beside odd words: things that are there, so that it gets further than its first check. */
function usefulWords(world: World, script: Script): number[] {
  const datastore = world.scripts.host.database.parts.datastore;
  const item = rowBytes("item", { id: 5, text: "five" });
  const tickets = relation("ticket", [{ id: 1n, note: "n", number: 1 }]);
  return [
    ...tables.map(world.table),
    ...tables.flatMap((name) =>
      present(datastore.tableByName(name), name).schema.indexes.map(({ id }) => id),
    ),
    // A table of the host's, and an index of it.
    1,
    ...script.text("item"),
    ...script.text("place_zone"),
    script.place(item),
    item.length,
    script.place(tickets),
    tickets.length,
    script.word(item.length),
    script.word(0),
    script.word(0xffff_ffff),
    script.place(new Uint8Array(64)),
    script.place([0, 1, 0, 0, 0]),
    script.place([2]),
  ];
}

function randomScript(world: World, random: Random): Script {
  const script = new Script();
  const words = usefulWords(world, script);
  const count = 1 + below(random, callsOfScriptMax);
  // Something for the calls to find.
  insert(world, script, "item", { id: below(random, 20), text: "x".repeat(below(random, 40)) });
  for (let i = 0; i < count; i++) {
    const { name, params } = pick(random, moduleImports);
    const args = params.map(() => {
      const kind = below(random, 8);
      if (kind === 0) return random.u32();
      return pick(random, kind < 3 ? oddWords : words);
    });
    script.call(name, ...args);
  }
  return script;
}

/** How a script's call ended for its caller, and the guest's memory as far as it was told: what was there may be overwritten. */
function runRaw(world: World, script: Script, code: number): { outcome: string; memory: string } {
  const { host, client } = world.scripts;
  let logged = "";
  const stop = host.database.parts.moduleLog.follow((line) => (logged += line));
  const [message] = client.callRaw("run", script.encode(code));
  stop();
  const hex = logged
    .split("\n")
    .flatMap((line) => (line === "" ? [] : [JSON.parse(line) as { message: string }]))
    .map((line) => line.message)
    .filter((text) => /^[0-9a-f]+$/.test(text));
  const outcome = message?.kind === "reducerResult" ? message.outcome.kind : "none";
  return { outcome, memory: Buffer.from(hex.join(""), "hex").toString("latin1") };
}

function fingerprint(database: Database, isWhole: boolean): string {
  const { datastore } = database.parts;
  const parts = (isWhole ? datastore.allTables() : datastore.userTables()).map((table) => {
    const rows: string[] = [];
    for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
      const start = table.rows.start(row);
      const end = start + table.rows.size(row);
      rows.push(Buffer.from(table.rows.page(row).subarray(start, end)).toString("hex"));
    }
    return `${table.schema.name} ${rows.sort().join(" ")}`;
  });
  return parts.join("\n");
}

/** Whether each index of a user's tables names each live row once, and no other. */
function indexesAgree(database: Database): string | undefined {
  const { datastore } = database.parts;
  const found = new RowIds();
  for (const table of datastore.userTables()) {
    for (const [position, { name, columns, isUnique }] of table.schema.indexes.entries()) {
      const index = table.indexes[position] as Index;
      for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
        const start = table.rows.start(row);
        const page = table.rows.page(row);
        const key = Buffer.concat(
          columns.map((column) => {
            const from = table.layout.columnStart(column, page, start);
            return page.subarray(from, table.layout.columnEnd(column, page, from));
          }),
        );
        found.clear();
        if (isUnique) found.push(index.find(key, 0, key.length));
        else index.scanPoint(key, 0, key.length, found);
        const count = Array.from({ length: found.count }, (_, i) => found.at(i)).filter(
          (one) => one === row,
        ).length;
        if (count !== 1) return `${name} finds row ${row} ${count} times`;
      }
    }
  }
  return undefined;
}

for (const seed of testSeeds(1)) {
  void test(`${scriptCount} calls of imports with anything at all (seed ${seed})`, async (t) => {
    const random = seededRandom(seed);
    const world = await openWorld();
    const neighbour = await openWorld();
    const whisper = new Script();
    insert(neighbour, whisper, "item", { id: 1, text: secret });
    t.match(neighbour.scripts.run(whisper), { kind: "ran" });
    const before = fingerprint(neighbour.scripts.host.database, true);
    const seen = new Map<string, number>();
    let rows = fingerprint(world.scripts.host.database, false);
    for (let count = 1; count <= scriptCount; count++) {
      const { outcome, memory } = runRaw(world, randomScript(world, random), below(random, 2));
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      if (memory.includes(secret)) t.fail("the neighbour's row came into the guest's memory");
      const after = fingerprint(world.scripts.host.database, false);
      if (outcome !== "ok" && after !== rows)
        t.fail(`call ${count} was rolled back and changed rows`);
      rows = after;
      if (count % 100 === 0) {
        const fault = indexesAgree(world.scripts.host.database);
        if (fault !== undefined) t.fail(`${fault}, after call ${count}`);
      }
    }
    t.same(world.scripts.host.failures, [], "the database went on");
    t.equal(
      fingerprint(neighbour.scripts.host.database, true),
      before,
      "the neighbour is as it was",
    );
    // Calls got past their first checks as well as stopped at them.
    const often = ["ok", "err", "internalError"].filter((kind) => (seen.get(kind) ?? 0) >= 50);
    t.same(often, ["ok", "err", "internalError"], JSON.stringify([...seen]));
  });
}
