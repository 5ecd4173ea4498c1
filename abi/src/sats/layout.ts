// What a type says about the bytes of its values: how many, and whether any bytes will do. Answers
// are remembered for each typespace, so that types which refer to each other many times over cost
// no more than they are long.
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

/** What is known of one typespace. */
interface Layouts {
  readonly types: Typespace;
  readonly byRef: Map<number, Layout>;
  /** References being followed. */
  depth: number;
}

const layoutsByTypespace = new WeakMap<Typespace, Layouts>();

function layoutOf(type: AlgebraicType, types: Typespace): Layout {
  let layouts = layoutsByTypespace.get(types);
  if (layouts === undefined) {
    layouts = { types, byRef: new Map(), depth: 0 };
    layoutsByTypespace.set(types, layouts);
  }
  return layoutInside(type, layouts);
}

function layoutInside(type: AlgebraicType, layouts: Layouts): Layout {
  switch (type.kind) {
    case "ref": {
      const { types, byRef } = layouts;
      const known = byRef.get(type.ref);
      if (known !== undefined) return known;
      // A type that contains itself has no fixed size: that is what it finds when it meets itself.
      // Beyond this depth only chains of sums go on, made to overflow the stack.
      byRef.set(type.ref, varied);
      if (layouts.depth > referenceDepthMax) return varied;
      const target = resolve(type, types);
      layouts.depth++;
      const layout = layoutInside(target, layouts);
      layouts.depth--;
      byRef.set(type.ref, layout);
      return layout;
    }
    case "product":
      return productLayout(type.elements, layouts);
    case "sum":
      return sumLayout(type.variants, layouts);
    default:
      return primitiveLayouts[type.kind] ?? varied;
  }
}

function productLayout(elements: readonly Element[], layouts: Layouts): Layout {
  let size = 0;
  let isFree = true;
  for (const element of elements) {
    const layout = layoutInside(element.type, layouts);
    if (layout.size === undefined) return varied;
    size += layout.size;
    isFree &&= layout.isFreeForm;
  }
  return { size, isFreeForm: isFree };
}

function sumLayout(variants: readonly Element[], layouts: Layouts): Layout {
  let common: number | undefined;
  for (const variant of variants) {
    const { size } = layoutInside(variant.type, layouts);
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

/** Most references to be followed from a product to the last product inside it. */
export const referenceDepthMax = 100;

/**
 * What makes values of these types unbounded though their bytes are few: products that contain
 * themselves, or that grow beyond productFieldsMax or referenceDepthMax by containing one another.
 * Arrays and sums end the count, since their values take bytes.
 */
export function typespaceFaults(types: Typespace): string[] {
  const widths: Widths = { types, byRef: new Map(), depth: 0 };
  const faults: string[] = [];
  for (const index of types.keys()) {
    const width = widthOf({ kind: "ref", ref: index }, widths);
    if (width === Number.POSITIVE_INFINITY) {
      const rule = `or is over ${referenceDepthMax} products deep`;
      faults.push(`type ${index} contains itself without an array or a sum in between, ${rule}`);
    } else if (width > productFieldsMax) {
      faults.push(`type ${index} has more than ${productFieldsMax} fields, those inside included`);
    }
  }
  return faults;
}

interface Widths {
  readonly types: Typespace;
  readonly byRef: Map<number, number>;
  /** References being followed. */
  depth: number;
}

/** How many products and leaves a value has before arrays and sums. */
function widthOf(type: AlgebraicType, widths: Widths): number {
  if (type.kind === "product") {
    let width = 1;
    for (const element of type.elements) width += widthOf(element.type, widths);
    return width;
  }
  if (type.kind !== "ref") return 1;
  const { types, byRef } = widths;
  const known = byRef.get(type.ref);
  if (known !== undefined) return known;
  const target = types[type.ref];
  // Meeting itself while it is being counted, a type is infinitely wide. Dangling references are
  // found elsewhere.
  byRef.set(type.ref, Number.POSITIVE_INFINITY);
  if (widths.depth > referenceDepthMax) return Number.POSITIVE_INFINITY;
  widths.depth++;
  const width = target === undefined ? 1 : widthOf(target, widths);
  widths.depth--;
  byRef.set(type.ref, width);
  return width;
}
