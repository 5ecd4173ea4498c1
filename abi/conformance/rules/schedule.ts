// Schedule tables and immediate calls.
import { setTimeout as pause } from "node:timers/promises";
import {
  connectionIdType,
  fromHex,
  identityType,
  type JsonValue,
  scheduleAtType,
  TimeDuration,
  timestampType,
  Timestamp,
  type Value,
} from "../../src/index.ts";
import { textOf } from "../client.ts";
import { TableDef } from "../definition.ts";
import { makeGuest, StaticScripts } from "../guest.ts";
import { param } from "../layout.ts";
import { expectEqual, fail, type Rule, rulesAbout } from "../rule.ts";
import { at, longAt, type Script } from "../script.ts";
import type { Session } from "../session.ts";
import { deletePoint, errno, insert, last, u32, u64 } from "./world.ts";

const columns = { id: u64, at: scheduleAtType, n: u32 };
const keyed = { key: 0, unique: [[0]], btree: [[0]], auto: [0] };
const timer = new TableDef("timer", columns, keyed);
const failing = new TableDef("failing", columns, keyed);
const trapping = new TableDef("trapping", columns, keyed);
const slow = new TableDef("slow", columns, keyed);

/** What a scheduled function was called with: the row's id and number, then the caller. */
const fired = new TableDef("fired", {
  id: u64,
  n: u32,
  sender: identityType,
  connection: connectionIdType,
  time: timestampType,
  rows: u64,
});

const scripts = new StaticScripts();

/** Reads the row that it was called with and puts down what it sees. `table` is counted. */
function note(s: Script, table: TableDef): void {
  const given = s.room(32);
  const row = s.room(76);
  s.call(last, "bytes_source_read", at(param.args), given, s.word(32));
  s.call("any", "storeLong", row, longAt(given));
  s.call("any", "store", row + 8, at(given + 17));
  for (let i = 0; i < 4; i++)
    s.call("any", "storeLong", row + 12 + 8 * i, longAt(param.sender + 8 * i));
  for (let i = 0; i < 2; i++) {
    s.call("any", "storeLong", row + 44 + 8 * i, longAt(param.connection + 8 * i));
  }
  s.call("any", "storeLong", row + 60, longAt(param.timestamp));
  s.call(0, "datastore_table_row_count", s.table(table.name), row + 68);
  s.call(0, "datastore_insert_bsatn", s.table("fired"), row, s.word(76));
}

/** Reads a u32 that it was called with. */
const noteNumber = scripts.make((s) => {
  const given = s.word();
  const row = s.room(76);
  s.call(last, "bytes_source_read", at(param.args), given, s.word(4));
  s.call("any", "store", row + 8, at(given));
  for (let i = 0; i < 4; i++)
    s.call("any", "storeLong", row + 12 + 8 * i, longAt(param.sender + 8 * i));
  for (let i = 0; i < 2; i++) {
    s.call("any", "storeLong", row + 44 + 8 * i, longAt(param.connection + 8 * i));
  }
  s.call(0, "datastore_insert_bsatn", s.table("fired"), row, s.word(76));
});

const ticking = scripts.make((s) => note(s, timer));
const failingOne = scripts.make(() => undefined, { code: 1 });
const trappingOne = scripts.make((s) => s.call("any", "unreachable"));
const later = scripts.make((s) => {
  s.call(0, "procedure_start_mut_tx", s.room(8));
  note(s, slow);
  s.call(0, "procedure_commit_mut_tx");
});

export const scheduleProgram = (): Promise<Uint8Array> => {
  const definition = {
    tables: [timer, failing, trapping, slow, fired],
    schedules: [
      { table: "timer", column: 1, calls: "tick" },
      { table: "failing", column: 1, calls: "fail" },
      { table: "trapping", column: 1, calls: "trap" },
      { table: "slow", column: 1, calls: "later" },
    ],
  };
  // The row types come behind that of the table of reports.
  const rowOf = (position: number) => ({ row: { kind: "ref", ref: position } as const });
  return makeGuest({
    definition: {
      ...definition,
      reducers: [
        { name: "run" },
        { name: "tick", params: rowOf(1) },
        { name: "fail", params: rowOf(2) },
        { name: "trap", params: rowOf(3) },
        { name: "note_number", params: { n: u32 } },
      ],
      procedures: [{ name: "later", params: rowOf(4), returns: { kind: "product", elements: [] } }],
    },
    scripts,
    reducers: { 1: ticking, 2: failingOne, 3: trappingOne, 4: noteNumber },
    procedures: { 0: later },
  });
};

const atTime = (micros: bigint): Value => ({ tag: "Time", value: new Timestamp(micros) });
const every = (micros: bigint): Value => ({ tag: "Interval", value: new TimeDuration(micros) });
const nowMicros = (): bigint => BigInt(Date.now()) * 1000n;

/** Numbers of rows: each rule looks at its own. */
let lastNumber = 0;

