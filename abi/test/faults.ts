// Faults of definitions in tests: exactly the ones named come back, in their order.
import type { Test } from "tap";
import { LightconeError } from "../src/error.ts";
import { moduleDefFromRaw } from "../src/schema/decode.ts";
import type { RawModuleDef } from "../src/schema/raw.ts";
import type { RawModuleDefV10, RawTableV10 } from "../src/schema/raw-v10.ts";
import * as make from "./definition.ts";

export type Case = readonly [title: string, def: RawModuleDefV10, ...faults: string[]];

export function faultsOf(raw: RawModuleDef): readonly string[] {
  try {
    moduleDefFromRaw(raw);
    return [];
  } catch (thrown) {
    if (!(thrown instanceof LightconeError) || thrown.code !== "LC_MODULE_INVALID") throw thrown;
    return thrown.reasons;
  }
}

export function check(t: Test, cases: readonly Case[]): void {
  for (const [title, def, ...faults] of cases) {
    t.same(faultsOf({ version: 10, def }), faults, title);
  }
}

/** The sound module with its table `person` changed. */
export function withPerson(over: Partial<RawTableV10>): RawModuleDefV10 {
  return make.module10({ Tables: [make.table10(over), make.timerTable10] });
}

/** The sound module with another table, over the type Point. */
export function withPoint(over: Partial<RawTableV10>): RawModuleDefV10 {
  const empty = { primary_key: [], indexes: [], constraints: [] };
  const point = make.table10({ source_name: "spot", product_type_ref: 3, ...empty, ...over });
  return make.module10({ Tables: [make.table10(), make.timerTable10, point] });
}
