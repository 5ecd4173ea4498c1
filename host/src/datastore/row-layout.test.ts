import { bytesType, compileCodec, encode } from "@lightcone/abi";
import fc from "fast-check";
import { test } from "tap";
import { columnTypes, valuesOf } from "../../test/datastore/arbitrary.ts";
import { RowLayout } from "./row-layout.ts";

const rows = fc
  .array(columnTypes, { maxLength: 5 })
  .chain((types) => fc.tuple(...types.map(valuesOf)).map((values) => ({ types, values })));

void test("columns are found where their bytes are", async (t) => {
  fc.assert(
    fc.property(rows, fc.nat(7), ({ types, values }, before) => {
      const columns = types.map((type, i) => encode(compileCodec(type), values[i]));
      const row = Buffer.concat([new Uint8Array(before), ...columns]);
      const layout = new RowLayout(types);
      let at = before;
      return (
        layout.rowEnd(row, before, row.length) === row.length &&
        (layout.rowSize < 0 || layout.rowSize === row.length - before) &&
        columns.every((bytes, column) => {
          const isStart = layout.columnStart(column, row, before) === at;
          at += bytes.length;
          return isStart && layout.columnEnd(column, row, at - bytes.length) === at;
        })
      );
    }),
    { numRuns: 300 },
  );
  t.pass("held");
});

void test("the size of rows is known where it is the same for all", async (t) => {
  const u32 = { kind: "u32" } as const;
  t.equal(new RowLayout([u32, { kind: "i128" }, { kind: "bool" }]).rowSize, 21);
  t.equal(new RowLayout([]).rowSize, 0);
  t.equal(new RowLayout([u32, bytesType, u32]).rowSize, -1);
  const layout = new RowLayout([u32, bytesType, u32]);
  t.same(
    [0, 1, 2].map((column) => layout.constantOffset(column)),
    [0, 4, -1],
  );
  t.same(
    [0, 1, 2].map((column) => layout.constantSize(column)),
    [4, -1, 4],
  );
});

void test("bytes that are no row are refused", async (t) => {
  const layout = new RowLayout([{ kind: "bool" }, { kind: "string" }]);
  const cases: Record<string, readonly number[]> = {
    "a bool of 2": [2, 0, 0, 0, 0],
    "text that is cut short": [1, 3, 0, 0, 0, 97, 98],
    "text that is not UTF-8": [1, 1, 0, 0, 0, 0xff],
    nothing: [],
  };
  for (const [title, bytes] of Object.entries(cases)) {
    t.equal(layout.rowEnd(Uint8Array.from(bytes), 0, bytes.length), -1, title);
  }
});