async function schedule(
  session: Session,
  when: Value,
  table: TableDef = timer,
  commits = true,
): Promise<number> {
  const n = ++lastNumber;
  await session.run((s) => void insert(s, table, { id: 0n, at: when, n }), { commits });
  return n;
}

const firedWith = (n: number): string => `SELECT * FROM fired WHERE n = ${n}`;
const isThere = (rows: readonly unknown[]): boolean => rows.length > 0;

async function waitUntilGone(session: Session, table: TableDef, n: number): Promise<void> {
  await session.waitForRows(
    `SELECT * FROM ${table.name} WHERE n = ${n}`,
    (rows) => rows.length === 0,
  );
}

/** When a row of `fired` was made. */
function microsOf(row: readonly JsonValue[] | undefined): bigint {
  return BigInt(/\d+/.exec(textOf(row?.[4]))?.[0] ?? "0");
}

/** How long the suite looks for what must not happen. */
const quietMs = 600;

async function expectQuiet(session: Session, n: number): Promise<void> {
  await pause(quietMs);
  expectEqual((await session.rows(firedWith(n))).length, 0, "calls");
}

/** The far end of what can be scheduled: 64^6 - 1 milliseconds ahead. */
const delayMicrosMax = (64n ** 6n - 1n) * 1000n;
const hourMicros = 3_600_000_000n;

const tooFar = (table: TableDef, when: bigint) => (s: Script) => {
  insert(s, table, { id: 0n, at: atTime(when), n: 0 }, errno.delay);
};

