// assembly/sys.ts is what its source says.
import { readFileSync } from "node:fs";
import { test } from "tap";
import { sysPath } from "./paths.ts";
import { sysSource } from "./sys.ts";

void test("the declarations of the host's functions are fresh", async (t) => {
  t.equal(
    readFileSync(sysPath, "utf8"),
    sysSource(),
    "run `npm run sys --workspace sdk-module-as`",
  );
});
