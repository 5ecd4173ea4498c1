// Enums by the names of their variants, which only the wide dialect has.
import { type AlgebraicType, didYouMean } from "@lightcone/abi";
import type { Literal } from "../parse/tree.ts";

type SumType = Extract<AlgebraicType, { kind: "sum" }>;

function variantNames({ variants }: SumType): string[] {
  return variants.map(({ name }, tag) => name ?? String(tag));
}

/** The tag of the variant that a text names, or undefined if there is none of that name. */
export function encodeVariant(literal: Literal, type: SumType): Uint8Array | undefined {
  const tag = literal.form === "string" ? variantNames(type).indexOf(literal.text) : -1;
  return tag < 0 ? undefined : Uint8Array.of(tag);
}

/** What a message adds where a literal names no variant. */
export function variantHint(literal: Literal, type: SumType): string {
  const names = variantNames(type);
  const list = names.map((name) => `\`${name}\``).join(", ");
  return `: its variants are ${list}${didYouMean(literal.text, names)}`;
}
