// Views: the two forms of their result, what they see, what they may do.
import { array, identityType, option, ref } from "../../src/index.ts";
import { textOf } from "../client.ts";
import { TableDef } from "../definition.ts";
import { makeGuest, type StaticScript, StaticScripts } from "../guest.ts";
import { param } from "../layout.ts";
import { expectEqual, fail, type Rule, rulesAbout, type RuleText } from "../rule.ts";
import { at, longAt, type Script } from "../script.ts";
import { failedStatus, type Session } from "../session.ts";
import { errno, insert, item, last, u32 } from "./world.ts";

/** What the view that knows its sender returns: its own identity. */
const sight = new TableDef("sight", { who: identityType, n: u32 });

const scripts = new StaticScripts();

/** Writes all rows of `item`, with a header in front or without. */
function writeItems(s: Script, header: readonly number[]): void {
  const out = s.place([...header, ...new Uint8Array(4096)]);
  const rows = out + header.length;
  s.call(0, "datastore_table_row_count", s.table("item"), rows);
  const iterator = s.word();
  s.call(0, "datastore_table_scan_bsatn", s.table("item"), iterator);
  const length = s.word(4000);
  s.call(last, "row_iter_bsatn_advance", at(iterator), rows + 4, length);
  s.call("any", "store", length, s.call("any", "add", at(length), header.length + 4));
  s.call(0, "bytes_sink_write", at(param.sink), out, length);
}

function write(s: Script, bytes: readonly number[]): void {
  s.call(0, "bytes_sink_write", at(param.sink), s.place(bytes), s.word(bytes.length));
}

const rawSql = (sql: string): number[] => [1, sql.length, 0, 0, 0, ...Buffer.from(sql)];
const oneItem = [...item.row({ id: 5, text: "five" })];

let startAnswer = 0;

interface View {
  readonly name: string;
  readonly script: StaticScript;
  readonly isOption?: boolean;
}

const anonymous: readonly View[] = [
  { name: "with_header", script: scripts.make((s) => writeItems(s, [0]), { code: 2 }) },
  { name: "without_header", script: scripts.make((s) => writeItems(s, []), { code: 0 }) },
  {
    name: "as_sql",
    script: scripts.make((s) => write(s, rawSql("SELECT * FROM item")), { code: 2 }),
  },
  { name: "as_no_sql", script: scripts.make((s) => write(s, rawSql("")), { code: 2 }) },
  {
    name: "as_bad_sql",
    script: scripts.make((s) => write(s, rawSql("SELECT * FROM nowhere")), { code: 2 }),
  },
  {
    name: "as_other_sql",
    script: scripts.make((s) => write(s, rawSql("SELECT * FROM sight")), { code: 2 }),
  },
  { name: "saying_no", script: scripts.make((s) => write(s, [110, 111]), { code: 1 }) },
  { name: "of_other_code", script: scripts.make(() => undefined, { code: 9 }) },
  { name: "trapping", script: scripts.make((s) => s.call("any", "unreachable"), { code: 2 }) },
  { name: "malformed", script: scripts.make((s) => write(s, [0, 9, 0, 0, 0, 1]), { code: 2 }) },
  {
    name: "some_item",
    script: scripts.make((s) => write(s, [0, 1, 0, 0, 0, ...oneItem]), { code: 2 }),
    isOption: true,
  },
  {
    name: "no_item",
    script: scripts.make((s) => write(s, [0, 0, 0, 0, 0]), { code: 2 }),
    isOption: true,
  },
  {
    name: "starting",
    script: scripts.make(
      (s) => {
        startAnswer = s.word(99);
        s.call("any", "store", startAnswer, s.call("any", "procedure_start_mut_tx", s.room(8)));
        write(s, [0, 0, 0, 0, 0]);
      },
      { code: 2 },
    ),
  },
  {
    name: "sleeping",
    script: scripts.make((s) => s.call("any", "procedure_sleep_until", 1), { code: 2 }),
  },
];

const ofSender: readonly View[] = [
  {
    name: "own_sight",
    script: scripts.make(
      (s) => {
        const out = s.place([0, 1, 0, 0, 0, ...new Uint8Array(32), 7, 0, 0, 0]);
        for (let i = 0; i < 4; i++) {
          s.call("any", "storeLong", out + 5 + 8 * i, longAt(param.sender + 8 * i));
        }
        s.call(0, "bytes_sink_write", at(param.sink), out, s.word(41));
      },
      { code: 2 },
    ),
  },
];

