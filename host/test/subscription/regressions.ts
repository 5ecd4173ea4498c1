// Scripts that once told a faulty host from a sound one, cut down and kept in fixtures/regressions/subscription: of faults that random
// runs found, and of known ones by their names in mutants.test.ts.
import { readdirSync, readFileSync } from "node:fs";
import type { Script } from "./script.ts";

const folder = new URL("../../../../fixtures/regressions/subscription/", import.meta.url);

/** By name. */
export function readRegressions(): ReadonlyMap<string, Script> {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return new Map(
    names.map((name) => [
      name.replace(".json", ""),
      JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Script,
    ]),
  );
}
