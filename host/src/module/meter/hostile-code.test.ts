// Code written so that the meter would miss what it does.
import { test } from "tap";
import { MeteredInstance } from "../../../test/module/metered.ts";

/** A module whose `run` has these instructions: no assembler would write them so. */
function moduleOf(code: readonly number[]): Uint8Array {
  const number = (value: number): number[] =>
    value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...number(value >>> 7)];
  const section = (id: number, content: readonly number[]): number[] => [
    id,
    ...number(content.length),
    ...content,
  ];
  const body = [0, ...code, 0x0b];
  const bytes = [
    [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(1, [1, 0x60, 0, 0]),
    section(3, [1, 0]),
    section(5, [1, 1, 1, 4]),
    section(7, [1, 3, 0x72, 0x75, 0x6e, 0, 0]),
    section(10, [1, ...number(body.length), ...body]),
  ].flat();
  return Uint8Array.from(bytes);
}

void test("a second opcode that is written in more bytes than it needs is paid for by size", (t) => {
  const fill = (opcode: readonly number[]): number => {
    // memory.fill of 65,536 bytes at 0.
    const bytes = moduleOf([0x41, 0, 0x41, 7, 0x41, 0x80, 0x80, 4, 0xfc, ...opcode, 0]);
    return new MeteredInstance(bytes).run().used;
  };
  const used = fill([11]);
  t.equal(used, 4 + 100 + 4096);
  t.equal(fill([0x8b, 0]), used);
  t.equal(fill([0x8b, 0x80, 0x80, 0]), used);
  t.end();
});

void test("code whose cost is more than 32 bits hold still costs", (t) => {
  // An `if` that is never entered: its code is charged on entry of the function all the same.
  const growths = new Array<number>(2 * 2_200_000).fill(0).map((_, i) => (i % 2 === 0 ? 0x40 : 0));
  const bytes = moduleOf([0x41, 0, 0x04, 0x40, 0x41, 0].concat(growths, [0x1a, 0x0b]));
  t.equal(new MeteredInstance(bytes).run().used, 2 ** 30);
  t.end();
});
