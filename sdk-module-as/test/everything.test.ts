// Everything that a module can have, in a host as users start it.
import { type Test, t, test } from "tap";
import { everything } from "./everything.ts";
import { type Database, openHost, wasmOf } from "./rig.ts";

t.setTimeout(300_000);

const publish = await openHost(t);
const wasm = await wasmOf(everything, { mode: "debug" });

const trap = "530 The instance encountered a fatal error.";

async function checkAnswers(
  t: Test,
  database: Database,
  rows: readonly (readonly [question: string, value: string])[],
): Promise<void> {
  const given = JSON.parse(await database.rows("SELECT question, value FROM answer")) as [
    string,
    string,
  ][];
  const found = new Map(given);
  for (const [question, value] of rows) t.equal(found.get(question), value, question);
}

void test("columns of every type come back as they were written", async (t) => {
  const database = await publish(wasm);
  t.equal(await database.call("fillColumns"), "200");
  const shown = await database.rows("SELECT * FROM column WHERE id = 1");
  t.match(shown, "true,-128,255,-32768,65535,-2147483648,4294967295");
  t.match(shown, '"☃ 😀 �"', "a lone surrogate becomes U+FFFD");
  t.equal(await database.call("wrongVariant"), trap);
  const log = await database.log();
  t.ok(log.includes("Panic this Shape is no box"), log.join("\n"));
});

void test("arguments of every kind", async (t) => {
  const database = await publish(wasm);
  const args = '[{"many": []}, {"darkBlue": []}, [], {"some": -5}, "0x10", ["a", [["b", []]]]]';
  t.equal(await database.call("take_all", args), "530 b3 2 0 -5 16");
  t.match(await database.call("take_all", "[1]"), /^400/);
});

void test("keys, indexes and ranges", async (t) => {
  const database = await publish(wasm);
  t.equal(await database.call("fillPlayers"), "200");
  t.equal(await database.call("askPlayers"), "200");
  await checkAnswers(t, database, [
    ["count", "6"],
    ["filter", "cyd,dan"],
    ["prefix", "ada,bea"],
    ["prefix range", "fay"],
    ["between", "bea,cyd,dan"],
    ["before", "ada,bea"],
    ["all", "ada,bea,cyd,dan,eve,fay"],
    ["hash", "bea"],
    ["unique of two", "dan"],
    ["missing", "none"],
    ["try insert", "unique"],
    ["try update", "no row"],
    ["left open", "6"],
  ]);
  t.equal(await database.call("changePlayers"), "200");
  await checkAnswers(t, database, [
    ["delete key", "truefalse"],
    ["delete filter", "2"],
    ["delete range", "1"],
    ["left", "ada,eve"],
    ["direct", "1"],
    ["unique name", "found"],
    ["clear", "1"],
  ]);
});

void test("what the host refuses ends the call, and nothing of it is left", async (t) => {
  const database = await publish(wasm);
  t.equal(await database.call("insertTwice"), trap);
  t.equal(await database.rows("SELECT COUNT(*) AS n FROM player"), "[[0]]");
  t.equal(await database.call("failByAssert"), trap);
  t.equal(await database.call("failByBareAssert"), trap);
  const log = await database.log();
  t.ok(log.includes("Panic inserting into player: another row has the same unique value"));
  t.ok(log.includes("Panic an assert's text"));
  t.ok(log.includes("Panic assertion failed"));
  const { text } = await database.request("GET", "/logs");
  t.match(text, /"filename":"assembly\/index\.ts","line_number":\d+[^\n]*an assert's text/);
});

void test("rows beyond the size of a buffer, and many iterators at once", async (t) => {
  const database = await publish(wasm);
  t.equal(await database.call("readMany", "[700]"), "200");
  await checkAnswers(t, database, [["many", String((699 * 700) / 2)]]);
});

void test("lifecycle, schedules and logs", async (t) => {
  const database = await publish(wasm);
  t.equal(await database.rows("SELECT what FROM seen"), '[["init true"]]');
  t.equal(await database.call("setAlarm", '["bell"]'), "200");
  for (let i = 0; i < 200; i++) {
    if ((await database.rows("SELECT COUNT(*) AS n FROM alarm")) === "[[0]]") break;
  }
  t.equal(await database.rows("SELECT what FROM seen WHERE id = 2"), '[["rang bell"]]');
  t.match(await database.call("ring", "[]"), /^40/, "a scheduled reducer is private");
  t.equal(await database.call("SayIt"), "200");
  t.equal(await database.call("chance"), "530 truetruetrue");
  const log = await database.log();
  t.ok(log.includes("Warn said"));
  t.ok(log.includes("Info connected true true"));
  const { text } = await database.request("GET", "/logs");
  t.match(text, /"filename":"assembly\/index\.ts","line_number":\d+,"function":"SayIt"/);
});

void test("views", async (t) => {
  const database = await publish(wasm);
  await database.call("fillPlayers");
  t.equal(await database.rows("SELECT what FROM mine"), '[["init true"]]');
  t.equal(await database.rows("SELECT what FROM first"), '[["init true"]]');
  t.equal(await database.rows("SELECT what FROM boxed"), "[]");
  t.equal(await database.rows('SELECT name FROM "Leaders"'), '[["ada"],["bea"],["cyd"],["dan"]]');
  t.equal(await database.rows("SELECT id FROM joined"), "[[1]]");
});

void test("procedures", async (t) => {
  const database = await publish(wasm);
  t.equal(await database.call("add", "[2, 40]"), "200 42");
  t.equal(await database.call("nothing"), "200 []");
  t.equal(await database.call("describe", "[null]"), "200 [[0.0,0.0],[0.0,0.0],[1,[]]]");
  t.equal(
    await database.call("describe", '[{"some": {"nothing": []}}]'),
    '200 [[0.0,0.0],[0.0,0.0],[0,"2"]]',
  );
  t.equal(await database.call("twoTransactions"), "200 2");
});

void test("HTTP, in and out", async (t) => {
  const database = await publish(wasm);
  const reply = await database.request("POST", "/route/echo", "hello");
  t.same(reply, { status: 201, text: "hello!" });
  t.equal((await database.request("GET", "/route/any")).status, 201);
  t.equal((await database.request("GET", "/route/echo")).status, 404);
  const url = JSON.stringify([`${database.url}/route/any`]);
  t.equal(await database.call("fetchOwn", url), '200 "201 !"');
  t.equal(await database.call("fetchOwn", '["http://127.0.0.1:1/"]'), '200 "failed"');
});

void test("row filters", async (t) => {
  const database = await publish(wasm);
  t.equal(await database.call("hide", '["mine"]'), "200");
  const other = await database.join();
  t.equal(await other.call("hide", '["theirs"]'), "200");
  t.equal(await other.rows("SELECT text FROM secret"), '[["theirs"]]');
});
