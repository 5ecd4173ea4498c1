import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "tap";
import { toHex } from "../src/index.ts";
import { runMain } from "./main.ts";
import { fail, RuleSkipped, rulesAbout, type RuleGroup } from "./rule.ts";
import { runRules } from "./runner.ts";
import { at, orTrap, Script } from "./script.ts";
import { summary, table } from "./report.ts";

interface Fake {
  readonly server: string;
  readonly requests: string[];
}

/** A server that gives identities and takes every program, or answers as told. */
async function fake(
  t: { teardown(end: () => unknown): void },
  statuses: Readonly<Record<string, number>> = {},
): Promise<Fake> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    request.resume();
    requests.push(`${request.method} ${request.url}`);
    response.statusCode = statuses[request.method ?? ""] ?? 200;
    response.end('{"token":"t"}');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  t.teardown(() => server.close());
  return { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

const groups: readonly RuleGroup[] = [
  {
    name: "one",
    program: () => Promise.resolve(new Uint8Array(1)),
    rules: rulesAbout("Things", "thing", [
      { name: "holds", states: "It holds.", check: () => Promise.resolve() },
      { name: "fails", states: "It fails.", check: async () => fail("2, not 1") },
      {
        name: "skipped",
        states: "It cannot be checked.",
        check: () => Promise.reject(new RuleSkipped("no network")),
      },
      { name: "throws", states: "It throws.", check: () => Promise.reject(new Error("odd")) },
    ]),
  },
];

void test("rules pass, fail and are skipped, and their databases are removed", async (t) => {
  const { server, requests } = await fake(t);
  const results = await runRules(groups, { server });
  t.same(
    results.map(({ outcome, reason }) => [outcome, reason]),
    [
      ["passed", ""],
      ["failed", "2, not 1"],
      ["skipped", "no network"],
      ["failed", "unexpected: odd"],
    ],
  );
  t.same(summary(results), { passed: 1, failed: 2, skipped: 1 });
  t.match(table(results, false).join("\n"), /thing\.fails .*\n +ABI\.md, Things: 2, not 1/);
  const names = requests.flatMap((one) => /^(?:PUT|DELETE) (.*)/.exec(one)?.[1] ?? []);
  t.equal(names.length, 2);
  t.equal(names[0], names[1], "what was published was removed");
});

void test("a filter takes rules by id or subject; a run may stop at the first failure", async (t) => {
  const { server } = await fake(t);
  const idsOf = async (filter: string): Promise<string[]> =>
    (await runRules(groups, { server, filter })).map(({ rule }) => rule.id);
  t.same(await idsOf("thing.f"), ["thing.fails"]);
  t.equal((await idsOf("Things")).length, 4);
  t.same(await idsOf("nothing"), []);
  t.equal((await runRules(groups, { server, stopsAtFailure: true })).length, 2);
});

void test("a module that is refused fails its rules; a program that cannot be made does, too", async (t) => {
  const { server } = await fake(t, { PUT: 500 });
  const results = await runRules(groups, { server, filter: "holds" });
  t.match(results, [{ outcome: "failed", reason: /not published: 500/ }]);
});

void test("bad arguments and servers end the run with 2", async (t) => {
  const { server } = await fake(t, { POST: 401 });
  const { server: closed } = await fake(t, { PUT: 403 });
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /--server URL is missing/],
    [["--server", "nowhere"], /is no URL of a server/],
    [["--server", "http://127.0.0.1:1"], /POST .*: Error/],
    [["--server", server], /gave no identity: 401/],
    [
      ["--server", closed, "--token", "t", "--filter", "jwt"],
      /takes no programs with this token: 403/,
    ],
    [["--server", server, "--unknown"], /unknown/],
    [["--server", server, "--token", "t", "--filter", "no such rule"], /no rule matches/],
  ];
  for (const [args, expected] of cases) {
    const lines: string[] = [];
    t.equal(await runMain(args, (line) => void lines.push(line)), 2, args.join(" "));
    t.match(lines.at(-1), expected);
  }
});

void test("the last line of --json is the numbers, and a failure is exit code 1", async (t) => {
  const { server } = await fake(t);
  const lines: string[] = [];
  const args = ["--server", server, "--json", "--filter", "program.empty"];
  t.equal(await runMain(args, (line) => void lines.push(line)), 1);
  t.same(JSON.parse(lines.at(-1) ?? ""), { passed: 0, failed: 1, skipped: 0 });
  t.match(JSON.parse(lines[0] ?? ""), { id: "program.empty", where: "ABI.md, Programs" });
});

/** What a module would report: bytes watched, then a result for each step. */
function reportOf(watched: readonly number[], results: readonly number[]): string {
  const words = BigInt64Array.from(results.map(BigInt));
  return toHex(Uint8Array.from(watched)) + toHex(new Uint8Array(words.buffer));
}

void test("a script is checked step by step; the reference's answers count unless the run is strict", (t) => {
  const script = new Script();
  script.call(0, "identity", script.word());
  script.call({ documented: 6, reference: 0 }, "row_iter_bsatn_close", at(16));
  script.holdsWord(script.word(), 5, "the word");
  const good = reportOf([5, 0, 0, 0], [0, 6, 0]);
  script.verify(good, true);
  script.verify(good, false);
  const differs = reportOf([5, 0, 0, 0], [0, 0, 0]);
  script.verify(differs, false);
  t.throws(() => script.verify(differs, true), /step 2, row_iter_bsatn_close: 0, not 6/);
  t.throws(() => script.verify(reportOf([5, 0, 0, 0], [1, 6, 0]), false), /step 1, identity: 1/);
  t.throws(() => script.verify(reportOf([4, 0, 0, 0], [0, 6, 0]), false), /the word: 4, not 5/);
  t.throws(() => script.verify(good.slice(2), false), /not whole/);
  t.throws(() => script.verify("no report", false), /not whole/);
  t.notOk(script.mayTrap);
  script.call(orTrap(4), "datastore_clear", 1, 0);
  t.ok(script.mayTrap);
  t.throws(() => script.call(0, "no_such_import"), /no import and no operation/);
  t.end();
});
