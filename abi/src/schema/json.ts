// A checked definition written back as raw V9 or V10 in JSON, for GET /schema, and read from it
// (module-def.md section 4, http-and-auth.md 6.3).
import { Reader } from "../bytes/reader.ts";
import { Writer } from "../bytes/writer.ts";
import { LightconeError } from "../error.ts";
import { compileJsonReader, type JsonReader } from "../sats/json-read.ts";
import { isJsonObject, parseJson } from "../sats/json-text.ts";
import { compileJsonWriter, type JsonWriter } from "../sats/json-write.ts";
import { moduleDefFromRaw } from "./decode.ts";
import type { ModuleDef } from "./def.ts";
import { rawTypeOf, rawTypes, rawV10Codec, rawV9Codec } from "./raw.ts";
import { rawV10FromDef } from "./to-v10.ts";
import { rawV9FromDef } from "./to-v9.ts";

const writers: Readonly<Record<9 | 10, JsonWriter>> = {
  9: compileJsonWriter(rawTypeOf[9], rawTypes, "typed"),
  10: compileJsonWriter(rawTypeOf[10], rawTypes, "typed"),
};

const readers: Readonly<Record<9 | 10, JsonReader>> = {
  9: compileJsonReader(rawTypeOf[9], rawTypes),
  10: compileJsonReader(rawTypeOf[10], rawTypes),
};

/**
 * The body of GET /schema: the definition as a raw one of that version, without the version in
 * front.
 */
export function moduleDefToJson(def: ModuleDef, version: 9 | 10): string {
  const writer = new Writer(4096);
  if (version === 9) rawV9Codec.write(writer, rawV9FromDef(def));
  else rawV10Codec.write(writer, rawV10FromDef(def));
  return writers[version](new Reader(writer.written()));
}

/**
 * The definition in the body of GET /schema, either version. Throws LC_JSON_DECODE for what is no
 * definition, LC_MODULE_INVALID for one with faults.
 */
export function moduleDefFromJson(text: string): ModuleDef {
  const json = parseJson(text);
  if (!isJsonObject(json)) {
    throw new LightconeError("LC_JSON_DECODE", "a module definition must be a JSON object");
  }
  const version = "sections" in json ? 10 : 9;
  const writer = new Writer(4096);
  readers[version](json, writer);
  const reader = new Reader(writer.written());
  return moduleDefFromRaw(
    version === 9
      ? { version, def: rawV9Codec.read(reader) }
      : { version, def: rawV10Codec.read(reader) },
  );
}
