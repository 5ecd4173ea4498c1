import { test } from "tap";
import { ConnectionId, Identity } from "@lightcone/abi";
import { assembleGuest } from "../../test/module/guest.ts";
import { ManualClock } from "../base/clock.ts";
import { Datastore } from "../datastore/datastore.ts";
import { makeClient } from "./client.ts";
import { argumentsFault, LiveModule } from "./live-module.ts";

const definition = {
  reducers: [
    { name: "trap" },
    { name: "add", params: { a: { kind: "u8" }, b: { kind: "string" } } },
    { name: "client_connected", lifecycle: "OnConnect" },
  ],
} as const;

const watch = { begin: () => undefined, end: () => undefined };

void test("a module that trapped is started again; if that fails, at the next call", async (t) => {
  const program = await assembleGuest({
    definition,
    reducer: "unreachable",
    // Starting logs a line, by which the test can make it fail.
    more: `(func (export "_initialize")
      (call $console_log (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const -1) (i32.const 8) (i32.const 1)))`,
  });
  let isBroken = false;
  let starts = 0;
  const datastore = new Datastore();
  const environment = {
    datastore,
    clock: new ManualClock(),
    databaseIdentity: new Uint8Array(32),
    log: () => {
      if (isBroken) throw new Error("no more memory");
      starts++;
    },
    scheduleImmediately: () => false,
  };
  const module = new LiveModule(program, environment, watch);
  const { words } = makeClient(1, Identity.zero, ConnectionId.zero, "", false);
  const trap = (): unknown => {
    const tx = datastore.begin();
    const result = module.instance.callReducer(0, "trap", words, 0n, new Uint8Array(0), 0, 0, tx);
    datastore.rollBack(tx);
    return result;
  };
  t.equal(module.revive(), undefined, "what lives is left alone");
  t.equal(starts, 1);
  t.match(trap(), { kind: "fatal", message: "unreachable" });
  isBroken = true;
  t.match(module.revive(), /trapped in _initialize: no more memory/);
  t.match(module.revive(), /no more memory/, "it stays dead");
  isBroken = false;
  t.equal(module.revive(), undefined);
  t.equal(starts, 2);
  t.notOk(module.instance.isDead);
});

void test("reducers by name and by role, and what is wrong with arguments", async (t) => {
  const environment = {
    datastore: new Datastore(),
    clock: new ManualClock(),
    databaseIdentity: new Uint8Array(32),
    log: () => undefined,
    scheduleImmediately: () => false,
  };
  const module = new LiveModule(await assembleGuest({ definition }), environment, watch);
  t.equal(module.lifecycleReducer("onConnect")?.definition.name, "client_connected");
  t.equal(module.lifecycleReducer("init"), undefined);
  t.equal(module.reducer("nobody"), undefined);
  t.match(module.programHash, /^[0-9a-f]{64}$/);
  const add = module.reducer("add");
  if (add === undefined) throw new Error("no reducer add");
  const fault = (...bytes: number[]): string =>
    argumentsFault("reducer", add, Uint8Array.from(bytes), 0, bytes.length);
  t.match(
    fault(),
    /^invalid arguments for reducer add: data too short for u8: Expected 1, given 0$/,
  );
  t.match(fault(1, 5, 0, 0, 0, 65), /^invalid arguments for reducer add: data too short/);
});
