// The rules of definitions, as the host knows them: what passes the compiler is not refused when it is
// published.
import { decodeModuleDef, LightconeError } from "@lightcone/abi";
import type { Range } from "../compiler.ts";
import { definitionBytes } from "./definition.ts";
import type { Faults } from "./fault.ts";
import type { ModuleModel } from "./model.ts";

/** Only for a model that has no faults: its definition must be one that can be written. */
export function checkDefinition(model: ModuleModel, faults: Faults): void {
  const [first] = [...model.functions, ...model.tables];
  if (first === undefined) return;
  try {
    decodeModuleDef(definitionBytes(model));
  } catch (thrown) {
    if (!(thrown instanceof LightconeError)) throw thrown;
    for (const reason of thrown.reasons) {
      faults.add(
        rangeOf(model, reason) ?? first.range,
        `No host takes this: ${reason}`,
        "Change what it names",
      );
    }
  }
}

/** The declaration that a reason begins with, such as "table `a`, column `b`: …". */
function rangeOf(model: ModuleModel, reason: string): Range | undefined {
  const [, kind, name] = /^(\w+) `([^`]*)`/.exec(reason) ?? [];
  if (kind === "table") return model.tables.find(({ accessor }) => accessor === name)?.range;
  if (kind === "type") {
    return model.types.find((type) => type.name === name)?.declaration.name.range;
  }
  return model.functions.find((each) => each.name === name)?.range;
}
