// Definitions made to cost more than their bytes are worth: each is refused by a limit, and none
// takes long.
import { test } from "tap";
import * as make from "../../test/definition.ts";
import { faultsOf, withPerson } from "../../test/faults.ts";
import {
  type AlgebraicType,
  array,
  option,
  product,
  ref,
  sum,
  type Typespace,
  unitType,
} from "../sats/type.ts";
import { moduleDefFromRaw } from "./decode.ts";
import { decodeRaw, definitionLengthMax, encodeRaw } from "./raw.ts";
import type { RawModuleDefV10 } from "./raw-v10.ts";

function faults(def: RawModuleDefV10): readonly string[] {
  return faultsOf({ version: 10, def });
}

function withTypes(types: Typespace): RawModuleDefV10 {
  return { sections: [{ tag: "Typespace", value: { types: types.map(make.raw) } }] };
}

function many<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** `count` types, each made around a reference to the next; the last one is u8. */
function chain(count: number, link: (next: AlgebraicType) => AlgebraicType): Typespace {
  return [...many(count, (index) => link(ref(index + 1))), { kind: "u8" }];
}

void test("types that refer to each other without end are refused", async (t) => {
  const deep = /over 100 products deep/;
  t.same(faults(withTypes(chain(90, (next) => product({ a: next })))), []);
  t.match(faults(withTypes(chain(120, (next) => product({ a: next }))))[0], deep);
  t.match(faults(withTypes(chain(120, (next) => next)))[0], deep);
  t.match(
    faults(withTypes(chain(12, (next) => product({ a: next, b: next }))))[0],
    /type 0 has more than 4096 fields, those inside included/,
  );
  t.match(faults(withTypes(many(10_001, () => unitType)))[0], /10001 types are more than/);
});

void test("long chains of sums and arrays are sound", async (t) => {
  for (const link of [option, array, (next: AlgebraicType) => sum({ a: next, b: next })]) {
    const types = chain(9000, link);
    const def = moduleDefFromRaw({ version: 10, def: withTypes(types) });
    t.equal(def.typespace.length, 9001);
  }
});

void test("a table over a long chain of types is compiled and walked", async (t) => {
  const types: Typespace = [
    product({ id: make.u32, tail: ref(1) }),
    ...chain(9000, option).map((type) =>
      type.kind === "sum"
        ? option(ref((type.variants[0]!.type as { readonly ref: number }).ref + 1))
        : type,
    ),
  ];
  const def: RawModuleDefV10 = {
    sections: [
      ...withTypes(types).sections,
      {
        tag: "Tables",
        value: [
          make.table10({
            default_values: [{ col_id: 1, value: Uint8Array.of(0, 0, 0, 1) }],
          }),
        ],
      },
    ],
  };
  t.same(faults(def), []);
});

void test("more objects than any module has are refused", async (t) => {
  const columns = many(65, (index) => index);
  const cases: readonly (readonly [string, RawModuleDefV10, RegExp])[] = [
    [
      "tables",
      make.module10({ Tables: many(10_001, (i) => make.table10({ source_name: `t${i}` })) }),
      /10001 tables are more than the limit of 10000/,
    ],
    [
      "indexes",
      withPerson({ indexes: many(10_001, () => make.index10("i", [0])) }),
      /10002 indexes are more/,
    ],
    [
      "parameters",
      make.module10({
        Reducers: [
          make.reducer10("act", {
            params: {
              elements: many(4097, () => ({ name: "a", algebraic_type: make.raw(make.u32) })),
            },
          }),
        ],
      }),
      /`act`: it has more than 4096 parameters/,
    ],
    [
      "columns of an index",
      withPerson({ indexes: [make.index10("i", [0]), make.index10("j", columns)] }),
      /index `j` has more than 64 columns/,
    ],
    [
      "a long name",
      make.module10({ Views: [make.view10("v".repeat(256))] }),
      /its name `v+` is over 255 characters long/,
    ],
  ];
  for (const [title, def, fault] of cases) t.match(faults(def).join("; "), fault, title);
});

void test("too many submodules, or too deep, are refused", async (t) => {
  const empty: RawModuleDefV10 = { sections: [] };
  const wide = many(1001, (i) => ({ namespace: `m${i}`, module: empty }));
  t.same(faults(make.module10({ Submodules: wide })), ["there are more than 1000 submodules"]);
  let deep = empty;
  for (let i = 0; i < 17; i++) {
    deep = { sections: [{ tag: "Submodules", value: [{ namespace: "m", module: deep }] }] };
  }
  t.same(faults(deep), ["submodules are nested over 16 levels deep"]);
});

void test("faults are told up to a number and a length", async (t) => {
  const reasons = faults(make.module10({ Views: many(300, () => make.view10("v", { index: 7 })) }));
  t.equal(reasons.length, 101);
  t.match(reasons[100], /^and \d+ more$/);
  const [long] = faults(make.module10({ Views: [make.view10("v".repeat(100_000))] }));
  t.equal(long?.length, 1001);
});

void test("a definition as large as can be is refused within seconds", async (t) => {
  const count = Math.floor(definitionLengthMax / 100);
  const definitions: readonly RawModuleDefV10[] = [
    withTypes(many(count, (i) => product({ a: ref(i + 1) }))),
    make.module10({ Reducers: many(count, () => make.reducer10("a")) }),
    make.module10({
      Views: many(count, () => make.view10("v")),
      ViewPrimaryKeys: many(10_000, (i) => ({ view_source_name: `x${i}`, columns: [] })),
    }),
    withPerson({ constraints: many(count, () => make.unique10([0])) }),
    withPerson({
      indexes: [
        make.index10(
          "i",
          many(1_000_000, (i) => i & 1),
        ),
      ],
    }),
  ];
  for (const def of definitions) {
    const raw = { version: 10 as const, def };
    const bytes = encodeRaw(raw);
    t.ok(bytes.length > definitionLengthMax / 16, `${bytes.length} bytes`);
    const reasons = bytes.length > definitionLengthMax ? faultsOf(raw) : faultsOf(decodeRaw(bytes));
    t.ok(reasons.length > 0);
  }
});
