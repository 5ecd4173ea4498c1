// Submodules: the names of what is in them, and the numbers under which their functions are called.
import { array, ref, scheduleAtType, Timestamp } from "../../src/index.ts";
import { type Definition, TableDef } from "../definition.ts";
import { makeGuest, type StaticScript, StaticScripts } from "../guest.ts";
import { param } from "../layout.ts";
import { expectEqual, fail, type Rule, rulesAbout, type RuleText } from "../rule.ts";
import { at, type Script } from "../script.ts";
import { errno, holdsCount, holdsTable, insert, item, on, string, u32, u64 } from "./world.ts";

/** Every level has a table of this name; the inner ones are looked up by these. */
const itemOf = (path: string): TableDef =>
  new TableDef(`${path}.item`, { id: u32, text: string }, item.options);
const shopItem = itemOf("shop");
const storeItem = itemOf("shop.store");
const toolItem = itemOf("tool");

/** Only `shop` has it; its generated column and its index are looked up through the namespace. */
const serial = { n: u64, note: string };
const serialOptions = { key: 0, unique: [[0]], btree: [[0]], auto: [0] };
const shopSerial = new TableDef("shop.serial", serial, serialOptions);
const timer = new TableDef("timer", { id: u64, at: scheduleAtType }, serialOptions);
const shopTimer = new TableDef("shop.timer", { id: u64, at: scheduleAtType }, serialOptions);

const scripts = new StaticScripts();

/** A view of one row that says which view it is. */
const shows = (id: number): StaticScript =>
  scripts.make(
    (s) => {
      const row = item.row({ id, text: "view" });
      const bytes = s.place([0, 1, 0, 0, 0, ...row]);
      s.call(0, "bytes_sink_write", at(param.sink), bytes, s.word(5 + row.length));
    },
    { code: 2 },
  );

/** Puts the number that the host called it by into the table of its own level. */
const putsItsId = (table: TableDef): StaticScript =>
  scripts.make((s) => {
    const { bytes, length } = rowWithId(s);
    s.call(0, "datastore_insert_bsatn", s.table(table.name), bytes, length);
  });

function rowWithId(s: Script): { readonly bytes: number; readonly length: number } {
  const row = item.row({ id: 0, text: "by id" });
  const bytes = s.place(row);
  s.call("any", "store", bytes, at(param.id));
  return { bytes, length: s.word(row.length) };
}

/** A procedure that returns the number that the host called it by. */
const returnsItsId = scripts.make((s) => {
  s.call(0, "bytes_sink_write", at(param.sink), param.id, s.word(4));
});

/** What every level has, and what it has besides. `itemRow` is the position of the row type of `item`. */
const level = (own: Partial<Definition>, itemRow: number): Definition => ({
  ...own,
  tables: [item, ...(own.tables ?? [])],
  reducers: [{ name: "put", params: {} }, ...(own.reducers ?? [])],
  procedures: [{ name: "number", params: {}, returns: u32 }],
  views: [
    { name: "plain", index: 0, isAnonymous: true, returns: array(ref(itemRow)) },
    { name: "own", index: 0, isAnonymous: false, returns: array(ref(itemRow)) },
  ],
});

const store = level({}, 0);
const shop = level(
  {
    tables: [new TableDef("serial", serial, serialOptions), timer],
    reducers: [{ name: "tick", params: { row: ref(2) } }],
    schedules: [{ table: "timer", column: 1, calls: "tick" }],
    submodules: [{ namespace: "store", definition: store }],
  },
  0,
);
const tool = level({}, 0);

/** Reducers: put, run; shop.put, shop.tick; shop.store.put; tool.put. */
const root = level(
  {
    reducers: [{ name: "run" }],
    submodules: [
      { namespace: "shop", definition: shop },
      { namespace: "tool", definition: tool },
    ],
  },
  1,
);

export const submoduleProgram = (): Promise<Uint8Array> =>
  makeGuest({
    definition: root,
    scripts,
    reducers: {
      0: putsItsId(item),
      2: putsItsId(shopItem),
      3: putsItsId(shopItem),
      4: putsItsId(storeItem),
      5: putsItsId(toolItem),
    },
    procedures: [returnsItsId, returnsItsId, returnsItsId, returnsItsId],
    anonymousViews: [10, 11, 12, 13].map(shows),
    senderViews: [20, 21, 22, 23].map(shows),
  });

/** In the order of their numbers. */
const paths = ["", "shop.", "shop.store.", "tool."] as const;

/** Clears all tables of all levels, and does more in the same transaction. */
const onEmpty = (name: string, states: string, build: (s: Script) => void): RuleText =>
  on(name, states, (s) => {
    for (const table of [item, shopItem, storeItem, toolItem, shopSerial]) {
      s.call(0, "datastore_clear", s.table(table.name), s.room(8));
    }
    build(s);
  });

/** A root whose only submodule has a fault. */
const refused = (
  name: string,
  states: string,
  submodules: NonNullable<Definition["submodules"]>,
): RuleText => ({
  name,
  states,
  check: async (session) => {
    await session.publishBad(await makeGuest({ definition: { submodules } }));
  },
});

const begins: Definition = { reducers: [{ name: "begin", params: {}, lifecycle: "Init" }] };

