// Values that a statement names by `$1`, `$2` and so on, given beside its text: they are never part of it.
import type { AlgebraicType } from "@lightcone/abi";

/** What a value is wanted for: to be stored it may be anything, in a comparison a sum is told by the name of its variant. */
export type ParameterUse = "stored" | "compared";

/** The value of a parameter. It has no type of its own, like a literal. */
export interface Parameter {
  /** The BSATN of the value read as `type`; undefined where it is none of that type. Throws LC_SQL_UNSUPPORTED. */
  encode(type: AlgebraicType, use: ParameterUse): Uint8Array | undefined;
}

/** The parameter with a number, which counts from 1; undefined if there is none. */
export type Parameters = (number: number) => Parameter | undefined;

/** For texts whose tree alone matters. */
export const anyParameters: Parameters = () => ({ encode: () => undefined });
