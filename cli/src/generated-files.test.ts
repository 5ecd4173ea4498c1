import { existsSync, readFileSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { writeGenerated } from "./generated-files.ts";

const header = "// Generated, do not edit.\n";

void test("only what changed is written, and only own leftovers are removed", (t) => {
  const folder = join(
    t.testdir({ out: { "mine.ts": "// by hand\n", "old.ts": `${header}old`, "a.ts": "x" } }),
    "out",
  );
  const files = new Map([
    ["a.ts", `${header}a`],
    ["sub/b.ts", `${header}b`],
  ]);
  t.same(writeGenerated(folder, files), { changedCount: 2, removedCount: 1 });
  t.equal(readFileSync(join(folder, "sub/b.ts"), "utf8"), `${header}b`);
  t.notOk(existsSync(join(folder, "old.ts")));
  t.ok(existsSync(join(folder, "mine.ts")));
  utimesSync(join(folder, "a.ts"), 1, 1);
  t.same(writeGenerated(folder, files), { changedCount: 0, removedCount: 0 });
  t.equal(statSync(join(folder, "a.ts")).mtimeMs, 1000, "left alone");
  t.end();
});

void test("a folder that cannot be written", (t) => {
  const folder = join(t.testdir({ file: "" }), "file");
  t.throws(() => writeGenerated(folder, new Map([["a.ts", "x"]])), {
    exit: "refused",
    message: /cannot write/,
    advice: /--out-dir/,
  });
  t.end();
});
