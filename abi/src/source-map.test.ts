import fc from "fast-check";
import { test } from "tap";
import { noSourceFile, SourceMapReader, SourceMapWriter } from "./source-map.ts";

type Entry = readonly [at: number, file: number, line: number];

function write(files: readonly string[], entries: readonly Entry[]): Uint8Array {
  const writer = new SourceMapWriter(files);
  for (const [at, file, line] of entries) writer.add(at, file, line);
  return writer.finish();
}

function read(bytes: Uint8Array): { files: readonly string[]; entries: Entry[]; fault: unknown } {
  const reader = new SourceMapReader(bytes);
  const entries: Entry[] = [];
  while (reader.next()) entries.push([reader.at, reader.file, reader.line]);
  return { files: reader.files, entries, fault: reader.fault };
}

void test("what was written is read; what says nothing new is left out", (t) => {
  const files = ["assembly/index.ts", "~lib/rt/tlsf.ts"];
  const bytes = write(files, [
    [100, 0, 12],
    [103, 0, 12],
    [105, 0, 3],
    [110, 1, 4_000_000_000],
    [111, noSourceFile, 0],
    [4_294_967_295, 0, 1],
  ]);
  t.same(read(bytes), {
    files,
    entries: [
      [100, 0, 12],
      [105, 0, 3],
      [110, 1, 4_000_000_000],
      [111, noSourceFile, 0],
      [4_294_967_295, 0, 1],
    ],
    fault: undefined,
  });
  t.equal(write([], []).length, 2);
  const again = new SourceMapWriter(["f"]);
  again.add(1, 0, 5);
  again.add(2, 0, 5, true);
  t.same(
    read(again.finish()).entries,
    [
      [1, 0, 5],
      [2, 0, 5],
    ],
    "a function begins with an entry of its own",
  );
  t.end();
});

void test("any map comes back as it was", (t) => {
  const step = fc.tuple(fc.integer({ min: 1, max: 1e6 }), fc.nat(3), fc.nat(4_294_967_295));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      let at = 0;
      const entries = steps.map(([advance, file, line]): Entry => [
        (at += advance),
        file - 1,
        line,
      ]);
      const kept = entries.filter(([, file, line], i) => {
        const [, fileBefore, lineBefore] = entries[i - 1] ?? [0, noSourceFile, 0];
        return file !== fileBefore || line !== lineBefore;
      });
      t.same(read(write(["a", "b", "c"], entries)).entries, kept);
    }),
  );
  t.end();
});

void test("hostile maps end at their fault", (t) => {
  const rows: [number[], RegExp][] = [
    [[], /ends in the middle/],
    [[2, 0], /version is 2/],
    [[1], /ends in the middle/],
    [[1, 0xff, 0xff, 0xff, 0x7f], /more than 65535 files/],
    [[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], /too long/],
    [[1, 1, 5, 97], /name is too long/],
    [[1, 1, 0x81, 0x08, ...new Array<number>(2000).fill(97)], /name is too long/],
    [[1, 0, 5], /ends in the middle/],
    [[1, 0, 5, 1, 1], /does not name/],
    [[1, 0, 5, 2], /out of range/],
    [[1, 0, 0xff, 0xff, 0xff, 0xff, 0x7f, 0], /out of range/],
    [[1, 0, 5, 0xff, 0xff, 0xff, 0xff, 0xff, 0], /too long/],
  ];
  for (const [bytes, fault] of rows) {
    const found = read(Uint8Array.from(bytes));
    t.match(found.fault, fault, bytes.slice(0, 8).join(" "));
    t.same(found.entries, []);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const { entries } = read(bytes);
      t.ok(entries.length <= bytes.length);
    }),
  );
  t.end();
});
