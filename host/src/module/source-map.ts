// The source map that a module may carry (docs/source-maps.md): found, checked, removed, and asked where code comes from.
import { noSourceFile, SourceMapReader, sourceMapSection } from "@lightcone/abi";
import { limit } from "../base/limit.ts";
import { BinaryReader, headerBytes, readSections, type Section, SectionId } from "./binary.ts";
import { BinaryWriter } from "./meter/binary-writer.ts";

/** The content of a section with this name begins so. */
const namePrefix = new TextEncoder().encode(sourceMapSection);

export function isSourceMap(bytes: Uint8Array, { id, start, end }: Section): boolean {
  if (id !== SectionId.custom) return false;
  const reader = new BinaryReader(bytes, start);
  if (reader.number() !== namePrefix.length || reader.at + namePrefix.length > end) return false;
  return namePrefix.every((byte, i) => bytes[reader.at + i] === byte);
}

function mapOf(bytes: Uint8Array, sections: readonly Section[]): Uint8Array | undefined {
  const section = sections.find((one) => isSourceMap(bytes, one));
  if (section === undefined) return undefined;
  const reader = new BinaryReader(bytes, section.start);
  reader.skip(reader.number());
  return bytes.subarray(reader.at, section.end);
}

/** The first map of a module, unless it is too large; nobody has looked into it yet. */
export function findSourceMap(
  bytes: Uint8Array,
  sections: readonly Section[],
): Uint8Array | undefined {
  const map = mapOf(bytes, sections);
  return map === undefined || map.length > limit.sourceMapBytesMax ? undefined : map;
}

/** Why the map of a valid module is not used; undefined if there is none, or nothing wrong with it. */
export function sourceMapFault(bytes: Uint8Array): string | undefined {
  const map = mapOf(bytes, readSections(bytes));
  if (map === undefined) return undefined;
  if (map.length > limit.sourceMapBytesMax) {
    return `it has ${map.length} bytes, of which ${limit.sourceMapBytesMax} are allowed`;
  }
  const reader = new SourceMapReader(map);
  while (reader.next());
  return reader.fault;
}

/** A valid module without its maps, for those who move its code. */
export function withoutSourceMap(bytes: Uint8Array): Uint8Array {
  const sections = readSections(bytes);
  if (!sections.some((one) => isSourceMap(bytes, one))) return bytes;
  const out = new BinaryWriter(bytes.length);
  out.copy(bytes, 0, headerBytes);
  for (const section of sections) {
    if (isSourceMap(bytes, section)) continue;
    out.section(section.id, bytes.subarray(section.start, section.end));
  }
  return out.written;
}

/** `file:line` for each position in the bytes that a module was compiled from; undefined where its map does not tell. */
export function sourcePlaces(
  code: WebAssembly.Module,
  positions: readonly number[],
): (string | undefined)[] {
  const [map] = WebAssembly.Module.customSections(code, sourceMapSection);
  if (map === undefined || map.byteLength > limit.sourceMapBytesMax) {
    return positions.map(() => undefined);
  }
  const reader = new SourceMapReader(new Uint8Array(map));
  const found = positions.map((position) => ({ position, file: noSourceFile, line: 0 }));
  const positionMax = Math.max(...positions);
  // One pass, in which later entries overrule those before. Traps are rare: nothing is kept for the next one.
  while (reader.next() && reader.at <= positionMax) {
    for (const one of found) {
      if (one.position < reader.at) continue;
      one.file = reader.file;
      one.line = reader.line;
    }
  }
  return found.map(({ file, line }) =>
    file === noSourceFile ? undefined : `${reader.files[file]}:${line}`,
  );
}
