// A rule that cannot fail guards nothing: each is shown files that break it and files that do not.

import { test } from "tap";
import { errorCodeBreaches } from "./error-code.ts";
import { packageBreaches, rankBreaches, workspaceBreaches } from "./layer.ts";
import {
  lengthBreaches,
  localTextBreaches,
  localTexts,
  nameBreaches,
  openingBreaches,
  versionBreaches,
} from "./shape.ts";
import { type Source, makeSource } from "./source.ts";
import { defaultExportBreaches, laterBreaches, restrictionBreaches } from "./word.ts";

type Rule = (source: Source) => string[];
type Row = [rule: Rule, path: string, text: string];

const broken: Row[] = [
  [rankBreaches, "host/src/log/a.ts", 'import { x } from "../sql/b.ts";'],
  [rankBreaches, "host/src/base/a.ts", 'export * from "../datastore/b.ts";'],
  [rankBreaches, "host/src/sql/a.ts", 'const x = await import("../index.ts");'],
  [rankBreaches, "host/src/datastore/index/a.ts", 'import "../../module/imports/b.ts";'],
  [rankBreaches, "host/src/unknown/a.ts", ""],
  [workspaceBreaches, "abi/src/a.ts", 'import { x } from "@lightcone/host";'],
  [workspaceBreaches, "host/src/base/a.ts", 'import { x } from "@lightcone/sdk-client";'],
  [workspaceBreaches, "host/src/base/a.ts", 'import { x } from "@lightcone/fixtures/rng";'],
  [workspaceBreaches, "cli/src/a.ts", 'import { x } from "../../host/src/sql/run.ts";'],
  [workspaceBreaches, "fixtures/src/a.ts", 'import { x } from "@lightcone/host";'],
  [restrictionBreaches, "host/src/log/a.ts", "const now = Date.now();"],
  [restrictionBreaches, "host/src/log/a.ts", "const now = new Date();"],
  [restrictionBreaches, "host/src/server/a.ts", "const now = performance.now();"],
  [restrictionBreaches, "host/src/server/a.ts", "process.hrtime.bigint();"],
  [restrictionBreaches, "host/src/session/a.ts", "const id = Math.random();"],
  [restrictionBreaches, "host/src/session/a.ts", "const id = crypto.randomUUID();"],
  [restrictionBreaches, "host/src/session/a.ts", 'import { randomBytes } from "node:crypto";'],
  [restrictionBreaches, "host/src/log/a.ts", 'import { open } from "node:fs/promises";'],
  [restrictionBreaches, "host/src/session/a.ts", "setTimeout(() => {}, 10);"],
  [restrictionBreaches, "host/src/database/a.ts", 'import { Worker } from "node:worker_threads";'],
  [restrictionBreaches, "host/src/datastore/a.ts", "async function f(): Promise<void> {}"],
  [restrictionBreaches, "host/src/database/call.ts", "await x;"],
  [restrictionBreaches, "abi/src/a.ts", "const b = Buffer.from(x);"],
  [restrictionBreaches, "sdk-client/src/a.ts", 'import { readFile } from "node:fs";'],
  [restrictionBreaches, "sdk-client/src/a.ts", "process.env.HOME;"],
  [restrictionBreaches, "host/src/sql/a.ts", "const s = `text ${await x} text`;"],
  [defaultExportBreaches, "cli/src/a.ts", "export default 1;"],
  [defaultExportBreaches, "cli/src/a.ts", "export { x as default };"],
  [laterBreaches, "cli/src/a.ts", "// TODO: more"],
  [laterBreaches, "cli/src/a.ts", "/* FIXME(#3) */"],
  [lengthBreaches, "cli/src/a.ts", "x;\n".repeat(501)],
  [nameBreaches, "cli/src/camelCase.ts", ""],
  [nameBreaches, "cli/src/snake_case/a.ts", ""],
  [openingBreaches, "cli/src/a.ts", "const x = 1;"],
  [openingBreaches, "cli/bin/a.js", "#!/usr/bin/env node\nrun();"],
];

const sound: Row[] = [
  [rankBreaches, "host/src/log/a.ts", 'import { x } from "../datastore/b.ts";'],
  [rankBreaches, "host/src/log/a.ts", 'import { x } from "./b.ts"; import "@lightcone/abi";'],
  [rankBreaches, "host/src/log/a.ts", '// import { x } from "../sql/b.ts";'],
  [rankBreaches, "host/src/log/a.ts", "const text = `import { x } from '../sql/b.ts';`;"],
  [rankBreaches, "host/src/index.ts", 'export { x } from "./server/server.ts";'],
  [rankBreaches, "host/src/log/a.test.ts", 'import { suite } from "../../test/suite/log.ts";'],
  [workspaceBreaches, "cli/src/a.ts", 'import { x } from "@lightcone/host";'],
  [workspaceBreaches, "host/src/base/a.test.ts", 'import { x } from "@lightcone/fixtures/rng";'],
  [workspaceBreaches, "fixtures/src/demo/a.ts", 'import { x } from "@lightcone/host";'],
  [restrictionBreaches, "host/src/base/clock.ts", 'import "node:fs"; Date.now();'],
  [restrictionBreaches, "host/src/server/a.ts", "setTimeout(f, 1); new Date(micros / 1000);"],
  [
    restrictionBreaches,
    "host/src/sql/a.ts",
    "// no await here, nor Date.now()\nconst s = 'await';",
  ],
  [restrictionBreaches, "host/src/sql/a.ts", 'const re = /["\'] async/; const x = y / z; // "'],
  [restrictionBreaches, "host/src/sql/a.test.ts", "await Math.random();"],
  [restrictionBreaches, "sdk-client/src/transport-node.ts", 'import "node:http"; process.on;'],
  [restrictionBreaches, "sdk-client/src/codegen/typescript.ts", "Buffer.from(x);"],
  [restrictionBreaches, "abi/src/a.ts", "const o = { process: 1 }; o.process;"],
  [defaultExportBreaches, "cli/src/a.ts", "export const x = 'export default';"],
  [laterBreaches, "cli/src/a.ts", "// TODO(#12): more\nconst s = 'TODO';"],
  [lengthBreaches, "cli/src/a.ts", "x;\n".repeat(500)],
  [nameBreaches, "host/src/sql/row-2.push.test.ts", ""],
  [openingBreaches, "cli/src/a.ts", "// What it is for.\nconst x = 1;"],
  [openingBreaches, "cli/bin/a.js", "#!/usr/bin/env node\n// What it is for.\nrun();"],
  [openingBreaches, "cli/src/a.test.ts", "run();"],
];

