// Modules with a definition of version 9: their clients are told who called what (protocol.md section 6.5).
import { ConnectionId, rowCount, type V1ServerMessage, v1NoReducer } from "@lightcone/abi";
import { test } from "tap";
import { owner, TestHost } from "../../src/session/test-client.ts";
import { only, V1TestClient } from "../../src/session/v1/test-client.ts";
import { assembleGuest, importDeclarations } from "../module/guest.ts";

/** Its only reducer inserts a row with a number that rises, whatever its argument. */
function oldModule(): Promise<Uint8Array> {
  return assembleGuest({
    imports: importDeclarations(["bytes_sink_write", "datastore_insert_bsatn"]),
    definition: {
      tables: [{ name: "item", columns: { id: { kind: "u32" } } }],
      reducers: [{ name: "add", params: { note: { kind: "string" } } }],
    },
    reducer: `
      (i32.store (i32.const 640) (i32.add (i32.load (i32.const 640)) (i32.const 1)))
      (i32.store (i32.const 648) (i32.const 4))
      (drop (call $datastore_insert_bsatn (i32.const 4096) (i32.const 640) (i32.const 648)))
      (i32.const 0)`,
  });
}

function rowsOf(message: V1ServerMessage): number {
  const tables =
    message.kind === "transactionUpdateLight"
      ? message.tables
      : message.kind === "transactionUpdate" && message.status.kind === "committed"
        ? message.status.tables
        : [];
  return tables.reduce((sum, { parts }) => {
    const counts = parts.map(({ inserts, deletes }) => rowCount(inserts) + rowCount(deletes));
    return sum + counts.reduce((a, b) => a + b, 0);
  }, 0);
}

void test("watchers hear of the call, unless they asked for light updates", async (t) => {
  const host = new TestHost();
  const service = await host.open();
  await service.publish(await oldModule(), owner);
  t.equal(host.database.definition.version, 9);
  const alice = new V1TestClient(host, 1, "alice");
  const bob = new V1TestClient(host, 2, "bob");
  const light = new V1TestClient(host, 3, "carol", { light: true });
  const json = new V1TestClient(host, 4, "dave", { protocol: "v1.json.spacetimedb" });
  for (const client of [alice, bob, light, json]) client.payloads();
  const query = "SELECT * FROM item";
  for (const client of [alice, bob, light]) only(client.multi(1, query), "subscribeMultiApplied");
  json.sendJson({ Subscribe: { query_strings: [query], request_id: 1 } });
  alice.call("add", { note: "hello" }, 7);
  const told = only(bob.take(), "transactionUpdate");
  t.equal(rowsOf(told), 1);
  t.match(told, { reducer: "add", reducerId: 0, requestId: 0, args: { length: 9 } });
  t.ok(told.identity.equals(alice.identity));
  t.ok(told.connectionId.equals(alice.connectionId));
  t.equal(rowsOf(only(light.take(), "transactionUpdateLight")), 1);
  const [text] = json.takeJson();
  t.match(text, {
    TransactionUpdate: {
      status: { Committed: { tables: [{ num_rows: 1, updates: [{ inserts: ["[1]"] }] }] } },
      caller_identity: { __identity__: `0x${alice.identity.toHex()}` },
      reducer_call: { reducer_name: "add", args: '["hello"]' },
    },
  });
});

void test("changes that no reducer made have the database as their maker", async (t) => {
  const host = new TestHost();
  const service = await host.open();
  await service.publish(await oldModule(), owner);
  const bob = new V1TestClient(host, 2, "bob");
  bob.take();
  bob.call("add", { note: "" });
  bob.multi(1, "SELECT * FROM item");
  const caller = { identity: owner, connectionId: new ConnectionId(5n), jwtPayload: "{}" };
  await service.sql("DELETE FROM item", caller, true);
  const told = only(bob.take(), "transactionUpdate");
  t.equal(rowsOf(told), 1);
  t.match(told, { reducer: "", reducerId: v1NoReducer, requestId: 0, args: { length: 0 } });
  t.ok(told.identity.equals(host.database.parts.identity));
  t.ok(told.connectionId.equals(ConnectionId.zero));
});
