// The definition that a module writes: names, default values, and types found through imports of every
// kind.
import { describeModule } from "@lightcone/host";
import { t, test } from "tap";
import { importAll, wasmOf } from "./rig.ts";

t.setTimeout(120_000);

const files = {
  "node_modules/other-package/index.ts": `
@struct export class Shared { x: u32; }
export function one(): u32 { return 1; }
`,
  "assembly/types.ts": `${importAll}
@struct export class Point { xPos: i32; yPos: i32; }
export enum Kind { First, SecondOne }
@sum export class Either { left: Point; right: string; }
export type Meters = f32;
`,
  "assembly/reexport.ts": `
export { Point as Place, Kind } from "./types";
export * from "./types";
`,
  "assembly/index.ts": `${importAll}
import { Place, Either as Choice, Meters, Kind } from "./reexport";
import * as all from "./types";
import { Shared, one } from "other-package";

@table({ accessor: "things", name: "AllThings", access: "public" })
@index({ accessor: "byPlaceKind", columns: ["kindOf", "size2"], name: "MyIndex" })
class Thing {
  @primaryKey @autoInc id: u64;
  @defaultValue(Kind.SecondOne) kindOf: Kind;
  @defaultValue(-2) size2: i16;
  @defaultValue(1.5) far: Meters;
  @defaultValue("é") text: string;
  @defaultValue([1, 2]) list: u8[];
  @defaultValue(null) maybe: string | null;
  @defaultValue({ xPos: 1, yPos: -1 }) place: Place;
  @defaultValue(0x10) wide: U128;
  @defaultValue(true) flag: bool;
  either: Choice;
  point: all.Point;
}

@struct class Unused { x: u32; }

@reducer({ name: "DoThat" }) function doThis(ctx: ReducerContext, someThing: Thing, kinds: all.Kind[], shared: Shared): void { log.info(one().toString()); }
`,
};

const wasm = await wasmOf(files["assembly/index.ts"], { mode: "debug", files });
const definition = describeModule(wasm);

void test("tables", async (t) => {
  const [table] = definition.tables;
  t.equal(table?.name, "AllThings");
  t.equal(table?.sourceName, "things");
  t.same(table?.columns.map(({ name, sourceName }) => `${sourceName} ${name}`).slice(0, 3), [
    "id id",
    "kindOf kind_of",
    "size2 size_2",
  ]);
  t.same(
    table?.indexes.map(({ name, sourceName, accessorName }) => [name, sourceName, accessorName]),
    [
      ["MyIndex", "things_kindOf_size2_idx_btree", "by_place_kind"],
      ["AllThings_id_idx_btree", "things_id_idx_btree", "id"],
    ],
  );
});

void test("default values", async (t) => {
  const defaults = definition.tables[0]?.columns.map(({ sourceName, defaultValue }) => [
    sourceName,
    defaultValue === undefined ? undefined : Buffer.from(defaultValue).toString("hex"),
  ]);
  t.same(defaults, [
    ["id", undefined],
    ["kindOf", "01"],
    ["size2", "feff"],
    ["far", "0000c03f"],
    ["text", "02000000c3a9"],
    ["list", "020000000102"],
    ["maybe", "01"],
    ["place", "01000000ffffffff"],
    ["wide", `10${"00".repeat(15)}`],
    ["flag", "01"],
    ["either", undefined],
    ["point", undefined],
  ]);
});

void test("types that are used have a name, others are left out", async (t) => {
  t.same(definition.types.map(({ name }) => name).sort(), [
    "Either",
    "Kind",
    "Point",
    "Shared",
    "Thing",
  ]);
});

void test("functions", async (t) => {
  const [reducer] = definition.reducers;
  t.equal(reducer?.name, "DoThat");
  t.same(
    reducer?.params.elements.map(({ name }) => name),
    ["someThing", "kinds", "shared"],
  );
});
