// How far ahead a row may ask for its call (abi.md section 5.4): what lies further is refused once it is written.
import { test } from "tap";
import {
  compileCodec,
  encode,
  Errno,
  present,
  product,
  ref,
  scheduleAtType,
  TimeDuration,
  Timestamp,
  type Value,
} from "@lightcone/abi";
import { tableRows } from "../rows.ts";
import { Script, ScriptHost } from "./script.ts";

const columns = { id: { kind: "u64" }, at: scheduleAtType } as const;
const codec = compileCodec(product(columns));

/** 64^6 - 1 milliseconds. */
const delayMax = (64n ** 6n - 1n) * 1000n;
const longest = (1n << 63n) - 1n;

void test("[SCHED2] a delay of 64^6 - 1 ms or more is answered with 13, after the row was written", async (t) => {
  const scripts = await ScriptHost.open({
    tables: [
      {
        name: "timer",
        columns,
        primaryKey: 0,
        indexes: [{ name: "timer_id", algorithm: { tag: "BTree", value: [0] } }],
        unique: [[0]],
        schedule: { reducer: "tick", column: 1 },
      },
    ],
    reducers: [{ name: "tick", params: { row: ref(0) } }],
  });
  const { database, clock } = scripts.host;
  const now = clock.nowMicros();
  const { datastore } = database.parts;
  const tableId = present(datastore.tableByName("timer"), "timer").schema.id;
  const indexId = present(datastore.catalog.indexIdByName("timer_id"), "timer_id");
  const every = (micros: bigint): Value => ({ tag: "Interval", value: new TimeDuration(micros) });
  const once = (micros: bigint): Value => ({ tag: "Time", value: new Timestamp(micros) });
  const tooLong = Errno.scheduleAtDelayTooLong;
  const cases: [Value, number][] = [
    [every(delayMax - 1n), 0],
    [every(delayMax), tooLong],
    [every(-delayMax), tooLong],
    [every(longest), tooLong],
    [every(-longest - 1n), tooLong],
    [once(now + delayMax - 1n), 0],
    [once(now + delayMax), tooLong],
    [once(longest), tooLong],
    [once(-longest - 1n), 0],
  ];
  for (const [at, errno] of cases) {
    const script = new Script();
    const place = (row: Value): [number, number] => {
      const bytes = encode(codec, row);
      return [script.place(bytes), script.word(bytes.length)];
    };
    script.call("datastore_insert_bsatn", tableId, ...place({ id: 1n, at: once(now) }));
    script.call("datastore_insert_bsatn", tableId, ...place({ id: 2n, at }));
    script.call("datastore_update_bsatn", tableId, indexId, ...place({ id: 1n, at }));
    const count = script.place(new Uint8Array(8));
    script.call("datastore_table_row_count", tableId, count);
    script.call("datastore_insert_bsatn", tableId, ...place({ id: 2n, at }));
    t.match(scripts.run(script, 1), { statuses: [0, errno, errno, 0, 0] }, JSON.stringify(errno));
    t.same(tableRows(database, "timer"), [], "the call failed");
  }
  t.equal(scripts.host.timers.count, 0);
});
