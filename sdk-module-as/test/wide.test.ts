import type { Reader, Writer } from "@lightcone/abi";
import fc from "fast-check";
import { t as file, test } from "tap";
import { LeafGuest } from "./leaf-guest.ts";

// To compile a module takes its time on a busy machine.
file.setTimeout(180_000);

const guest = await LeafGuest.compile();

interface Kind {
  readonly name: string;
  readonly bits: number;
  readonly signed: boolean;
}

const kinds: readonly Kind[] = [
  { name: "U128", bits: 128, signed: false },
  { name: "I128", bits: 128, signed: true },
  { name: "U256", bits: 256, signed: false },
  { name: "I256", bits: 256, signed: true },
];

function wrap({ bits, signed }: Kind, value: bigint): bigint {
  return signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

function write(writer: Writer, kind: Kind, value: bigint): void {
  writer.words(value, kind.bits / 64);
}

function read(reader: Reader, kind: Kind): bigint {
  return wrap(kind, reader.words(kind.bits / 64, kind.name));
}

// Uniform numbers of so many bits almost never carry, borrow or divide long: digits of 32 bits that
// are all zeros, all ones or one bit do.
function wide(kind: Kind): fc.Arbitrary<bigint> {
  const limb = fc.oneof(
    fc.bigInt(0n, 0xffffffffn),
    fc.constantFrom(0n, 1n, 0x7fffffffn, 0x80000000n, 0xfffffffen, 0xffffffffn),
  );
  const limbs = fc.array(limb, { minLength: 0, maxLength: kind.bits / 32 });
  return fc.tuple(limbs, fc.boolean()).map(([digits, negated]) => {
    const value = digits.reduce((sum, digit) => (sum << 32n) | digit, 0n);
    return wrap(kind, negated ? -value : value);
  });
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const runs = { numRuns: 3000 };

for (const kind of kinds) {
  void test(`${kind.name}: arithmetic, order, conversions and text are those of BigInt`, (t) => {
    const mask = kind.bits - 1;
    fc.assert(
      fc.property(wide(kind), wide(kind), fc.integer(), (a, b, count) => {
        const shift = BigInt(count & mask);
        const out = guest.call(`arithmetic${kind.name}`, (writer) => {
          write(writer, kind, a);
          write(writer, kind, b);
          writer.u32(count >>> 0);
        });
        const unsigned = BigInt.asUintN(kind.bits, a);
        const results = [a + b, a - b, a * b, a & b, a | b, a ^ b, ~a, -a];
        const shifted = [a << shift, a >> shift, unsigned >> shift];
        for (const [i, result] of [...results, ...shifted].entries()) {
          if (read(out, kind) !== wrap(kind, result)) throw new Error(`operation ${i}`);
        }
        for (const [i, order] of [a === b, a !== b, a < b, a <= b, a > b, a >= b].entries()) {
          if (out.bool() !== order) throw new Error(`order ${i}`);
        }
        if (out.i32() !== compare(a, b)) throw new Error("compare");
        if (!Object.is(out.f64(), Number(a))) throw new Error("toF64");
        if (out.u64() !== BigInt.asUintN(64, a)) throw new Error("toU64");
        if (out.i64() !== BigInt.asIntN(64, a)) throw new Error("toI64");
        for (const to of kinds) {
          if (read(out, to) !== wrap(to, a)) throw new Error(`to ${to.name}`);
        }
        if (out.string() !== `${a}` || out.string() !== `${b}`) throw new Error("decimal");
        if (out.string() !== a.toString(2 + (count & 31))) throw new Error("radix");
        if (out.string() !== unsigned.toString(16).padStart(kind.bits / 4, "0")) {
          throw new Error("hex");
        }
        return out.remaining === 0;
      }),
      runs,
    );
    t.pass();
    t.end();
  });

  void test(`${kind.name}: division rounds towards zero, the remainder follows the dividend`, (t) => {
    const min = kind.signed ? -(1n << BigInt(kind.bits - 1)) : 0n;
    fc.assert(
      fc.property(wide(kind), wide(kind), wide(kind), (x, y, z) => {
        // A product with a small rest is where an estimated digit is too large most often.
        for (const [a, b] of [
          [x, y],
          [wrap(kind, y * z - 1n), y],
        ] as const) {
          if (b === 0n || (a === min && b === -1n)) continue;
          const out = guest.call(`division${kind.name}`, (writer) => {
            write(writer, kind, a);
            write(writer, kind, b);
          });
          if (read(out, kind) !== a / b || read(out, kind) !== a % b) {
            throw new Error(`${a} / ${b}`);
          }
        }
      }),
      runs,
    );
    t.pass();
    t.end();
  });
}

void test("divisions that have no result end the call", (t) => {
  const cases: readonly (readonly [Kind, bigint, bigint, RegExp])[] = kinds.flatMap((kind) => [
    [kind, 7n, 0n, /division by zero/] as const,
    ...(kind.signed
      ? [[kind, -(1n << BigInt(kind.bits - 1)), -1n, /division overflows/] as const]
      : []),
  ]);
  for (const [kind, a, b, message] of cases) {
    const record = guest.panicOfCall(`division${kind.name}`, (writer) => {
      write(writer, kind, a);
      write(writer, kind, b);
    });
    t.match(record, { level: 101, text: message }, `${kind.name} ${a} / ${b}`);
    t.match(record?.file, /\.ts$/);
  }
  t.end();
});

/** What tryParse must make of `text`. */
function parsed(kind: Kind, text: string): bigint | undefined {
  const pattern = kind.signed ? /^-?(?:\d+|0x[0-9a-fA-F]+)$/ : /^(?:\d+|0x[0-9a-fA-F]+)$/;
  if (!pattern.test(text)) return undefined;
  const value = text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text);
  return wrap(kind, value) === value ? value : undefined;
}

void test("numbers are parsed strictly, and only where they fit", (t) => {
  const edges = kinds.flatMap(({ bits }) =>
    [bits - 1, bits].flatMap((power) =>
      [-1n, 0n, 1n].flatMap((offset) => {
        const value = (1n << BigInt(power)) + offset;
        return [`${value}`, `-${value}`, `0x${value.toString(16)}`, `-0x${value.toString(16)}`];
      }),
    ),
  );
  const odd = [
    "",
    "-",
    "0x",
    "-0x",
    "+1",
    " 1",
    "1 ",
    "1_0",
    "0xg",
    "x",
    "--1",
    "-0",
    "00012",
    "١",
  ];
  const texts = fc.oneof(
    fc.constantFrom(...edges, ...odd),
    fc.bigInt(-(1n << 257n), 1n << 257n).map((value) => `${value}`),
    fc.bigInt(0n, 1n << 257n).map((value) => `0x${value.toString(16).toUpperCase()}`),
    fc.string({ maxLength: 6 }),
  );
  const check = (text: string): void => {
    const out = guest.call("parseWide", (writer) => writer.string(text));
    for (const kind of kinds) {
      const value = out.bool() ? read(out, kind) : undefined;
      if (value !== parsed(kind, text)) throw new Error(`${kind.name} of ${text}: ${value}`);
    }
  };
  for (const text of [...edges, ...odd]) check(text);
  fc.assert(fc.property(texts, check), runs);
  t.pass();
  t.end();
});

void test("from smaller integers, and constants", (t) => {
  const [u128, i128, u256, i256] = kinds as [Kind, Kind, Kind, Kind];
  fc.assert(
    fc.property(fc.bigInt(-(1n << 63n), (1n << 63n) - 1n), (a) => {
      const out = guest.call("fromSmall", (writer) => writer.i64(a));
      const wanted: readonly (readonly [Kind, bigint])[] = [
        [u128, a],
        [i256, a],
        [u256, BigInt.asUintN(64, a)],
        [i128, BigInt.asUintN(64, a)],
        [i256, BigInt.asIntN(32, a)],
        [i128, BigInt.asUintN(8, a)],
        [u256, a === 0n ? 0n : 1n],
      ];
      return wanted.every(([kind, value]) => read(out, kind) === wrap(kind, value));
    }),
  );
  const out = guest.output("constants");
  const bounds = (bits: bigint): [bigint, bigint] => [
    -(1n << (bits - 1n)),
    (1n << (bits - 1n)) - 1n,
  ];
  const kindsOf = [u128, u128, i128, i128, u256, u256, i256, i256, i256];
  t.same(
    kindsOf.map((kind) => read(out, kind)),
    [0n, (1n << 128n) - 1n, ...bounds(128n), 0n, (1n << 256n) - 1n, ...bounds(256n), 1n],
  );
  t.end();
});
