// What a definition may say, and under which names things are found afterwards.
import { scheduleAtType } from "../../src/index.ts";
import { type Definition, TableDef } from "../definition.ts";
import { makeGuest } from "../guest.ts";
import { expectEqual, fail, type Rule, rulesAbout, type RuleText } from "../rule.ts";
import { errno, holdsCount, insert, on, string, u32, u64 } from "./world.ts";

const player = new TableDef(
  "PlayerState",
  { playerId: u32, HTTPName: string },
  { key: 0, unique: [[0]], btree: [[0]] },
);
const named = new TableDef("Chosen", { id: u32 });
const secret = new TableDef("secret_table", { id: u32 }, { isPrivate: true });

export const namesProgram = (): Promise<Uint8Array> =>
  makeGuest({
    definition: {
      tables: [player, named, secret],
      reducers: [{ name: "run" }, { name: "doSomething2" }],
      hasSnakeCase: true,
      explicitNames: [{ tag: "Table", source: "Chosen", canonical: "Kept_As_Given" }],
    },
  });

/** A definition that must be refused. */
const refused = (name: string, states: string, definition: Definition): RuleText => ({
  name,
  states,
  check: async (session) => void (await session.publishBad(await makeGuest({ definition }))),
});

const one = { id: u32, text: string };
const table = (options: ConstructorParameters<typeof TableDef>[2], columns = one): Definition => ({
  tables: [new TableDef("thing", columns, options)],
});
const timer = (columns: ConstructorParameters<typeof TableDef>[1]): Definition => ({
  tables: [new TableDef("timer", columns, { key: 0, unique: [[0]], btree: [[0]] })],
  reducers: [{ name: "tick", params: { row: { kind: "ref", ref: 1 } } }],
  schedules: [{ table: "timer", column: 1, calls: "tick" }],
});

const validity = rulesAbout("Module definition", "definition", [
  refused("same-table", "Two tables of one name are refused.", {
    tables: [new TableDef("thing", one), new TableDef("thing", one)],
  }),
  refused("same-function", "Two functions of one name are refused, whatever their kinds.", {
    reducers: [{ name: "act" }],
    procedures: [{ name: "act" }],
  }),
  refused("bad-name", "A name that is no identifier is refused.", {
    tables: [new TableDef("1st thing", one)],
  }),
  refused("system-name", "A table of a user must not begin with `st_`.", {
    tables: [new TableDef("st_thing", one)],
  }),
  refused(
    "key-not-unique",
    "A primary key without a unique constraint is refused.",
    table({ key: 0, btree: [[0]] }),
  ),
  refused(
    "unique-without-index",
    "So is a unique constraint without an index on its columns.",
    table({ unique: [[0]] }),
  ),
  refused(
    "no-such-column",
    "An index on a column that there is none is refused.",
    table({ btree: [[7]] }),
  ),
  refused("same-column", "An index with a column twice is refused.", table({ btree: [[0, 0]] })),
  refused("direct-type", "A direct index on a string is refused.", table({ direct: [1] })),
  refused("sequence-type", "A generated column must be an integer.", table({ auto: [1] })),
  refused(
    "sequence-bounds",
    "A sequence must begin between its bounds.",
    table({ auto: [0], sequence: { start: 9n, min: 1n, max: 3n } }),
  ),
  refused(
    "default-type",
    "A default that does not decode as its column is refused.",
    table({ defaults: [{ col_id: 0, value: Uint8Array.of(1) }] }),
  ),
  refused("lifecycle-twice", "Two reducers for one event are refused.", {
    reducers: [
      { name: "a", params: {}, lifecycle: "Init" },
      { name: "b", params: {}, lifecycle: "Init" },
    ],
  }),
  refused(
    "schedule-key",
    "A scheduled table needs a key of type u64.",
    timer({ id: u32, at: scheduleAtType }),
  ),
  refused("schedule-column", "Its column must be a ScheduleAt.", timer({ id: u64, at: u64 })),
  refused("schedule-function", "The function of a schedule must exist.", {
    ...timer({ id: u64, at: scheduleAtType }),
    reducers: [],
  }),
  refused("schedule-params", "It takes one parameter, the table's row.", {
    ...timer({ id: u64, at: scheduleAtType }),
    reducers: [{ name: "tick", params: { n: u32 } }],
  }),
  refused("route-handler", "A route needs a handler that exists.", {
    routes: [{ handler_function: "nobody", method: { tag: "Any", value: undefined }, path: "/" }],
  }),
]);

const naming = rulesAbout("Names", "name", [
  on("source", "A table is found by the name that the module gave it.", (s) => {
    insert(s, player, { playerId: 1, HTTPName: "a" });
    holdsCount(s, player, 1n);
  }),
  on("canonical", "And by its canonical one: snake case, if nothing else is said.", (s) => {
    s.call(0, "table_id_from_name", ...s.text("player_state"), s.word());
  }),
  on("index-source", "So is an index, by the name in the definition.", (s) => {
    s.call(0, "index_id_from_name", ...s.text("PlayerState_0_btree"), s.word());
  }),
  on("index-canonical", "And by the one made of the canonical names of table and columns.", (s) => {
    s.call(0, "index_id_from_name", ...s.text("player_state_player_id_idx_btree"), s.word());
  }),
  on("explicit", "A name that is given explicitly is kept as it is.", (s) => {
    s.call(0, "table_id_from_name", ...s.text("Kept_As_Given"), s.word());
    s.call(0, "table_id_from_name", ...s.text("Chosen"), s.word());
    s.call(errno.noTable, "table_id_from_name", ...s.text("chosen"), s.word());
  }),
  {
    name: "columns",
    states:
      "Columns and functions are in snake case, too, with words split at digits and behind runs of capitals.",
    check: async (session) => {
      await session.expectRows("SELECT player_id, http_name FROM player_state", []);
      await session.run(() => undefined, { fn: "do_something_2" });
    },
  },
  {
    name: "schema",
    states: "The schema has the canonical names, of private tables as well.",
    check: async (session) => {
      const { text } = await session.client.send("GET", `${session.name}/schema?version=10`);
      for (const name of ["player_state", "Kept_As_Given", "secret_table"]) {
        if (!text.includes(`"${name}"`)) fail(`the schema does not name ${name}`);
      }
    },
  },
  {
    name: "private",
    states: "A private table is read by the owner alone.",
    check: async (session) => {
      await session.expectRows("SELECT * FROM secret_table", []);
      const stranger = await session.client.stranger();
      const path = `${session.name}/sql`;
      const { status } = await stranger.send("POST", path, "SELECT * FROM secret_table");
      expectEqual(status, 400, "the status for somebody else");
    },
  },
]);

export const namesRules: readonly Rule[] = [...naming, ...validity];
