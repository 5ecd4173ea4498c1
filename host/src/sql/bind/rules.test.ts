// Row rules: who sees which rows, how often, and what is refused (sql-and-subscriptions.md section 8).
import { primitive, identityType, Identity } from "@lightcone/abi";
import { test } from "tap";
import { Datastore } from "../../datastore/datastore.ts";
import { checkRowRules } from "./rules.ts";
import { compileQueries } from "../table-query.ts";
import { viewsOf } from "./views-of.ts";
import {
  addRule,
  idsOf,
  insertRows,
  makeTable,
  openSample,
  outcomeOf,
  owner,
  runSql,
  sender,
  visitor,
} from "../test-tables.ts";

const other = new Identity(7n);

type TestRule = readonly [table: string, sql: string];

/** Messages in rooms, and who is a member of which; the sender is in rooms 1 and 2. */
function openRooms(...rules: readonly TestRule[]): Datastore {
  const datastore = new Datastore();
  const tx = datastore.begin();
  const u32 = primitive("u32");
  const message = makeTable(datastore, tx, {
    name: "message",
    columns: { id: u32, room: u32, author: identityType },
    indexes: [[0], [1]],
    isUnique: true,
  });
  insertRows(tx, message, [
    [1, 1, sender],
    [2, 2, other],
    [3, 3, sender],
    [4, 3, other],
  ]);
  const membership = makeTable(datastore, tx, {
    name: "membership",
    columns: { id: u32, room: u32, member: identityType },
    indexes: [[0], [1], [2]],
    isUnique: true,
  });
  insertRows(tx, membership, [
    [1, 1, sender],
    [2, 2, sender],
    [3, 3, other],
    [4, 2, other],
  ]);
  const secret = makeTable(datastore, tx, {
    name: "secret",
    columns: { room: u32 },
    indexes: [[0]],
    access: "private",
  });
  insertRows(tx, secret, [[3]]);
  datastore.commit(tx);
  datastore.release(tx);
  for (const [table, sql] of rules) addRule(datastore, table, sql);
  return datastore;
}

const authorRule = ["message", "SELECT * FROM message WHERE author = :sender"] as const;
const memberRule = [
  "message",
  "SELECT m.* FROM message m JOIN membership g ON m.room = g.room WHERE g.member = :sender",
] as const;
const ownMembership = ["membership", "SELECT * FROM membership WHERE member = :sender"] as const;

