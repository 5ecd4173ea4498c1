// Submodules, two levels deep: their tables, reducers, procedures and views under dotted names, on a socket, behind a restart and
// an update (module-def.md section 6.2, abi.md section 7.6). The conformance suite looks at the same over HTTP.
import { array, Reader, ref, type ServerMessage } from "@lightcone/abi";
import { test } from "tap";
import { MemoryDisk } from "../../src/base/disk/memory.ts";
import { owner, TestClient, TestHost } from "../../src/session/test-client.ts";
import { assembleGuest } from "../module/guest.ts";
import { ending } from "../module/probe.ts";
import { encodeProcedureModule, type ProcedureModule } from "../procedure/definition.ts";
import { eventually, resultsOf } from "../procedure/rig.ts";
import { tableRows } from "../rows.ts";

const u32 = { kind: "u32" } as const;

/** What every level has; `more` tables come with an update. */
const level = (more: ProcedureModule["tables"] = {}): ProcedureModule => ({
  tables: { item: { n: u32 }, ...more },
  reducers: [{ name: "put" }],
  procedures: [{ name: "number", returns: u32 }],
  views: [{ name: "seen", returns: array(ref(0)) }],
});

const tableNames = ["item", "shop.item", "shop.store.item", "tool.item"];

/** Where the guest keeps its tables' names, one behind the other, 32 bytes each. */
const namesAt = 512;

/**
 * Reducer `id` puts its number into the table of its level, procedure `id` returns 100 + its number, view `id` shows one row with 10
 * and its number.
 */
function program(more?: ProcedureModule["tables"]): Promise<Uint8Array> {
  const shop = { ...level(more), submodules: { store: level(more) } };
  const root = { ...level(), submodules: { shop, tool: level() } };
  const names = tableNames.map((name, i) => `(data (i32.const ${namesAt + 32 * i}) "${name}")`);
  const lengths = tableNames.map((name) => `\\0${name.length.toString(16)}`).join("");
  return assembleGuest({
    definitionBytes: encodeProcedureModule(root),
    memory: '(memory (export "memory") 16)',
    reducer: `
      (if (call $table_id_from_name
        (i32.add (i32.const ${namesAt}) (i32.shl (local.get $id) (i32.const 5)))
        (i32.load8_u offset=768 (local.get $id)) (i32.const 800)) (then unreachable))
      (i32.store (i32.const 804) (local.get $id))
      (i32.store (i32.const 808) (i32.const 4))
      (call $datastore_insert_bsatn (i32.load (i32.const 800)) (i32.const 804) (i32.const 808))`,
    more: `${names.join("\n")} (data (i32.const 768) "${lengths}")
      (data (i32.const 820) "\\00\\01")
      (func (export "__call_procedure__") (param $id i32) (param i64 i64 i64 i64 i64 i64 i64)
        (param $args i32) (param $sink i32) (result i32)
        (i32.store (i32.const 804) (i32.add (local.get $id) (i32.const 100)))
        (i32.store (i32.const 808) (i32.const 4))
        (call $bytes_sink_write (local.get $sink) (i32.const 804) (i32.const 808)))
      (func (export "__call_view_anon__") (param $id i32) (param $args i32) (param $sink i32) (result i32)
        (i32.store (i32.const 825) (i32.add (local.get $id) (i32.const 10)))
        (i32.store (i32.const 808) (i32.const 9))
        (drop (call $bytes_sink_write (local.get $sink) (i32.const 820) (i32.const 808)))
        (i32.const 2))`,
  });
}

async function open(disk: MemoryDisk): Promise<{ host: TestHost; client: TestClient }> {
  const host = new TestHost(disk);
  await host.open();
  if (!host.database.isPublished) await host.service.publish(await program(), owner);
  const client = new TestClient(host, 1, "somebody");
  host.take(1);
  return { host, client };
}

/** Tables and the numbers that came for them, such as `shop.item 1`. */
function inserted(client: TestClient, messages: readonly ServerMessage[]): string[] {
  return messages
    .flatMap((message) => {
      if (message.kind === "subscribeApplied") return message.tables;
      if (message.kind !== "reducerResult" || message.outcome.kind !== "ok") return [];
      const tables = message.outcome.querySets.flatMap((set) => set.tables);
      return tables.flatMap(({ table, rows }) =>
        rows.map((part) => ({
          table,
          rows: part.kind === "persistent" ? part.inserts : part.events,
        })),
      );
    })
    .map(({ table, rows }) => {
      const { data } = rows;
      return `${table} ${Array.from({ length: data.length / 4 }, (_, i) => data[4 * i]).join(" ")}`;
    });
}

const paths = ["", "shop.", "shop.store.", "tool."];

void test("reducers, procedures and views on a socket", async (t) => {
  const { host, client } = await open(new MemoryDisk());
  for (const [id, path] of paths.entries()) {
    const query = `SELECT * FROM ${path}item`;
    t.same(inserted(client, client.subscribe(id, query)), [], query);
    const outcome = client.call(`${path}put`);
    t.same(inserted(client, outcome), [`${path}item ${id}`], `${path}put`);
    client.unsubscribe(id);
    const early = resultsOf(client.procedure(`${path}number`));
    const { status } = early[0] ?? (await eventually(() => resultsOf(host.take(1))[0]));
    t.match(status, { kind: "returned" });
    if (status.kind === "returned") t.equal(new Reader(status.value).u32(), 100 + id);
    const shown = client.subscribe(id + 10, `SELECT * FROM "${path.replaceAll(".", '"."')}seen"`);
    t.same(inserted(client, shown), [`${path}seen ${10 + id}`]);
  }
  t.match(ending(client.call("store.put")), /no such reducer/i);
});

void test("they outlast a restart and an update", async (t) => {
  const disk = new MemoryDisk();
  const first = await open(disk);
  for (const path of paths) t.equal(ending(first.client.call(`${path}put`)), "ok");
  await first.host.service.close("the host stops");
  const { host, client } = await open(disk);
  const numbers = (): unknown[] => tableNames.map((name) => tableRows(host.database, name));
  const expected = paths.map((_, n) => [{ n }]);
  t.same(numbers(), expected, "after a restart");
  t.equal(await host.service.publish(await program({ extra: { n: u32 } }), owner), "updated");
  t.same(numbers(), expected, "after an update");
  t.same(tableRows(host.database, "shop.store.extra"), []);
  t.same(inserted(client, client.subscribe(1, "SELECT * FROM shop.store.item")), [
    "shop.store.item 2",
  ]);
});