void test("each rule finds what breaks it, and says where", (t) => {
  for (const [rule, path, text] of broken) {
    const found = rule(makeSource(path, text));
    t.equal(found.length, 1, `${rule.name} ${path}: ${text.slice(0, 60)}`);
    t.match(found[0], new RegExp(`^${path}:\\d+: .+`));
  }
  t.end();
});

void test("each rule passes over what is sound", (t) => {
  for (const [rule, path, text] of sound) {
    t.same(rule(makeSource(path, text)), [], `${rule.name} ${path}: ${text.slice(0, 60)}`);
  }
  t.end();
});

void test("the line is the line of the breach", (t) => {
  const text = ["// One", "import {", "  x,", '} from "../sql/b.ts";', "", "await x;"].join("\n");
  t.same(
    [rankBreaches, laterBreaches].flatMap((rule) => rule(makeSource("host/src/log/a.ts", text))),
    ["host/src/log/a.ts:4: log (rank 2) must not import sql (rank 2)"],
  );
  t.same(restrictionBreaches(makeSource("host/src/sql/a.ts", text)), [
    "host/src/sql/a.ts:6: await: nothing waits between begin and commit",
  ]);
  t.end();
});

void test("an outside package has one importer and one home", (t) => {
  const check = (files: Record<string, string>, expected: string[]): void => {
    const sources = Object.entries(files).map(([path, named]) =>
      makeSource(path, `import { x } from "${named}";`),
    );
    t.same(packageBreaches(sources), expected);
  };
  check({ "host/src/server/a.ts": "ws", "sdk-client/src/b.ts": "ws" }, []);
  check({ "host/src/server/a.ts": "jose", "host/src/server/b.test.ts": "jose" }, []);
  check({ "abi/src/a.ts": "@noble/hashes/blake3.js" }, []);
  check({ "cli/src/a.ts": "clipanion", "cli/src/b.ts": "clipanion/x" }, [
    "cli/src/b.ts:1: clipanion is imported by cli/src/a.ts already",
  ]);
  check({ "host/src/session/a.ts": "ws" }, [
    "host/src/session/a.ts:1: ws belongs in host/src/server/",
  ]);
  check({ "abi/src/a.ts": "ws" }, ["abi/src/a.ts:1: abi depends on @noble/hashes alone"]);
  t.end();
});

void test("an error code needs a meaning and a test", (t) => {
  const table = (rows: string): Source =>
    makeSource("abi/src/error.ts", `const codes = {\n${rows}`);
  const seen = makeSource("host/src/sql/a.test.ts", "LC_ONE LC_TWO");
  const one = '  LC_ONE: "what it means",\n';
  t.same(errorCodeBreaches([]), []);
  t.same(errorCodeBreaches([table(one), seen]), []);
  t.same(errorCodeBreaches([table(`${one}  LC_TWO: "",\n`), seen]), [
    "abi/src/error.ts:3: LC_TWO is not documented",
  ]);
  t.same(errorCodeBreaches([table(`${one}  LC_TW: "what it means",\n`), seen]), [
    "abi/src/error.ts:3: LC_TW is in no test",
  ]);
  t.same(errorCodeBreaches([table("")]), [
    "abi/src/error.ts:1: holds no table of error codes any more",
  ]);
  t.end();
});

void test("no bytes of one machine, no version that moves", (t) => {
  const texts = localTexts("/srv/clones/lightcone/", {
    npm_config_registry: "http://packages.example:4873/",
  });
  for (const text of [
    "/srv/clones/lightcone/",
    "packages.example:4873",
    ["", "root", ""].join("/"),
  ]) {
    t.same(localTextBreaches({ path: "a.wasm", bytes: `\0\n..${text}` }, texts), [
      `a.wasm:2: names a machine or a package host: ${text}`,
    ]);
  }
  t.same(localTextBreaches({ path: "a.md", bytes: "npm install, /etc/hosts" }, texts), []);

  const manifest = (version: string): string => JSON.stringify({ dependencies: { a: version } });
  const file = (version: string): { path: string; bytes: string } => ({
    path: "package.json",
    bytes: manifest(version),
  });
  t.same(versionBreaches(file("1.2.3")), []);
  t.same(versionBreaches(file("^1.2.3")), ["package.json: a ^1.2.3: pin the exact version"]);
  t.same(versionBreaches(file("latest")), ["package.json: a latest: pin the exact version"]);
  t.end();
});
