// From what a module writes to its definition, in one step.
import { unreachable } from "../assert.ts";
import { LightconeError } from "../error.ts";
import { buildModule } from "./build.ts";
import type { ModuleDef } from "./def.ts";
import { decodeRaw, type RawModuleDef } from "./raw.ts";
import type { ModuleSource } from "./source.ts";
import { sourceFromV10 } from "./v10.ts";
import { upgradeV8 } from "./v8.ts";
import { sourceFromV9 } from "./v9.ts";

/**
 * The definition in the bytes that `__describe_module__` wrote: decoded, its names made canonical,
 * every rule checked. Throws LC_MODULE_INVALID; `reasons` has one sentence for each fault.
 */
export function decodeModuleDef(bytes: Uint8Array): ModuleDef {
  return moduleDefFromRaw(decodeRaw(bytes));
}

function sourceOf(raw: RawModuleDef): ModuleSource {
  switch (raw.version) {
    case 8: {
      const { def, faults } = upgradeV8(raw.def);
      const source = sourceFromV9(def);
      return { ...source, faults: [...faults, ...source.faults] };
    }
    case 9:
      return sourceFromV9(raw.def);
    case 10:
      return sourceFromV10(raw.def);
    default:
      return unreachable(raw);
  }
}

/** As decodeModuleDef, from a raw definition that is decoded already. */
export function moduleDefFromRaw(raw: RawModuleDef): ModuleDef {
  try {
    return buildModule(sourceOf(raw));
  } catch (thrown) {
    // A type that is nested too deep or has too many variants.
    if (!(thrown instanceof LightconeError) || thrown.code !== "LC_BSATN_DECODE") throw thrown;
    const text = `the module's definition has a fault: ${thrown.message}`;
    throw new LightconeError("LC_MODULE_INVALID", text, [thrown.message]);
  }
}
