// Procedures that mean harm, and hosts that fail under them.
import { ConnectionId, InvariantError } from "@lightcone/abi";
import { t as file, test } from "tap";
import { assembleGuest, importDeclarations } from "../module/guest.ts";
import { encodeProcedureModule } from "./definition.ts";
import { assemblePlayer, PlayerScript } from "./player.ts";
import { limit } from "../../src/base/limit.ts";
import { owner, TestHost } from "../../src/session/test-client.ts";
import { errorOf, openRig, resultsOf } from "./rig.ts";

file.setTimeout(180_000);

const fatal = "The instance encountered a fatal error.";

const noParameters = new Uint8Array(0);

/** A guest that cannot wait, whose procedure `run` has this body and returns nothing. */
function assembleProcedure(body: string): Promise<Uint8Array> {
  const imports = [
    "bytes_sink_write",
    "console_timer_start",
    "datastore_insert_bsatn",
    "get_jwt",
    "identity",
    "procedure_start_mut_tx",
    "procedure_commit_mut_tx",
    "table_id_from_name",
  ];
  return assembleGuest({
    imports: importDeclarations(imports),
    definitionBytes: encodeProcedureModule({
      tables: { item: { id: { kind: "u32" } } },
      procedures: [{ name: "run" }],
    }),
    more: `
      (data (i32.const 600) "item")
      (func $insert (param $id i32) (result i32)
        (drop (call $table_id_from_name (i32.const 600) (i32.const 4) (i32.const 20)))
        (i32.store (i32.const 32) (local.get $id))
        (i32.store (i32.const 16) (i32.const 4))
        (call $datastore_insert_bsatn (i32.load (i32.const 20)) (i32.const 32) (i32.const 16)))
      (func (export "__call_procedure__")
        (param i32 i64 i64 i64 i64 i64 i64 i64 i32 i32) (result i32) (local $i i32)
        ${body}
        (i32.const 0))`,
  });
}

void test("nothing is committed, or written, after a trap that the guest caught", async (t) => {
  const caught = `(block $after (try (do (call $identity (i32.const 0))) (catch_all (br $after))))`;
  const bodies = [
    `(drop (call $insert (i32.const 1))) ${caught} (drop (call $procedure_commit_mut_tx))`,
    `${caught} (drop (call $insert (i32.const 1))) (drop (call $procedure_commit_mut_tx))`,
    `${caught} (block $on (try (do (drop (call $procedure_commit_mut_tx))) (catch_all (br $on))))`,
  ];
  for (const body of bodies) {
    const begin = `(drop (call $procedure_start_mut_tx (i32.const 64)))`;
    const rig = await openRig(await assembleProcedure(begin + body));
    const [result] = resultsOf(rig.client.procedure("run", noParameters));
    t.equal(result && errorOf(result), fatal);
    t.same(rig.items(), []);
    t.notOk(rig.host.database.parts.datastore.isInTransaction);
    t.same(rig.host.failures, []);
  }
});

void test("a fault of the host in a procedure ends the database, and whoever runs it is told", async (t) => {
  const rig = await openRig(await assemblePlayer({ canWait: false }));
  const { database } = rig.host;
  Object.defineProperty(database.parts.datastore, "begin", {
    value: () => {
      throw new InvariantError("the host is broken");
    },
  });
  const script = new PlayerScript();
  script.call("procedure_start_mut_tx", script.place(new Uint8Array(8)));
  try {
    rig.client.procedure("play", script.encode());
  } catch {
    // How a test's host hands it on does not matter here.
  }
  t.same(rig.host.failures, ["broken invariant: the host is broken"]);
});

void test("calls that wait or run have so many bytes of input at most", async (t) => {
  const rig = await openRig(await assemblePlayer());
  const { procedures } = rig.host.database;
  let refused = 0;
  const half = Math.ceil(limit.procedureInputBytesMax / 2);
  for (let i = 0; i < 3; i++) {
    procedures.submit({
      module: rig.host.database.module,
      inputBytes: half,
      start: (_instance, ended) => {
        ended({ kind: "fatal", message: "not run" });
      },
      onEnd: (end) => {
        if (end.kind === "fatal" && /too many bytes/.test(end.message)) refused++;
      },
    });
  }
  t.equal(refused, 1);
});

void test("a procedure that commits faster than any disk writes is stopped", async (t) => {
  const body = `(drop (call $procedure_start_mut_tx (i32.const 64)))
    (drop (call $insert (i32.const 1))) (drop (call $procedure_commit_mut_tx))`;
  const rig = await openRig(await assembleProcedure(body));
  const { log } = rig.host.database.parts;
  Object.defineProperty(log, "waitingBytes", { value: limit.procedureBacklogBytesMax + 1 });
  const [result] = resultsOf(rig.client.procedure("run", noParameters));
  t.equal(result && errorOf(result), fatal);
  t.same(rig.items(), []);
  t.match(rig.logged(), /without a pause/);
});

void test("a connection whose reducer is out of energy is no refusal: 503 over HTTP", async (t) => {
  const host = new TestHost();
  host.modules = { callBudgetMillis: 0 };
  const service = await host.open();
  const program = await assembleGuest({
    imports: importDeclarations(["bytes_sink_write"]),
    definitionBytes: encodeProcedureModule({
      reducers: [{ name: "hello", lifecycle: "OnConnect" }, { name: "other" }],
      procedures: [{ name: "run" }],
    }),
    reducer: "(loop $on (br $on)) (unreachable)",
  });
  await service.publish(program, owner);
  const caller = { identity: owner, connectionId: new ConnectionId(5n), jwtPayload: "{}" };
  const code = { code: "LC_DATABASE_UNAVAILABLE", message: /out of energy/ };
  await t.rejects(service.call("other", "[]", caller), code);
  await t.rejects(service.call("run", "[]", caller), code);
  await t.rejects(service.sql("SELECT * FROM st_table", caller, true), code);
  t.same(host.failures, []);
});
