// A guest whose reducers ask for scheduled calls, and whose scheduled reducer writes down each of its calls.
import {
  compileCodec,
  encode,
  product,
  ref,
  scheduleAtType,
  TimeDuration,
  Timestamp,
} from "@lightcone/abi";
import type { ManualClock } from "../../src/base/clock.ts";
import type { MemoryDisk } from "../../src/base/disk/memory.ts";
import { seededRandom } from "../../src/base/random.ts";
import { owner, TestClient, TestHost } from "../../src/session/test-client.ts";
import { assembleGuest, importDeclarations } from "../module/guest.ts";
import { tableRows } from "../rows.ts";

const u32 = { kind: "u32" } as const;
const u64 = { kind: "u64" } as const;
const i64 = { kind: "i64" } as const;

const timer = { id: u64, at: scheduleAtType, action: u32 } as const;
const fired = { id: u64, timer: u64, action: u32, at: i64, sender: u64, connection: u64 } as const;
const timerCodec = compileCodec(product(timer));

/** What the scheduled reducer does after it has written its call down. */
export const action = { succeed: 0, fail: 1, trap: 2, cancel: 3, postpone: 4 } as const;

const key = (name: string) => ({
  primaryKey: 0,
  indexes: [{ name, algorithm: { tag: "BTree", value: [0] } }],
  unique: [[0]],
  sequences: [0],
});

// Ids are given in the order of names: `fired` comes first.
const firedId = 4096;
const timerId = 4097;
const timerIndexId = 4097;

const lengthAt = 32_760;
const argsAt = 32_768;
const firedLengthAt = 33_016;
const firedAt = 33_024;
const nameAt = 33_280;

/** Appends to `fired`: the timer and action of the row in the arguments, the timestamp, the caller. */
const writeDown = `
  (i64.store (i32.const ${firedAt}) (i64.const 0))
  (i64.store offset=8 (i32.const ${firedAt}) (i64.load (i32.const ${argsAt})))
  (i32.store offset=16 (i32.const ${firedAt}) (i32.load offset=17 (i32.const ${argsAt})))
  (i64.store offset=20 (i32.const ${firedAt}) (local.get 7))
  (i64.store offset=28 (i32.const ${firedAt}) (local.get 1))
  (i64.store offset=36 (i32.const ${firedAt}) (i64.or (local.get 5) (local.get 6)))
  (i32.store (i32.const ${firedLengthAt}) (i32.const 44))
  (drop (call $datastore_insert_bsatn
    (i32.const ${firedId}) (i32.const ${firedAt}) (i32.const ${firedLengthAt})))`;

const replace = `(drop (call $datastore_update_bsatn (i32.const ${timerId})
  (i32.const ${timerIndexId}) (i32.const ${argsAt}) (i32.const ${lengthAt})))`;
const cancel = `(drop (call $datastore_delete_by_index_scan_point_bsatn
  (i32.const ${timerIndexId}) (i32.const ${argsAt}) (i32.const 8) (i32.const ${firedLengthAt})))`;
const insert = `(drop (call $datastore_insert_bsatn
  (i32.const ${timerId}) (i32.const ${argsAt}) (i32.const ${lengthAt})))`;

/** The action of the row, which lies behind its id and its ScheduleAt. */
const act = `
  (local.set $action (i32.load offset=17 (i32.const ${argsAt})))
  (if (i32.eq (local.get $action) (i32.const ${action.fail})) (then (return (i32.const 1))))
  (if (i32.eq (local.get $action) (i32.const ${action.trap})) (then unreachable))
  (if (i32.eq (local.get $action) (i32.const ${action.cancel})) (then ${cancel}))
  (if (i32.eq (local.get $action) (i32.const ${action.postpone})) (then
    (i64.store offset=9 (i32.const ${argsAt}) (i64.add (local.get 7) (i64.const 1000000)))
    (i32.store offset=17 (i32.const ${argsAt}) (i32.const ${action.succeed}))
    ${replace}))`;

/** Asks for `tick` at once, with the arguments as they are. */
const atOnce = `(call $volatile_nonatomic_schedule_immediate (i32.const ${nameAt}) (i32.const 4)
  (i32.const ${argsAt}) (i32.load (i32.const ${lengthAt})))`;

const bodies: Readonly<Record<string, string>> = {
  tick: `${writeDown} ${act}`,
  put: insert,
  put_and_fail: `${insert} (return (i32.const 1))`,
  replace,
  cancel,
  at_once: atOnce,
  at_once_and_fail: `${atOnce} (return (i32.const 1))`,
  at_once_nobody: atOnce.replace("(i32.const 4)", "(i32.const 3)"),
  at_once_in_vain: atOnce.replace(`(i32.load (i32.const ${lengthAt}))`, "(i32.const 7)"),
};

