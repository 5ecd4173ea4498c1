// From the source map that a compiler writes (JSON, one entry for each expression) to the compact one that a module carries: lines only,
// an entry where the line changes. docs/source-maps.md says how hosts use it.
import { present, SourceMapWriter, sourceMapSection } from "@lightcone/abi";
import { functionStarts, withCustomSection } from "./wasm-binary.ts";

/** A program that carries its source map. Undefined if the map is none that this version reads. */
export function embedSourceMap(program: Uint8Array, json: string): Uint8Array | undefined {
  const map = parseMap(json);
  if (map === undefined) return undefined;
  return withCustomSection(program, sourceMapSection, compactMap(program, map));
}

interface StandardMap {
  readonly sources: readonly string[];
  readonly mappings: string;
}

function parseMap(json: string): StandardMap | undefined {
  let map: unknown;
  try {
    map = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof map !== "object" || map === null) return undefined;
  if (!("sources" in map) || !("mappings" in map)) return undefined;
  const { sources, mappings } = map;
  if (!Array.isArray(sources) || typeof mappings !== "string") return undefined;
  return { sources: sources.map(String), mappings };
}

/** What a segment of the map says: from this byte of the program on, code is of this line. */
interface Segment {
  readonly at: number;
  readonly file: number;
  readonly line: number;
}

function compactMap(program: Uint8Array, { sources, mappings }: StandardMap): Uint8Array {
  const starts = functionStarts(program);
  const segments = readSegments(mappings)
    .filter(({ file }) => file < sources.length)
    .sort((a, b) => a.at - b.at);
  // Files that no code comes from need no name.
  const used = [...new Set(segments.map(({ file }) => file))];
  const indexes = new Map(used.map((file, index) => [file, index]));
  const writer = new SourceMapWriter(used.map((file) => sources[file] ?? ""));
  let next = 0;
  for (const { at, file, line } of segments) {
    const isStart = at >= (starts[next] ?? Infinity);
    while (at >= (starts[next] ?? Infinity)) next++;
    writer.add(at, present(indexes.get(file), "a file of a segment"), line, isStart);
  }
  return writer.finish();
}

/** Segments of a program, all of which are on the map's first line; reading ends at the first that is none. */
function readSegments(mappings: string): Segment[] {
  const segments: Segment[] = [];
  let [at, file, line] = [0, 0, 0];
  const [first = ""] = mappings.split(";");
  for (const text of first.split(",")) {
    const fields = readFields(text);
    if (fields === undefined) break;
    const [byteDelta = 0, fileDelta, lineDelta] = fields;
    at += byteDelta;
    // What the compiler adds of itself, such as the call of a failed assertion, counts as the line that it stands at.
    if (fileDelta === undefined || lineDelta === undefined) continue;
    file += fileDelta;
    line += lineDelta;
    if (at < 0 || file < 0 || line < 0) break;
    // The map counts lines from 0, people do from 1.
    segments.push({ at, file, line: line + 1 });
  }
  return segments;
}

const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** Five numbers of seven digits: more is no segment. */
const segmentLengthMax = 35;

/** The numbers of a segment, in base64 VLQ; undefined where that is malformed. */
function readFields(text: string): number[] | undefined {
  if (text === "" || text.length > segmentLengthMax) return undefined;
  const fields: number[] = [];
  let value = 0;
  let factor = 1;
  for (const letter of text) {
    const digit = base64.indexOf(letter);
    if (digit === -1) return undefined;
    value += (digit & 31) * factor;
    factor *= 32;
    if ((digit & 32) !== 0) continue;
    fields.push(value % 2 === 1 ? -(value - 1) / 2 : value / 2);
    value = 0;
    factor = 1;
  }
  return factor === 1 ? fields : undefined;
}