export const submoduleRules: readonly Rule[] = rulesAbout("Submodules", "submodule", [
  onEmpty("tables", "Tables of one name in two namespaces are two tables.", (s) => {
    for (const [i, table] of [item, shopItem, storeItem, toolItem].entries()) {
      insert(s, table, { id: i, text: table.name });
    }
    for (const [i, table] of [item, shopItem, storeItem, toolItem].entries()) {
      holdsTable(s, table, [{ id: i, text: table.name }]);
    }
  }),
  onEmpty("names", "A name alone means the root's object, never one of a submodule.", (s) => {
    s.call(errno.noTable, "table_id_from_name", ...s.text("serial"), s.word());
    s.call(errno.noTable, "table_id_from_name", ...s.text("store.item"), s.word());
    s.call(errno.noIndex, "index_id_from_name", ...s.text("serial_0_btree"), s.word());
  }),
  onEmpty("indexes", "Both names of an index begin with the namespaces.", (s) => {
    const [source, made] = [s.word(), s.word()];
    s.call(0, "index_id_from_name", ...s.text("shop.serial_0_btree"), source);
    s.call(0, "index_id_from_name", ...s.text("shop.serial_n_idx_btree"), made);
    s.call(0, "index_id_from_name", ...s.text("shop.store.item_id_idx_btree"), s.word());
    s.call(0, "add", at(source), s.call("any", "multiply", at(made), -1));
  }),
  onEmpty("constraints", "Unique and generated columns are as in the root.", (s) => {
    const { row, length } = insert(s, shopSerial, { n: 0n, note: "one" });
    s.holdsWord(length, 8, "bytes of generated values");
    s.watch(row, 8, (bytes) => (bytes.some((byte) => byte !== 0) ? undefined : "no value came"));
    insert(s, storeItem, { id: 1, text: "one" });
    insert(s, storeItem, { id: 1, text: "two" }, errno.unique);
    holdsCount(s, shopSerial, 1n);
  }),
  {
    name: "reducers",
    states:
      "Reducers are called as `shop.put`, and numbered behind the root's, depth first: each submodule before the next one.",
    check: async (session) => {
      for (const [i, path] of paths.entries()) {
        const { status, text } = await session.client.call(session.name, `${path}put`, "[]");
        expectEqual([status, text], [200, ""], `the answer to ${path}put`);
        const id = [0, 2, 4, 5][i];
        await session.expectRows(`SELECT id FROM ${path}item WHERE text = 'by id'`, [[id]]);
      }
      const { status } = await session.client.call(session.name, "store.put", "[]");
      expectEqual(status, 404, "the status for a path that begins in the middle");
    },
  },
  {
    name: "procedures",
    states: "Procedures are so, too, with numbers of their own.",
    check: async (session) => {
      for (const [i, path] of paths.entries()) {
        const { status, text } = await session.client.call(session.name, `${path}number`, "[]");
        expectEqual([status, text], [200, `${i}`], `the answer to ${path}number`);
      }
    },
  },
  {
    name: "views",
    states:
      "The `index` of a view counts within its submodule; the host adds the views of that kind that come before.",
    check: async (session) => {
      for (const [i, path] of paths.entries()) {
        await session.expectRows(`SELECT id FROM ${path}plain`, [[10 + i]]);
        await session.expectRows(`SELECT id FROM ${path}own`, [[20 + i]]);
      }
    },
  },
  {
    name: "sql",
    states: "SQL names them with dots, quoted in parts or not at all.",
    check: async (session) => {
      await session.client.send("POST", `${session.name}/sql`, "DELETE FROM shop.store.item");
      const insertion = "INSERT INTO shop.store.item (id, text) VALUES (77, 'seen')";
      await session.rows(insertion);
      for (const name of ["shop.store.item", '"shop"."store"."item"', 'shop."store".item']) {
        await session.expectRows(`SELECT text FROM ${name} WHERE id = 77`, [["seen"]]);
      }
      const joined = "SELECT a.text FROM shop.store.item a JOIN shop.store.item b ON a.id = b.id";
      await session.expectRows(`${joined} WHERE b.id = 77`, [["seen"]]);
    },
  },
  {
    name: "schedule",
    states: "A scheduled table of a submodule calls a function of the same one.",
    check: async (session) => {
      const past = { tag: "Time", value: new Timestamp(1n) };
      await session.run((s) => void insert(s, shopTimer, { id: 0n, at: past }), { commits: true });
      await session.waitForRows("SELECT * FROM shop.item WHERE id = 3", ({ length }) => length > 0);
    },
  },
  {
    name: "schema",
    states: "The schema lists what is in submodules with what is in the root.",
    check: async (session) => {
      const { text } = await session.client.send("GET", `${session.name}/schema?version=9`);
      for (const name of ["shop.item", "shop.store.item", "tool.put"]) {
        if (!text.includes(`"${name}"`)) fail(`the schema does not name ${name}`);
      }
    },
  },
  refused("namespace", "A namespace is an identifier of at most 63 bytes.", [
    { namespace: "n".repeat(64), definition: {} },
  ]),
  refused("namespace-twice", "No two submodules of one module have the same.", [
    { namespace: "shop", definition: {} },
    { namespace: "shop", definition: {} },
  ]),
  refused("lifecycle", "The root alone has lifecycle reducers.", [
    { namespace: "shop", definition: begins },
  ]),
]);
