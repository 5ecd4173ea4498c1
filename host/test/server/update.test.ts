// Publishing again over HTTP, with a client connected: the plan, its token, what stays and who goes (http-and-auth.md
// section 4; runtime.md section 19).
import { t, test } from "tap";
import { evolvingGuest, type EvolvingTable } from "../database/evolving.ts";
import { ChildHost } from "./child-host.ts";
import { SocketClient } from "./socket-client.ts";

// Hosts take their time to start on a busy machine.
t.setTimeout(180_000);

interface AutoMigrate {
  readonly migrate_plan: string;
  readonly break_clients: boolean;
  readonly token: string;
  readonly major_version_upgrade: boolean;
}

async function planOf(
  host: ChildHost,
  program: Uint8Array,
  style = "NoColor",
): Promise<AutoMigrate> {
  const answer = await host.send("POST", `database/notes/pre_publish?style=${style}`, program);
  return (JSON.parse(answer.text) as { AutoMigrate: AutoMigrate }).AutoMigrate;
}

void test("chat is updated while clients watch, and refused with reasons what does not fit", async (t) => {
  const host = await ChildHost.start(t);
  t.equal((await host.publish("chat", "chat")).status, 200);
  const client = await SocketClient.open(host, "chat");
  t.equal((await host.publish("chat", "chat-v2")).status, 200);
  t.equal(await client.call("create_room", (writer) => writer.string("hall")), "ok", "still there");
  const refused = await host.publish("chat", "chat-bad");
  t.equal(refused.status, 400);
  t.match(
    refused.text,
    /^Database update rejected: .*table session: column connected_at is removed/s,
  );
  t.equal(await client.call("send_message", (writer) => writer.string("on")), "ok");
  await client.close();
});

const note: EvolvingTable = {
  name: "note",
  columns: [
    { name: "id", type: { kind: "u32" } },
    { name: "text", type: { kind: "string" } },
  ],
  primaryKey: 0,
  indexes: [["BTree", 0]],
  unique: [[0]],
};

/** A guest whose reducers insert the row at 640, of `bytes`, into the first table of the database. */
function guest(
  table: EvolvingTable,
  bytes: readonly number[],
  ...reducers: string[]
): Promise<Uint8Array> {
  const stores = bytes.map((byte, i) => `(i32.store8 (i32.const ${640 + i}) (i32.const ${byte}))`);
  const body = `${stores.join(" ")} (i32.store (i32.const 700) (i32.const ${bytes.length}))
    (drop (call $datastore_insert_bsatn (i32.const 4096) (i32.const 640) (i32.const 700)))
    (i32.const 0)`;
  return evolvingGuest({ tables: [table], reducers: ["write", ...reducers] }, body);
}

void test("[scenario 12] a plan that breaks clients needs its token, also after a restart", async (t) => {
  const host = await ChildHost.start(t);
  t.equal(
    (await host.publish("notes", await guest(note, [7, 0, 0, 0, 1, 0, 0, 0, 97]))).status,
    200,
  );
  t.equal((await host.call("notes", "write")).status, 200);
  const client = await SocketClient.open(host, "notes");
  const stars = { name: "stars", type: { kind: "u8" }, defaultValue: Uint8Array.of(5) } as const;
  const wider = { ...note, columns: [...note.columns, stars] };
  const program = await guest(wider, [], "more");
  const plan = await planOf(host, program);
  t.match(plan, { break_clients: true, major_version_upgrade: false });
  t.match(
    plan.migrate_plan,
    /^Migration plan\n▸ Added columns to table note.*\n    - stars: u8\n!/,
  );
  t.match((await planOf(host, program, "AnsiColor")).migrate_plan, "\u001b[32m▸ Added columns");
  const publish = (query: string) => host.send("PUT", `database/notes?${query}`, program);
  const compatible = await publish("policy=Compatible");
  t.match(compatible, {
    status: 400,
    text: "Failed to create or update the database: Migration plan contains a client-breaking change which is disallowed under current policy",
  });
  t.equal((await publish("policy=BreakClients&token=0x12")).status, 400);
  t.match((await publish(`policy=BreakClients&token=${plan.token}`)).text, /"op":"updated"/);
  t.same(await client.ended, { code: 1001, reason: "module exited" });
  t.same(await host.sql("notes", "SELECT * FROM note"), [[7, "a", 5]]);
  t.match((await host.send("GET", "database/notes/logs")).text, /Disconnecting all users/);
  await host.kill();
  await host.start();
  await host.untilOpen("notes");
  t.same(await host.sql("notes", "SELECT * FROM note"), [[7, "a", 5]]);
  const again = await publish("policy=Compatible");
  t.equal(again.status, 200, "the same program again is no update");
  const { text } = await host.send("PUT", "database/notes/reset");
  t.equal(text, "");
  t.same(await host.sql("notes", "SELECT * FROM note"), [], "a reset drops the rows");
  t.equal((await host.send("POST", "database/notes/lock")).status, 200);
  t.equal((await host.send("PUT", "database/notes/reset")).status, 403);
});
