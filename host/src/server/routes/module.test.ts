// Routes of modules as HTTP: what reaches the database and what becomes of its answer.
import { type Test, test } from "tap";
import { openRig, type Rig } from "../test-rig.ts";
import { moduleRoutes } from "./module.ts";

async function open(t: Test): Promise<Rig> {
  const rig = await openRig({ routes: moduleRoutes });
  t.teardown(() => rig.close());
  await rig.publish("chat", await rig.tokens.issueNew());
  return rig;
}

const base = "/v1/database/chat/route";

void test("a request as the module is given it", async (t) => {
  const { send, port } = await open(t);
  const host = `localhost:${port}`;
  const cases: [string, object, string, string][] = [
    ["", {}, "GET", `http://${host}${base}`],
    ["/?x=1", { method: "POST", body: "b" }, "POST", `http://${host}${base}/?x=1`],
    ["/a%20b//c", { method: "PURGE" }, "PURGE", `http://${host}${base}/a%20b//c`],
    ["/a", { method: "OPTIONS" }, "OPTIONS", `http://${host}${base}/a`],
    [
      "/a",
      { headers: { "x-forwarded-proto": "https", "x-forwarded-host": "a.example" } },
      "GET",
      `https://a.example${base}/a`,
    ],
  ];
  for (const [path, sent, method, uri] of cases) {
    const answer = await send(base + path, sent);
    t.equal(answer.status, 200, path);
    t.same(answer.text.split("\n").slice(0, 3), [method, uri, "1.1"], path);
    t.match(answer.text, `host=${host}`);
  }
  const posted = await send(base, { method: "POST", body: "the body" });
  t.match(posted.text, /\nthe body$/);
});

void test("an answer as the module gave it", async (t) => {
  const { send } = await open(t);
  const answer = await send(`${base}/teapot`);
  t.equal(answer.status, 418);
  t.same(answer.headers["set-cookie"], ["a=1", "b=2"]);
  t.equal(answer.headers["content-length"], `${answer.text.length}`);
  t.equal(answer.headers["access-control-allow-origin"], "*");
  t.equal(answer.headers["spacetime-identity"], undefined, "nobody is given an identity");
});

void test("no answer", async (t) => {
  const { send, reported } = await open(t);
  const cases: [string, number, RegExp][] = [
    ["chat/route/unknown", 404, /^Database has not registered a handler for this route$/],
    ["chat/route/broken", 500, /^it trapped$/],
    ["chat/route/bad-header", 500, /a header that HTTP does not allow/],
    ["nobody/route", 404, /nobody/],
    ["chat/routes", 404, /^$/],
  ];
  for (const [path, status, text] of cases) {
    t.match(await send(`/v1/database/${path}`), { status, text }, path);
  }
  const preflight = { method: "OPTIONS", headers: { "access-control-request-method": "POST" } };
  t.match(await send(base, preflight), { status: 200, text: "" }, "a browser's question");
  t.same(reported, []);
});
