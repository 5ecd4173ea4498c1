// What a type says about the bytes of its values: how many, and whether any bytes will do. Answers are remembered for each
// typespace, so that types which refer to each other many times over cost no more than they are long.
import { type AlgebraicType, type Element, resolve, type Typespace } from "./type.ts";

interface Layout {
  /** Bytes of every value, or undefined where values differ in length. */
  readonly size: number | undefined;
  /** Every string of bytes of that size is a value: no bool, no tag, no text inside. */
  readonly isFreeForm: boolean;
}

const varied: Layout = { size: undefined, isFreeForm: false };

function primitiveLayout(size: number): Layout {
  return { size, isFreeForm: true };
}

const primitiveLayouts: Readonly<Partial<Record<AlgebraicType["kind"], Layout>>> = {
  bool: { size: 1, isFreeForm: false },
  i8: primitiveLayout(1),
  u8: primitiveLayout(1),
  i16: primitiveLayout(2),
  u16: primitiveLayout(2),
  i32: primitiveLayout(4),
  u32: primitiveLayout(4),
  f32: primitiveLayout(4),
  i64: primitiveLayout(8),
  u64: primitiveLayout(8),
  f64: primitiveLayout(8),
  i128: primitiveLayout(16),
  u128: primitiveLayout(16),
  i256: primitiveLayout(32),
  u256: primitiveLayout(32),
};

type Layouts = Map<number, Layout>;
const layoutsByTypespace = new WeakMap<Typespace, Layouts>();

function layoutOf(type: AlgebraicType, types: Typespace): Layout {
  let layouts = layoutsByTypespace.get(types);
  if (layouts === undefined) {
    layouts = new Map();
    layoutsByTypespace.set(types, layouts);
  }
  return layoutInside(type, types, layouts);
}

function layoutInside(type: AlgebraicType, types: Typespace, layouts: Layouts): Layout {
  switch (type.kind) {
    case "ref": {
      const known = layouts.get(type.ref);
      if (known !== undefined) return known;
      // A type that contains itself has no fixed size: that is what it finds when it meets itself.
      layouts.set(type.ref, varied);
      const layout = layoutInside(resolve(type, types), types, layouts);
      layouts.set(type.ref, layout);
      return layout;
    }
    case "product":
      return productLayout(type.elements, types, layouts);
    case "sum":
      return sumLayout(type.variants, types, layouts);
    default:
      return primitiveLayouts[type.kind] ?? varied;
  }
}

function productLayout(elements: readonly Element[], types: Typespace, layouts: Layouts): Layout {
  let size = 0;
  let isFree = true;
  for (const element of elements) {
    const layout = layoutInside(element.type, types, layouts);
    if (layout.size === undefined) return varied;
    size += layout.size;
    isFree &&= layout.isFreeForm;
  }
  return { size, isFreeForm: isFree };
}

function sumLayout(variants: readonly Element[], types: Typespace, layouts: Layouts): Layout {
  let common: number | undefined;
  for (const variant of variants) {
    const { size } = layoutInside(variant.type, types, layouts);
    if (size === undefined || (common !== undefined && common !== size)) return varied;
    common = size;
  }
  return common === undefined ? varied : { size: common + 1, isFreeForm: false };
}

/** Bytes of BSATN that every value of `type` takes, or undefined where values differ in length. */
export function fixedSize(type: AlgebraicType, types: Typespace): number | undefined {
  return layoutOf(type, types).size;
}

/** Whether every string of bytes of the right length is a value of `type`. */
export function isFreeForm(type: AlgebraicType, types: Typespace): boolean {
  return layoutOf(type, types).isFreeForm;
}

/** Most fields of a product, those of the products inside it included. */
export const productFieldsMax = 4096;

/**
 * What makes values of these types unbounded though their bytes are few: products that contain themselves, or that grow
 * beyond productFieldsMax by containing one another. Arrays and sums end the count, since their values take bytes.
 */
export function typespaceFaults(types: Typespace): string[] {
  const widths = new Map<number, number>();
  const faults: string[] = [];
  for (const index of types.keys()) {
    const width = widthOf({ kind: "ref", ref: index }, types, widths);
    if (width === Number.POSITIVE_INFINITY) {
      faults.push(`type ${index} contains itself without an array or a sum in between`);
    } else if (width > productFieldsMax) {
      faults.push(`type ${index} has more than ${productFieldsMax} fields, those inside included`);
    }
  }
  return faults;
}

/** How many products and leaves a value has before arrays and sums. */
function widthOf(type: AlgebraicType, types: Typespace, widths: Map<number, number>): number {
  if (type.kind === "product") {
    let width = 1;
    for (const element of type.elements) width += widthOf(element.type, types, widths);
    return width;
  }
  if (type.kind !== "ref") return 1;
  const known = widths.get(type.ref);
  if (known !== undefined) return known;
  const target = types[type.ref];
  // Meeting itself while it is being counted, a type is infinitely wide. Dangling references are found elsewhere.
  widths.set(type.ref, Number.POSITIVE_INFINITY);
  const width = target === undefined ? 1 : widthOf(target, types, widths);
  widths.set(type.ref, width);
  return width;
}
