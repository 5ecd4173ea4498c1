// The rules of this repository that no compiler knows. Each failure names a file, a line and a rule;
// tidy/*.ts hold the rules as data, tidy/rule.test.ts shows that each of them can fail.

import { test } from "tap";
import { errorCodeBreaches } from "./tidy/error-code.ts";
import { packageBreaches, rankBreaches, workspaceBreaches } from "./tidy/layer.ts";
import {
  lengthBreaches,
  localTextBreaches,
  localTexts,
  nameBreaches,
  openingBreaches,
  versionBreaches,
} from "./tidy/shape.ts";
import { listFiles, readRaw, readSources, root } from "./tidy/tree.ts";
import { defaultExportBreaches, laterBreaches, restrictionBreaches } from "./tidy/word.ts";

const paths = listFiles();
const sources = readSources(paths);

const rules: Record<string, () => string[]> = {
  "a folder of the host imports itself and lower ranks": () => sources.flatMap(rankBreaches),
  "workspaces import one way and by name": () => sources.flatMap(workspaceBreaches),
  "an outside package has one importer in a workspace": () => packageBreaches(sources),
  "clock, chance, disk, timers, sockets and waiting stay where they belong": () =>
    sources.flatMap(restrictionBreaches),
  "nothing is exported as default": () => sources.flatMap(defaultExportBreaches),
  "what is left for later has a number": () => sources.flatMap(laterBreaches),
  "no file is too long": () => sources.flatMap(lengthBreaches),
  "names are kebab-case": () => sources.flatMap(nameBreaches),
  "a file opens with what it is for": () => sources.flatMap(openingBreaches),
  "every error code is documented and tested": () => errorCodeBreaches(sources),
  "versions of packages are exact": () =>
    paths
      .filter((path) => /^(?:[^/]+\/)?package\.json$/.test(path))
      .flatMap((path) => versionBreaches(readRaw(path))),
  "no file names a machine or a host of packages": () => {
    const texts = localTexts(root, process.env);
    return paths.flatMap((path) => localTextBreaches(readRaw(path), texts));
  },
};

void test("the tree was found", (t) => {
  t.ok(paths.includes("package.json"), "the root has its manifest");
  t.ok(sources.length > 10, "sources were read");
  t.end();
});

for (const [title, run] of Object.entries(rules)) {
  void test(title, (t) => {
    t.same(run(), []);
    t.end();
  });
}