/** What subscriptions and general SQL find, which must be the same where both answer. */
function found(datastore: Datastore, text: string, caller = visitor): [sub: string, gen: string] {
  const cut = (outcome: string): string => outcome.replace(/ \(line.*$|, executing.*$/s, "");
  return [
    cut(outcomeOf(() => idsOf(datastore, text, caller).join())),
    cut(
      outcomeOf(() => {
        const rows = JSON.parse(runSql(text, datastore, caller).rowsJson) as unknown[][];
        return rows
          .map(([cell]) => String(cell))
          .sort()
          .join();
      }),
    ),
  ];
}

void test("[SQL5] rules let rows through, each as often as it matches; the owner sees all", async (t) => {
  const all = "SELECT * FROM message";
  const cases: readonly [rules: readonly TestRule[], text: string, expected: string][] = [
    [[], all, "1,2,3,4"],
    [[authorRule], all, "1,3"],
    [[memberRule], all, "1,2"],
    [[authorRule, memberRule], all, "1,1,2,3"],
    [[authorRule, memberRule], "SELECT * FROM message WHERE room > 1", "2,3"],
    [[authorRule], "SELECT m.* FROM message AS m WHERE m.id <> 3", "1"],
    [[memberRule], "SELECT * FROM membership", "1,2,3,4"],
    [
      [
        [
          "message",
          "SELECT m.* FROM membership g JOIN message m ON g.room = m.room WHERE g.id = 3",
        ],
      ],
      all,
      "3,4",
    ],
    [
      [
        [
          "message",
          "SELECT m.* FROM message m JOIN message n ON m.room = n.id WHERE n.author = :sender",
        ],
      ],
      all,
      "1,3,4",
    ],
    [[["message", "SELECT * FROM message WHERE FALSE"]], all, ""],
  ];
  for (const [rules, text, expected] of cases) {
    const datastore = openRooms(...rules);
    t.same(found(datastore, text), [expected, expected], `${text} by ${rules.join(" and ")}`);
    const whole = openRooms();
    t.same(found(datastore, text, owner), found(whole, text, owner), "the owner");
  }
});

void test("[SQL5] rules of the tables that a rule or a join speaks of apply as well", async (t) => {
  const noIndex = "LC_SQL_UNSUPPORTED: Subscriptions require indexes on join columns";
  const join = "SELECT m.* FROM message m JOIN membership g ON m.room = g.room";
  t.same(found(openRooms(memberRule, ownMembership), "SELECT * FROM message"), [noIndex, "1,2"]);
  t.same(found(openRooms(ownMembership), join), [noIndex, "1,2"], "a rule on the right");
  t.same(found(openRooms(authorRule), join), ["1,3", "1,3"], "a rule on the left");
  t.same(found(openRooms(memberRule), join), [
    "LC_SQL_UNSUPPORTED: Invalid number of tables in subscription: 3",
    "1,2,2",
  ]);
  t.same(
    found(
      openRooms(["membership", "SELECT * FROM membership WHERE id = 3"], memberRule),
      "SELECT * FROM message",
    ),
    [noIndex, ""],
  );
});

void test("[SQL5] rules that need each other, or what the caller may not read, are refused when asked", async (t) => {
  const cycle = openRooms(memberRule, [
    "membership",
    "SELECT g.* FROM membership g JOIN message m ON g.room = m.room WHERE m.author = :sender",
  ]);
  const [sub, gen] = found(cycle, "SELECT * FROM message");
  t.match(
    sub,
    /^LC_SQL_UNSUPPORTED: Discovered cyclic dependency when resolving RLS rules for table id \d+$/,
  );
  t.equal(gen, sub);
  t.same(found(cycle, "SELECT * FROM message", owner), ["1,2,3,4", "1,2,3,4"]);
  const hidden = openRooms([
    "message",
    "SELECT m.* FROM message m JOIN secret s ON m.room = s.room",
  ]);
  t.match(found(hidden, "SELECT * FROM message")[0], /^LC_SQL_NAME: no such table: `secret`/);
});

void test("[SQL14] what rules make of a text is shared by those for whom it is the same", async (t) => {
  const keys = (datastore: Datastore, caller: typeof visitor): string[] =>
    compileQueries("SELECT * FROM message", datastore, caller, "subscription").map(({ shareKey }) =>
      shareKey.replace(/^[\d,]+ /, ""),
    );
  t.same(keys(openRooms(), visitor), ["  0 "]);
  t.same(keys(openRooms(), owner), ["  0 "]);
  const datastore = openRooms(authorRule, memberRule);
  const [byAuthor, byMember, ...others] = keys(datastore, visitor);
  t.same(others, []);
  t.match(byAuthor, new RegExp(`^${sender.toHex()}  0 `));
  t.match(byMember, new RegExp(`^${sender.toHex()}  0 `));
  t.not(byAuthor, byMember, "each rule is a query of its own");
  t.same(keys(datastore, owner), [" owner 0 "]);
  const fixed = openRooms(["message", "SELECT * FROM message WHERE room = 1"]);
  t.same(keys(fixed, visitor), keys(fixed, { ...visitor, identity: other }));
});

void test("[SQL11] COUNT counts what rules let through, LIMIT limits what all let through", async (t) => {
  const datastore = openRooms(authorRule, memberRule);
  const rows = (text: string): string => runSql(text, datastore, visitor).rowsJson;
  t.equal(rows("SELECT COUNT(*) AS n FROM message"), "[[4]]");
  t.equal(rows("SELECT id FROM message LIMIT 1"), "[[1]]");
  const settings = { isStrict: true };
  const strict = runSql("SELECT id FROM message LIMIT 1", datastore, visitor, { settings });
  t.equal(strict.rowsJson, "[[1],[1]]", "in the reference LIMIT is that of each rule");
  t.equal(runSql("SELECT COUNT(*) AS n FROM message", datastore, owner).rowsJson, "[[4]]");
});

void test("[SQL5] rules are checked when a module is published", async (t) => {
  const datastore = openRooms();
  const id = (name: string): number => datastore.tableByName(name)?.schema.id ?? 0;
  const [, authors] = authorRule;
  const [, members] = memberRule;
  t.same(checkRowRules([authors, members], datastore, visitor), {
    rules: [
      { tableId: id("message"), sql: authors },
      { tableId: id("message"), sql: members },
    ],
    faults: [],
  });
  const cases: readonly [rule: string, fault: RegExp][] = [
    ["SELECT * FROM secret", /`secret` is private/],
    ["SELECT s.* FROM message m JOIN secret s ON m.room = s.room", /`s` is private/],
    ["SELECT id FROM message", /Column projections are not supported/],
    ["SELECT * FROM message LIMIT 1", /Unsupported: LIMIT in row rules/],
    ["SELECT * FROM nothing", /no such table: `nothing`/],
    ["DELETE FROM message", /Non-SELECT/],
    ["SELECT * FROM message WHERE author = 5", /cannot be parsed as type `Identity`/],
  ];
  for (const [rule, fault] of cases) {
    const { rules, faults } = checkRowRules([rule], datastore, owner);
    t.same(rules, []);
    t.match(faults, [fault], rule);
  }
  t.match(checkRowRules([authors, authors], datastore, owner).faults, [/declared twice/]);
  // Neither the lack of an index nor a cycle is looked for here.
  const unindexed = "SELECT m.* FROM message m JOIN membership g ON m.author = g.member";
  t.same(checkRowRules([unindexed], datastore, owner).faults, []);
  t.match(checkRowRules(["SELECT * FROM v"], openSample(), owner).faults, [/`v` is a view/]);
});

void test("[SQL19] the views that a text reads", async (t) => {
  const datastore = openSample();
  const views = (text: string): string => [...viewsOf(text, datastore, visitor)].join();
  t.equal(views("SELECT * FROM v"), "v");
  t.equal(views("SELECT t.* FROM t JOIN v ON t.id = v.id"), "v");
  t.equal(views("SELECT * FROM t"), "");
  t.equal(views("SELECT * FROM *"), "v");
  t.equal(views("SELECT * FROM v WHERE"), "");
  t.equal(views("DELETE FROM v"), "");
  addRule(datastore, "t", "SELECT t.* FROM t JOIN v ON t.id = v.id");
  t.equal(views("SELECT * FROM t"), "v", "a rule reads it");
});
