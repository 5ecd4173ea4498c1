// Reducers that the host calls: at the first publish, when a client comes, when it goes.
import { connectionIdType, identityType, type JsonValue } from "../../src/index.ts";
import { textOf } from "../client.ts";
import { TableDef } from "../definition.ts";
import { makeGuest, type StaticScript, StaticScripts } from "../guest.ts";
import { param } from "../layout.ts";
import { expectEqual, fail, type Rule, rulesAbout } from "../rule.ts";
import { at, longAt, type Script } from "../script.ts";
import type { Session } from "../session.ts";
import { u32, u64, u8 } from "./world.ts";

/** What a reducer was called with. */
const seen = new TableDef(
  "seen",
  {
    n: u64,
    event: u8,
    sender: identityType,
    connection: connectionIdType,
  },
  { auto: [0] },
);

const event = { init: 1, connect: 2, disconnect: 3 } as const;

/** Copies so many words of eight bytes. */
function copy(s: Script, from: number, to: number, count: number): void {
  for (let i = 0; i < count; i++) s.call("any", "storeLong", to + 8 * i, longAt(from + 8 * i));
}

function note(s: Script, kind: number): void {
  const row = s.place([...new Uint8Array(8), kind, ...new Uint8Array(48)]);
  copy(s, param.sender, row + 9, 4);
  copy(s, param.connection, row + 41, 2);
  s.call(0, "datastore_insert_bsatn", s.table("seen"), row, s.word(57));
}

interface Broken {
  readonly init?: number;
  readonly connect?: number;
  readonly disconnect?: number;
}

/** A module that notes each event; a code of its own makes a reducer fail. */
function lifecycleModule(codes: Broken = {}): Promise<Uint8Array> {
  const scripts = new StaticScripts();
  const made = (kind: number, code = 0): StaticScript =>
    scripts.make(
      (s) => {
        note(s, kind);
        const [text, length] = s.text("you shall not pass");
        if (code === 1) s.call(0, "bytes_sink_write", at(param.sink), text, s.word(length));
      },
      { code },
    );
  return makeGuest({
    definition: {
      tables: [seen, new TableDef("other", { n: u32 })],
      reducers: [
        { name: "run" },
        { name: "first", params: {}, lifecycle: "Init" },
        { name: "came", params: {}, lifecycle: "OnConnect" },
        { name: "left", params: {}, lifecycle: "OnDisconnect" },
      ],
    },
    scripts,
    reducers: {
      1: made(event.init, codes.init),
      2: made(event.connect, codes.connect),
      3: made(event.disconnect, codes.disconnect),
    },
  });
}

export const lifecycleProgram = (): Promise<Uint8Array> => lifecycleModule();

type Call = readonly [sender: JsonValue, connection: JsonValue];

/** Sender and connection of the calls for an event, as SQL shows them. */
async function callsOf(session: Session, kind: number): Promise<readonly Call[]> {
  const rows = await session.rows(`SELECT * FROM seen WHERE event = ${kind}`);
  return rows.map(([, , sender = null, connection = null]) => [sender, connection]);
}

export const lifecycleRules: readonly Rule[] = rulesAbout("Lifecycle reducers", "lifecycle", [
  {
    name: "init",
    states:
      "The init reducer runs once, at the first publish, as the owner and without a connection.",
    check: async (session) => {
      const calls = await callsOf(session, event.init);
      expectEqual(
        calls,
        [[[`0x${session.identity.toHex()}`], [0]]],
        "sender and connection of its calls",
      );
    },
  },
  {
    name: "init-once",
    states: "Publishing again does not run it again.",
    check: async (session) => {
      const program = await lifecycleModule({ disconnect: 7 });
      const { status, text } = await session.client.publish(session.name, program);
      if (status !== 200) fail(`the update answered ${status} ${text}`);
      expectEqual((await callsOf(session, event.init)).length, 1, "calls of init");
      await session.client.publish(session.name, await lifecycleModule());
    },
  },
  {
    name: "init-fails",
    states: "An init reducer that fails makes the publish fail.",
    check: async (session) => {
      await session.publishBad(await lifecycleModule({ init: 1 }));
      await session.publishBad(await lifecycleModule({ init: 5 }));
    },
  },
  {
    name: "connect",
    states:
      "For every client that comes its reducer runs as the client, with the client's connection.",
    check: async (session) => {
      await session.run((s) => s.call("any", "count"));
      const calls = await callsOf(session, event.connect);
      if (calls.length === 0) fail("nobody came");
      for (const [sender, connection] of calls) {
        expectEqual(sender, [`0x${session.identity.toHex()}`], "the sender");
        if (textOf(connection) === "[0]") fail("the connection is zero");
      }
    },
  },
  {
    name: "disconnect",
    states: "When the client goes the other one runs, with the same connection.",
    check: async (session) => {
      await session.run((s) => s.call("any", "count"));
      await session.waitForRows(`SELECT * FROM seen WHERE event = ${event.disconnect}`, (rows) => {
        return rows.length > 0;
      });
      const came = new Set((await callsOf(session, event.connect)).map((one) => textOf(one[1])));
      for (const [, connection] of await callsOf(session, event.disconnect)) {
        if (!came.has(textOf(connection))) fail(`${textOf(connection)} went and never came`);
      }
    },
  },
  {
    name: "connect-refused",
    states: "A connect reducer that answers 1 turns the client away with its text.",
    check: async (session) => {
      const database = await session.publishGood(await lifecycleModule({ connect: 1 }));
      const { status, text } = await database.call("run", '[""]');
      expectEqual([status, text], [403, "you shall not pass"], "the answer to a call");
    },
  },
  {
    name: "clients",
    states: "While a client is connected `st_client` has a row of it.",
    check: async (session) => {
      const rows = await session.rows("SELECT * FROM st_client");
      if (rows.length === 0) fail("there is no row for the client that asks");
    },
  },
  {
    name: "disconnect-fails",
    states: "A disconnect reducer that fails does not keep the client's row.",
    check: async (session) => {
      const database = await session.publishGood(await lifecycleModule({ disconnect: 1 }));
      await database.run((s) => s.call("any", "count"));
      await database.waitForRows("SELECT * FROM st_client", (rows) => rows.length === 1);
    },
  },
]);
