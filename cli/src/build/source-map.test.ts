import { SourceMapReader } from "@lightcone/abi";
import fc from "fast-check";
import { test } from "tap";
import { embedSourceMap } from "./source-map.ts";
import { functionStarts, withCustomSection } from "./wasm-binary.ts";

/** Two functions, `[local count 0, unreachable, end]` and `[local count 0, nop, unreachable, end]`. */
const program = Uint8Array.from(
  [
    [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    [1, 4, 1, 0x60, 0, 0],
    [3, 3, 2, 0, 0],
    [10, 10, 2, 3, 0, 0, 0x0b, 4, 0, 1, 0, 0x0b],
  ].flat(),
);
const [first = 0, second = 0] = functionStarts(program);

const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function vlq(value: number): string {
  let rest = value < 0 ? -value * 2 + 1 : value * 2;
  let text = "";
  for (; rest >= 32; rest = Math.floor(rest / 32)) text += base64.charAt((rest % 32) + 32);
  return text + base64.charAt(rest);
}

/** Entries as [byte, file, line from 0] or [byte]; columns are always 1. */
function standardMap(sources: readonly string[], entries: readonly (readonly number[])[]): string {
  let before = [0, 0, 0];
  const segments = entries.map((entry) => {
    const [at = 0, file, line] = entry;
    const [atBefore = 0, fileBefore = 0, lineBefore = 0] = before;
    const delta = vlq(at - atBefore);
    if (file === undefined || line === undefined) {
      before = [at, fileBefore, lineBefore];
      return delta;
    }
    before = [at, file, line];
    return delta + vlq(file - fileBefore) + vlq(line - lineBefore) + vlq(1);
  });
  return JSON.stringify({ version: 3, sources, names: [], mappings: segments.join(",") });
}

/** What a host reads of the program with this map: `byte file:line`. */
function embedded(json: string): string[] | undefined {
  const mapped = embedSourceMap(program, json);
  if (mapped === undefined) return undefined;
  const module = new WebAssembly.Module(Uint8Array.from(mapped));
  const [map = new ArrayBuffer(0)] = WebAssembly.Module.customSections(
    module,
    "lightcone.sourceMap",
  );
  const reader = new SourceMapReader(new Uint8Array(map));
  const entries: string[] = [];
  while (reader.next()) {
    entries.push(`${reader.at} ${reader.files[reader.file] ?? "-"}:${reader.line}`);
  }
  return entries;
}

void test("functions are found", (t) => {
  t.same(functionStarts(program), [23, 27, 31]);
  t.same(functionStarts(program.subarray(0, 8)), [], "a module without code");
  t.end();
});

void test("a compiler's map becomes lines", (t) => {
  const files = ["~lib/unused.ts", "assembly/index.ts", "assembly/deep.ts"];
  const rows: [title: string, entries: number[][], expected: string[]][] = [
    ["nothing", [], []],
    [
      "one line, said once",
      [
        [first, 1, 6],
        [first + 1, 1, 6],
      ],
      [`${first} assembly/index.ts:7`],
    ],
    [
      "each function begins anew, though the line be the same",
      [
        [first + 1, 2, 0],
        [second + 1, 2, 0],
        [second + 2, 2, 0],
      ],
      [`${first + 1} assembly/deep.ts:1`, `${second + 1} assembly/deep.ts:1`],
    ],
    [
      "back and forth; code of no source is of the line it stands at",
      [[first, 2, 99], [first + 1, 1, 3], [second], [second + 1, 1, 3]],
      [
        `${first} assembly/deep.ts:100`,
        `${first + 1} assembly/index.ts:4`,
        `${second + 1} assembly/index.ts:4`,
      ],
    ],
    ["a file that is not there", [[first, 7, 1]], []],
  ];
  for (const [title, entries, expected] of rows) {
    t.same(embedded(standardMap(files, entries)), expected, title);
  }
  t.end();
});

void test("what is no map is not embedded; of a broken one what comes before is", (t) => {
  for (const json of ["", "null", "[]", "{}", `{"sources":1,"mappings":""}`, `{"sources":[]}`]) {
    t.equal(embedded(json), undefined, json);
  }
  const good = vlq(first) + vlq(0) + vlq(4) + vlq(0);
  const tails = ["", ",", ",?", ",+", `,${"+".repeat(1000)}A`, ";AAAA", `,${vlq(-99)}`];
  for (const tail of tails) {
    const json = JSON.stringify({ sources: ["a.ts"], mappings: good + tail });
    t.same(embedded(json), [`${first} a.ts:5`], tail);
  }
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (mappings) => {
      const entries = embedded(JSON.stringify({ sources: ["a.ts"], mappings }));
      t.ok(Array.isArray(entries), mappings);
    }),
  );
  t.end();
});

void test("a section is appended whatever its length", (t) => {
  for (const length of [0, 100, 200, 20_000]) {
    const mapped = withCustomSection(program, "name of it", new Uint8Array(length));
    const module = new WebAssembly.Module(Uint8Array.from(mapped));
    t.same(
      WebAssembly.Module.customSections(module, "name of it").map(({ byteLength }) => byteLength),
      [length],
    );
  }
  t.end();
});
