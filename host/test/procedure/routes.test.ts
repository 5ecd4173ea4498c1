// A module's own HTTP routes: which handler answers, what it is given, what becomes of its answer (runtime.md section 7).
import { t as file, test } from "tap";
import type { RouteRequest } from "../../src/database/http-routes.ts";
import { assemblePlayer, PlayerScript } from "./player.ts";
import { eventually, openRig } from "./rig.ts";

// Code is made on a thread of its own, which takes its time on a busy machine.
file.setTimeout(180_000);

const utf8 = new TextEncoder();

function request(method: string, path: string, body: Uint8Array = new Uint8Array(0)): RouteRequest {
  const headers = [{ name: "h", value: Uint8Array.of(1) }];
  return { method, path, uri: `http://x${path}`, headers, httpVersion: "1.0", body };
}

void test("the path to the letter, the method or any", async (t) => {
  const rig = await openRig(await assemblePlayer({ canWait: false }));
  const cases: [string, string, string][] = [
    ["GET", "", "response"],
    ["POST", "", "unknown"],
    ["GET", "/", "response"],
    ["PURGE", "/", "response"],
    ["POST", "/a/b", "response"],
    ["GET", "/a/b", "unknown"],
    ["POST", "/a/b/", "unknown"],
    ["POST", "/a", "unknown"],
    ["OPTIONS", "/options", "response"],
    ["GET", "/boom", "failed"],
    ["GET", "/silent", "failed"],
  ];
  for (const [method, path, kind] of cases) {
    t.equal((await rig.host.service.route(request(method, path))).kind, kind, `${method} ${path}`);
  }
  t.match(rig.logged(), /HTTP handler boom trapped: unreachable/);
  t.match(rig.logged(), /HTTP handler silent returned bytes that are no HTTP response/);
});

void test("what a handler is given and what it answers", async (t) => {
  const rig = await openRig(await assemblePlayer({ canWait: false }));
  const outcome = await rig.host.service.route(request("POST", "/a/b", utf8.encode("hello")));
  t.equal(outcome.kind, "response");
  if (outcome.kind !== "response") return;
  t.equal(outcome.code, 0x2c9 - 0x200);
  t.same(outcome.headers, [{ name: "x-a", value: utf8.encode("b") }]);
  const uri = utf8.encode("http://x/a/b");
  const sent = [2, 1, 0, 0, 0, 1, 0, 0, 0, 104, 1, 0, 0, 0, 1, 1, uri.length, 0, 0, 0, ...uri, 1];
  t.same(outcome.body, Uint8Array.from([...sent, ...utf8.encode("hello")]));
});

void test("a handler has transactions and waits like a procedure", async (t) => {
  const rig = await openRig();
  const { clock, timers, service } = rig.host;
  const script = new PlayerScript();
  const wakeAt = clock.nowMicros() + 1000n;
  script.call("procedure_start_mut_tx", script.place(new Uint8Array(8))).insert(rig.tableId, 4);
  script.call("procedure_commit_mut_tx").call("procedure_sleep_until", wakeAt);
  const answer = service.route(request("POST", "/play", script.encode()));
  await eventually(() => (timers.count === 0 ? undefined : true));
  t.same(rig.items(), [4]);
  clock.advance(1000n);
  timers.advance(0n);
  const outcome = await answer;
  t.equal(outcome.kind, "response");
  if (outcome.kind === "response") {
    t.same(script.results(outcome.body).map(Number), [0, 0, 0, Number(wakeAt)]);
  }
});
