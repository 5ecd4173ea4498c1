import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "tap";
import { withShortPath } from "./short-path.ts";

void test("a directory is reached by a short path while it is used, and no longer", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), `lightcone-${"x".repeat(100)}-`));
  t.teardown(() => rmSync(directory, { recursive: true }));
  let used = "";
  const result = await withShortPath(directory, async (path) => {
    used = path;
    t.ok(path.length < 80, path);
    writeFileSync(join(path, "file"), "text");
    return 7;
  });
  t.equal(result, 7);
  t.same(readdirSync(directory), ["file"], "what was made through the path stays");
  t.notOk(existsSync(used));
});

void test("the short path goes away after a failure, too", async (t) => {
  let used = "";
  const failing = withShortPath(tmpdir(), async (path) => {
    used = path;
    throw new Error("out");
  });
  await t.rejects(failing, { message: "out" });
  t.notOk(existsSync(used));
});