/** Positions of row types: behind that of the table of reports. */
const itemRow = ref(1);
const sightRow = ref(2);

export const viewProgram = (): Promise<Uint8Array> =>
  makeGuest({
    definition: {
      tables: [item, sight],
      reducers: [{ name: "run" }],
      views: [
        ...anonymous.map(({ name, isOption }, index) => ({
          name,
          index,
          isAnonymous: true,
          returns: isOption === true ? option(itemRow) : array(itemRow),
        })),
        ...ofSender.map(({ name }, index) => ({
          name,
          index,
          isAnonymous: false,
          returns: array(sightRow),
        })),
      ],
    },
    scripts,
    anonymousViews: anonymous.map(({ script }) => script),
    senderViews: ofSender.map(({ script }) => script),
  });

/** Puts these rows, and no others, into `item`. */
async function setItems(session: Session, ids: readonly number[]): Promise<void> {
  await session.run(
    (s) => {
      s.call(0, "datastore_clear", s.table("item"), s.room(8));
      for (const id of ids) insert(s, item, { id, text: `item ${id}` });
    },
    { commits: true },
  );
}

const shows = (name: string, states: string, view: string): RuleText => ({
  name,
  states,
  check: async (session) => {
    await setItems(session, [1, 2]);
    const rows = [
      [1, "item 1"],
      [2, "item 2"],
    ];
    await session.expectRows(`SELECT * FROM ${view}`, rows);
    await setItems(session, [2, 3, 4]);
    await session.expectRows(
      `SELECT * FROM ${view}`,
      [2, 3, 4].map((id) => [id, `item ${id}`]),
    );
  },
});

/** What a query may be answered with whose view fails. */
const failures: readonly number[] = [400, 500, failedStatus];

const refuses = (name: string, states: string, view: string): RuleText => ({
  name,
  states,
  check: async (session) => {
    const sql = `SELECT * FROM ${view}`;
    const { status, text } = await session.client.send("POST", `${session.name}/sql`, sql);
    if (!failures.includes(status)) fail(`the query answered ${status} ${text}`);
  },
});

export const viewRules: readonly Rule[] = rulesAbout("Views", "view", [
  shows(
    "rows",
    "Code 2 with the header's tag 0: an array of rows follows, made anew when its tables change.",
    "with_header",
  ),
  shows("rows-old", "Code 0: the array alone.", "without_header"),
  shows("sql", "Code 2 with the tag 1: a query, whose rows are the view's.", "as_sql"),
  {
    name: "sql-empty",
    states: "An empty query text has no rows.",
    check: (session) => session.expectRows("SELECT * FROM as_no_sql", []),
  },
  refuses("sql-bad", "A query that does not plan is an error.", "as_bad_sql"),
  refuses("sql-type", "So is one whose rows are of another type.", "as_other_sql"),
  refuses("error", "Code 1 is an error with a text.", "saying_no"),
  refuses("code", "Any other code is an error.", "of_other_code"),
  refuses("trap", "So is a trap.", "trapping"),
  refuses("malformed", "So are rows that do not decode.", "malformed"),
  {
    name: "option",
    states: "A view that returns an option sends an array of no row or one.",
    check: async (session) => {
      await session.expectRows("SELECT * FROM some_item", [[5, "five"]]);
      await session.expectRows("SELECT * FROM no_item", []);
    },
  },
  {
    name: "sender",
    states:
      "A view that is not anonymous knows who asks; those views have ids of their own from 0.",
    check: async (session) => {
      const rows = await session.rows("SELECT * FROM own_sight");
      const stranger = await session.client.stranger();
      const others = await stranger.rows(session.name, "SELECT * FROM own_sight");
      expectEqual([rows.length, others.length], [1, 1], "rows");
      if (textOf(rows[0]?.[0]) === textOf(others[0]?.[0])) fail("two callers are one sender");
    },
  },
  {
    name: "start-tx",
    states: "`procedure_start_mut_tx` answers 17 in a view.",
    check: async (session) => {
      await session.expectRows("SELECT * FROM starting", []);
      await session.run((s) => s.holdsWord(startAnswer, errno.wouldBlock, "the answer"));
    },
  },
  refuses("sleep", "`procedure_sleep_until` traps in a view.", "sleeping"),
]);