/** `isLater` gives a program that is another one and does the same. */
export function assembleSchedules(isLater = false): Promise<Uint8Array> {
  const row = { row: ref(1) };
  const reducers = Object.keys(bodies).map((name) => ({ name, params: row }));
  const cases = Object.values(bodies).map(
    (body, id) => `(if (i32.eq (local.get $id) (i32.const ${id})) (then ${body}))`,
  );
  return assembleGuest({
    imports: importDeclarations([
      "bytes_sink_write",
      "bytes_source_read",
      "datastore_insert_bsatn",
      "datastore_update_bsatn",
      "datastore_delete_by_index_scan_point_bsatn",
      "volatile_nonatomic_schedule_immediate",
    ]),
    definition: {
      tables: [
        { name: "fired", columns: fired, ...key("fired_id") },
        {
          name: "timer",
          columns: timer,
          ...key("timer_id"),
          schedule: { reducer: "tick", column: 1 },
        },
      ],
      reducers,
    },
    reducer: `
      (local $action i32)
      (i32.store (i32.const ${lengthAt}) (i32.const 64))
      (drop (call $bytes_source_read
        (local.get $args) (i32.const ${argsAt}) (i32.const ${lengthAt})))
      ${cases.join("\n")}
      (i32.const 0)`,
    more: `(data (i32.const ${nameAt}) "tick")${isLater ? '(func (export "later"))' : ""}`,
  });
}

/** When a row asks for its call, in microseconds. */
export type When = { readonly every: bigint } | { readonly at: bigint };

/** A database with that guest, and one client, who is the owner. */
export class ScheduleWorld {
  readonly host: TestHost;
  readonly client: TestClient;
  readonly startMicros: bigint;

  private constructor(host: TestHost, startMicros: bigint) {
    this.host = host;
    this.startMicros = startMicros;
    this.client = new TestClient(host, 1, "owner");
  }

  static async open(): Promise<ScheduleWorld> {
    const host = new TestHost();
    const service = await host.open();
    await service.publish(await assembleSchedules(), owner);
    const world = new ScheduleWorld(host, host.clock.nowMicros());
    // What the client's connecting took of the call clock.
    host.timers.advance(1000n);
    return world;
  }

  /** Stops the machine, and starts another one on its disk `micros` later. */
  async restart(micros: bigint): Promise<ScheduleWorld> {
    await this.host.database.log.flush();
    const again = new TestHost((this.host.disk as MemoryDisk).crash(seededRandom(1)));
    again.clock.set(this.host.clock.nowMicros() + micros);
    await again.open();
    return new ScheduleWorld(again, this.startMicros);
  }

  get clock(): ManualClock {
    return this.host.clock;
  }

  /** Calls a reducer with a row of `timer`; returns how that ended. */
  call(reducer: string, when: When, id = 0n, act: number = action.succeed): string {
    const at =
      "every" in when
        ? { tag: "Interval", value: new TimeDuration(when.every) }
        : { tag: "Time", value: new Timestamp(when.at) };
    const args = encode(timerCodec, { id, at, action: act });
    for (const message of this.client.callRaw(reducer, args)) {
      if (message.kind === "reducerResult") return message.outcome.kind;
    }
    return "no answer";
  }

  /** Lets milliseconds pass. */
  async pass(millis: number): Promise<void> {
    this.host.timers.advance(BigInt(Math.round(millis * 1000)));
    await this.host.database.log.flush();
  }

  /** What was called, as [timer, milliseconds since the start]. */
  get fired(): [number, number][] {
    return tableRows(this.host.database, "fired").map((row) => [
      Number(row["timer"]),
      // Calls at one time get timestamps that differ by microseconds.
      Math.floor(Number((row["at"] as bigint) - this.startMicros) / 1000),
    ]);
  }

  /** The rows that wait. */
  get timers(): number[] {
    return tableRows(this.host.database, "timer").map(({ id }) => Number(id));
  }

  get anchors(): number[] {
    const { datastore } = this.host.database.parts;
    const table = datastore.tableByName("st_lightcone_schedule");
    if (table === undefined) return [];
    const rows = tableRows(this.host.database, "st_lightcone_schedule");
    return rows.map(({ row_key }) => Number(row_key)).sort((a, b) => a - b);
  }
}
