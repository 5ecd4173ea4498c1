// When a column may get another type while its rows stay as they are: sums may have more variants at their end, if that
// leaves size and alignment of the row in memory as module-def.md section 9 counts them.
import { type AlgebraicType, assert, type Element } from "@lightcone/abi";

/** Bytes and alignment of a value as that section counts them; no relation to how rows are kept here. */
export interface MemoryLayout {
  readonly size: number;
  readonly alignment: number;
}

const primitiveSizes: Readonly<Partial<Record<AlgebraicType["kind"], number>>> = {
  bool: 1,
  i8: 1,
  u8: 1,
  i16: 2,
  u16: 2,
  i32: 4,
  u32: 4,
  f32: 4,
  i64: 8,
  u64: 8,
  f64: 8,
  i128: 16,
  u128: 16,
  i256: 32,
  u256: 32,
};

function roundUp(size: number, alignment: number): number {
  return Math.ceil(size / alignment) * alignment;
}

/** The layout of a type without references. */
export function memoryLayout(type: AlgebraicType): MemoryLayout {
  switch (type.kind) {
    case "string":
    case "array":
      return { size: 4, alignment: 2 };
    case "product": {
      let size = 0;
      let alignment = 1;
      for (const element of type.elements) {
        const inner = memoryLayout(element.type);
        size = roundUp(size, inner.alignment) + inner.size;
        alignment = Math.max(alignment, inner.alignment);
      }
      return { size: roundUp(size, alignment), alignment };
    }
    case "sum": {
      const payloads = type.variants.map((variant) => memoryLayout(variant.type));
      const alignment = Math.max(1, ...payloads.map((payload) => payload.alignment));
      const size = Math.max(0, ...payloads.map((payload) => payload.size));
      return { size: alignment + roundUp(size, alignment), alignment };
    }
    default: {
      const size = primitiveSizes[type.kind];
      assert(size !== undefined, "a column's type has no references");
      return { size, alignment: size };
    }
  }
}

/** The name of a part of a type, for reasons. */
function partName(what: string, kind: string, { name }: Element, position: number): string {
  return `${what}, ${kind} ${name ?? position}`;
}

function productFaults(
  what: string,
  before: readonly Element[],
  after: readonly Element[],
): string[] {
  const faults: string[] = [];
  for (const [i, element] of before.entries()) {
    const next = after[i];
    const part = partName(what, "field", element, i);
    if (next === undefined) faults.push(`${part} is removed`);
    else if (next.name !== element.name) faults.push(`${part} is now ${next.name ?? i}`);
    else faults.push(...typeFaults(part, element.type, next.type));
  }
  for (const [i, element] of after.entries()) {
    if (i >= before.length) faults.push(`${partName(what, "field", element, i)} is added`);
  }
  return faults;
}

function sumFaults(
  what: string,
  before: Extract<AlgebraicType, { kind: "sum" }>,
  after: Extract<AlgebraicType, { kind: "sum" }>,
): string[] {
  const faults: string[] = [];
  for (const [i, variant] of before.variants.entries()) {
    const next = after.variants[i];
    const part = partName(what, "variant", variant, i);
    if (next === undefined) faults.push(`${part} is removed`);
    else if (next.name !== variant.name) faults.push(`${part} is now ${next.name ?? i}`);
    else faults.push(...typeFaults(part, variant.type, next.type));
  }
  if (faults.length > 0) return faults;
  const old = memoryLayout(before);
  const now = memoryLayout(after);
  if (old.size === now.size && old.alignment === now.alignment) return [];
  const places = (layout: MemoryLayout): string =>
    `${layout.size} bytes aligned to ${layout.alignment}`;
  return [`${what}: its values would take ${places(now)}, not ${places(old)}`];
}

/** Why a column of the type `before` cannot become one of the type `after`; empty if it can, or if they are the same. */
export function typeFaults(what: string, before: AlgebraicType, after: AlgebraicType): string[] {
  if (before.kind === "product" && after.kind === "product") {
    return productFaults(what, before.elements, after.elements);
  }
  if (before.kind === "sum" && after.kind === "sum") return sumFaults(what, before, after);
  if (before.kind === "array" && after.kind === "array") {
    return typeFaults(`${what}, element`, before.element, after.element);
  }
  return before.kind === after.kind
    ? []
    : [`${what} has another type: ${after.kind}, not ${before.kind}`];
}