export const scheduleRules: readonly Rule[] = [
  ...rulesAbout("Schedules", "schedule", [
    {
      name: "past",
      states: "A row whose time has passed is due at once.",
      check: async (session) => {
        const n = await schedule(session, atTime(1n));
        await session.waitForRows(firedWith(n), isThere);
      },
    },
    {
      name: "time",
      states: "A row is called once, not before its time.",
      check: async (session) => {
        const time = nowMicros() + 400_000n;
        const n = await schedule(session, atTime(time));
        const [row] = await session.waitForRows(firedWith(n), isThere);
        const called = microsOf(row);
        if (called < time) fail(`called at ${called}, due at ${time}`);
        await pause(quietMs);
        expectEqual((await session.rows(firedWith(n))).length, 1, "calls");
      },
    },
    {
      name: "row-deleted-after",
      states: "A reducer still sees the row it is called for; after it the row is gone.",
      check: async (session) => {
        const n = await schedule(session, atTime(1n));
        const [row] = await session.waitForRows(firedWith(n), isThere);
        if (Number(row?.[5]) < 1) fail("the row was gone when the reducer ran");
        await waitUntilGone(session, timer, n);
      },
    },
    {
      name: "caller",
      states: "The caller is the database itself, the connection zero.",
      check: async (session) => {
        const { text } = await session.client.send("GET", `${session.name}/identity`);
        const n = await schedule(session, atTime(1n));
        const [row] = await session.waitForRows(firedWith(n), isThere);
        expectEqual([row?.[2], row?.[3]], [[`0x${text.trim()}`], [0]], "sender and connection");
        fromHex(text.trim());
      },
    },
    {
      name: "interval",
      states:
        "A row with an interval is called again and again, first one interval after its insert, and stays.",
      check: async (session) => {
        const start = nowMicros();
        const n = await schedule(session, every(100_000n));
        const rows = await session.waitForRows(firedWith(n), (seen) => seen.length >= 3);
        const times = rows.map(microsOf);
        const earliest = times.reduce((least, time) => (time < least ? time : least));
        if (earliest < start + 50_000n) fail(`first called ${earliest - start} microseconds after`);
        const kept = await session.rows(`SELECT * FROM timer WHERE n = ${n}`);
        expectEqual(kept.length, 1, "rows left");
        await session.run((s) => s.call("any", "datastore_clear", s.table("timer"), s.room(8)), {
          commits: true,
        });
      },
    },
    {
      name: "interval-ends",
      states: "An interval ends with its row.",
      check: async (session) => {
        const n = await schedule(session, every(100_000n));
        await session.waitForRows(firedWith(n), isThere);
        await session.run((s) => s.call(0, "datastore_clear", s.table("timer"), s.room(8)), {
          commits: true,
        });
        const { length } = await session.rows(firedWith(n));
        await pause(quietMs);
        expectEqual((await session.rows(firedWith(n))).length, length, "calls");
      },
    },
    {
      name: "deleted",
      states: "A row that is deleted before its time is not called.",
      check: async (session) => {
        const n = await schedule(session, atTime(nowMicros() + 400_000n));
        await session.run((s) => s.call(0, "datastore_clear", s.table("timer"), s.room(8)), {
          commits: true,
        });
        await expectQuiet(session, n);
      },
    },
    {
      name: "rolled-back",
      states: "A row that was not committed is not called.",
      check: async (session) => {
        const n = await schedule(session, atTime(1n), timer, false);
        await expectQuiet(session, n);
      },
    },
    {
      name: "updated",
      states: "An updated row is called at its new time.",
      check: async (session) => {
        const n = ++lastNumber;
        const row = (time: bigint): Value => ({ id: 7_000_000n + BigInt(n), at: atTime(time), n });
        await session.run((s) => void insert(s, timer, row(nowMicros() + hourMicros)), {
          commits: true,
        });
        await session.run(
          (s) => {
            const bytes = timer.row(row(1n));
            const [place, length] = [s.place(bytes), s.word(bytes.length)];
            const index = s.index("timer_0_btree");
            s.call(0, "datastore_update_bsatn", s.table("timer"), index, place, length);
          },
          { commits: true },
        );
        await session.waitForRows(firedWith(n), isThere);
      },
    },
    {
      name: "error",
      states: "A one-time row is deleted even if its reducer answers 1: there is no second try.",
      check: async (session) => {
        await waitUntilGone(session, failing, await schedule(session, atTime(1n), failing));
      },
    },
    {
      name: "trap",
      states: "So it is if its reducer traps.",
      check: async (session) => {
        await waitUntilGone(session, trapping, await schedule(session, atTime(1n), trapping));
      },
    },
    {
      name: "procedure",
      states: "A row may call a procedure; it is deleted and committed before the procedure runs.",
      check: async (session) => {
        const n = await schedule(session, atTime(1n), slow);
        const [row] = await session.waitForRows(firedWith(n), isThere);
        expectEqual(Number(row?.[5]), 0, "rows when the procedure ran");
      },
    },
    {
      name: "private",
      states: "Clients other than the owner cannot call a scheduled function.",
      check: async (session) => {
        const stranger = await session.client.stranger();
        const args = '[{"id":1,"at":{"Interval":{"__time_duration_micros__":1}},"n":1}]';
        expectEqual((await session.call("tick", args, stranger)).status, 404, "the status");
      },
    },
  ]),
  ...rulesAbout("datastore_insert_bsatn", "schedule-insert", [
    {
      name: "too-far",
      states: "A row of a scheduled table that lies 64^6 - 1 ms or more ahead answers 13.",
      check: async (session) => {
        await session.run(tooFar(timer, nowMicros() + delayMicrosMax + hourMicros));
      },
    },
    {
      name: "far",
      states: "A little less is taken.",
      check: async (session) => {
        const when = atTime(nowMicros() + delayMicrosMax - hourMicros);
        await session.run((s) => void insert(s, timer, { id: 0n, at: when, n: 0 }));
      },
    },
  ]),
  ...rulesAbout("datastore_update_bsatn", "schedule-update", [
    {
      name: "too-far",
      states: "An update to a time that lies too far ahead answers 13.",
      check: async (session) => {
        await session.run((s) => {
          insert(s, timer, { id: 6_000_000n, at: atTime(nowMicros() + hourMicros), n: 0 });
          const when = atTime(nowMicros() + delayMicrosMax + hourMicros);
          const bytes = timer.row({ id: 6_000_000n, at: when, n: 0 });
          const [row, length] = [s.place(bytes), s.word(bytes.length)];
          const index = s.index("timer_0_btree");
          s.call(errno.delay, "datastore_update_bsatn", s.table("timer"), index, row, length);
          deletePoint(s, index, timer.row({ id: 6_000_000n, at: when, n: 0 }).subarray(0, 8), 1);
        });
      },
    },
  ]),
  ...rulesAbout("volatile_nonatomic_schedule_immediate", "immediate", [
    {
      name: "runs",
      states: "The named reducer is called soon, with the arguments given, as the database itself.",
      check: async (session) => {
        const n = ++lastNumber;
        await session.run((s) => immediate(s, "note_number", n), { commits: true });
        const [row] = await session.waitForRows(firedWith(n), isThere);
        const { text } = await session.client.send("GET", `${session.name}/identity`);
        expectEqual([row?.[2], row?.[3]], [[`0x${text.trim()}`], [0]], "sender and connection");
      },
    },
    {
      name: "not-undone",
      states: "A rollback does not take the call back.",
      check: async (session) => {
        const n = ++lastNumber;
        await session.run((s) => immediate(s, "note_number", n));
        await session.waitForRows(firedWith(n), isThere);
      },
    },
    {
      name: "utf8",
      states: "A name that is not valid UTF-8 traps.",
      check: async (session) => {
        await session.run((s) => {
          const name = "volatile_nonatomic_schedule_immediate";
          s.traps(name, s.place([0xc3, 0x28]), 2, s.room(4), 4);
        });
      },
    },
  ]),
];

function immediate(s: Script, name: string, n: number): void {
  const args = s.word(n);
  s.call("any", "volatile_nonatomic_schedule_immediate", ...s.text(name), args, 4);
}
