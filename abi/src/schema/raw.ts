// Raw module definitions as modules write them: bytes to values and back, before any rule is looked
// at (module-def.md section 5).
import { Reader } from "../bytes/reader.ts";
import { Writer } from "../bytes/writer.ts";
import { LightconeError, messageOf } from "../error.ts";
import { type Codec, compileCodec } from "../sats/bsatn.ts";
import type { AlgebraicType, Typespace } from "../sats/type.ts";
import { moduleDefV10Type, type RawModuleDefV10 } from "./raw-v10.ts";
import { moduleDefV8Type, type RawModuleDefV8 } from "./raw-v8.ts";
import { moduleDefV9Type, type RawModuleDefV9 } from "./raw-v9.ts";
import { rawTypesWith } from "./raw-shared.ts";

export type RawModuleDef =
  | { readonly version: 8; readonly def: RawModuleDefV8 }
  | { readonly version: 9; readonly def: RawModuleDefV9 }
  | { readonly version: 10; readonly def: RawModuleDefV10 };

/** The typespace that the types of raw definitions refer into. */
export const rawTypes: Typespace = rawTypesWith(moduleDefV10Type);

/** The type of a raw definition without the version in front. */
export const rawTypeOf: Readonly<Record<9 | 10, AlgebraicType>> = {
  9: moduleDefV9Type,
  10: moduleDefV10Type,
};

/** Codecs of raw definitions without the version in front. */
const rawV8Codec: Codec<RawModuleDefV8> = compileCodec(moduleDefV8Type, rawTypes);
export const rawV9Codec: Codec<RawModuleDefV9> = compileCodec(moduleDefV9Type, rawTypes);
export const rawV10Codec: Codec<RawModuleDefV10> = compileCodec(moduleDefV10Type, rawTypes);

/**
 * Most bytes of a definition. Each byte can become an object or two, so this also bounds what a
 * hostile definition makes the host allocate; real ones have some thousand bytes.
 */
export const definitionLengthMax: number = 4 * 1024 * 1024;

const versionTag = { v8: 0, v9: 1, v10: 2 } as const;

/**
 * Reads what `__describe_module__` wrote. Bytes after the definition are ignored. Throws
 * LC_MODULE_INVALID.
 */
export function decodeRaw(bytes: Uint8Array): RawModuleDef {
  if (bytes.length > definitionLengthMax) {
    throw invalid(`${bytes.length} bytes are more than the limit of ${definitionLengthMax}`);
  }
  const reader = new Reader(bytes);
  try {
    const tag = reader.u8();
    if (tag === versionTag.v9) return { version: 9, def: rawV9Codec.read(reader) };
    if (tag === versionTag.v10) return { version: 10, def: rawV10Codec.read(reader) };
    if (tag === versionTag.v8) return { version: 8, def: rawV8Codec.read(reader) };
    throw invalid(`its version tag ${tag} is unknown`);
  } catch (thrown) {
    if (!(thrown instanceof LightconeError) || thrown.code !== "LC_BSATN_DECODE") throw thrown;
    throw invalid(`${messageOf(thrown)} (near byte ${reader.position})`);
  }
}

/** Writes a raw definition with its version in front. */
export function encodeRaw(raw: RawModuleDef): Uint8Array {
  const writer = new Writer(4096);
  if (raw.version === 8) {
    writer.u8(versionTag.v8);
    rawV8Codec.write(writer, raw.def);
  } else if (raw.version === 9) {
    writer.u8(versionTag.v9);
    rawV9Codec.write(writer, raw.def);
  } else {
    writer.u8(versionTag.v10);
    rawV10Codec.write(writer, raw.def);
  }
  return writer.finish();
}

function invalid(reason: string): LightconeError {
  return new LightconeError(
    "LC_MODULE_INVALID",
    `the module's definition is unreadable: ${reason}`,
    [reason],
  );
}
