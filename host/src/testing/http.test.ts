// HTTP both ways: what procedures ask of the world, and what the world asks of routes.
import { wasmPath } from "@lightcone/fixtures/wasm";
import { t as root, test } from "tap";
import { openTestDatabase, type OpenTestDatabaseOptions, type TestDatabase } from "./app.ts";
import type { AnyModule } from "../embedded/types.ts";

const timeout = 300_000;
root.setTimeout(timeout);

async function open(http?: OpenTestDatabaseOptions["http"]): Promise<TestDatabase<AnyModule>> {
  return openTestDatabase({ wasm: wasmPath("kitchen-as"), ...(http !== undefined && { http }) });
}

const url = "http://example.org/weather?city=Rome";

void test("a function answers requests", { timeout }, async (t) => {
  const app = await open(async (request) => {
    if (request.method !== "GET") throw new Error("no such thing");
    return new Response(`sunny in ${new URL(request.url).searchParams.get("city")}`);
  });
  const alice = await app.connect("alice");
  t.same(await alice.callProcedure("fetch", { uri: url }), { ok: "200 sunny in Rome" });
  t.match(app.requests, [{ method: "GET", url }]);
  await app.close();
});

void test("a function that throws is a world that cannot be reached", { timeout }, async (t) => {
  const app = await open(() => {
    throw new Error("connection refused");
  });
  const alice = await app.connect("alice");
  t.match(await alice.callProcedure("fetch", { uri: url }), { err: "the request failed" });
  await app.close();
});

void test("requests come as expected", { timeout }, async (t) => {
  const app = await open([
    { url, response: new Response("one") },
    { method: "get", url: /example\.org/, response: () => new Response("two", { status: 404 }) },
  ]);
  const alice = await app.connect("alice");
  t.same(await alice.callProcedure("fetch", [url]), { ok: "200 one" });
  t.same(await alice.callProcedure("fetch", [url]), { ok: "404 two" });
  await app.close();
});

void test("a request that is not expected fails the test", { timeout }, async (t) => {
  for (const http of [undefined, [{ url: "http://elsewhere/", response: new Response("") }]]) {
    const app = await open(http);
    const alice = await app.connect("alice");
    t.match(await alice.callProcedure("fetch", [url]), { err: "the request failed" });
    await t.rejects(app.close(), { code: "ERR_ASSERTION", message: /not expect: GET/ });
  }
});

void test("a request that does not come fails the test", { timeout }, async (t) => {
  const app = await open([{ url, response: new Response("") }]);
  await t.rejects(app.close(), { code: "ERR_ASSERTION", message: /did not send.*: any http/ });
});

void test("routes of the module", { timeout }, async (t) => {
  const app = await open();
  const hello = await app.fetch("/hello");
  t.same([hello.status, await hello.text()], [200, "hello"]);
  const echo = await app.fetch("/echo", { method: "POST", body: "abc" });
  t.match(await echo.text(), /abc/);
  t.equal((await app.fetch("/nowhere")).status, 404);
  t.equal((await app.fetch("/fail")).status, 500);
  t.ok((await app.fetch("/visits/add", { method: "POST", body: "me" })).ok);
  t.equal(app.table("web_visit").count, 1);
  await app.close();
});

void test("procedures, their values and their failures", { timeout }, async (t) => {
  const app = await open();
  const alice = await app.connect("alice");
  t.equal(await alice.callProcedure("returnSum", { a: 1, b: 2 }), 3n);
  t.equal(await alice.callProcedure("return_nothing").then(() => "returned"), "returned");
  await t.rejects(alice.callProcedure("store_and_panic", [1]), { code: "LC_MODULE_TRAP" });
  t.ok(app.table("parcel").count > 0, "what it had committed stays");
  await t.rejects(alice.callProcedure("nothing_like_it"), { code: "LC_VALUE_INVALID" });
  const coverage = app.coverage();
  t.match(coverage.toString(), /^kind +name +calls +failures\n/);
  t.match(coverage.toString(), /procedure +store_and_panic +1 +1/);
  t.notOk(coverage.missing.includes("return_sum"));
  t.ok(coverage.missing.includes("store_and_panic"), "one that only ever failed is not covered");
  await app.close();
});
