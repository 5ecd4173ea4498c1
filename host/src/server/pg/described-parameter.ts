// What a statement says of its parameters before any value is bound: each has the type of the column that it meets first.
import { type AlgebraicType, specialKind } from "@lightcone/abi";
import type { Parameters } from "../../sql/parse/parameter.ts";
import { oidOf, pgShapeOf, pgTypes } from "./pg-type.ts";

/** More than this the messages of the protocol cannot name. */
const parameterCountMax = 0xffff;

/** The BSATN of some value of a type. */
function someValue(type: AlgebraicType): Uint8Array {
  switch (type.kind) {
    case "product":
      return Buffer.concat(type.elements.map((element) => someValue(element.type)));
    case "sum": {
      // The last variant of an Option holds nothing.
      const tag = specialKind(type) === "option" ? 1 : 0;
      const variant = type.variants[tag];
      const tail = variant === undefined ? new Uint8Array(0) : someValue(variant.type);
      return Buffer.concat([Uint8Array.of(tag), tail]);
    }
    case "array":
    case "string":
      return new Uint8Array(4);
    case "bool":
      return new Uint8Array(1);
    case "ref":
      return new Uint8Array(0);
    default:
      return new Uint8Array(Number(/\d+/.exec(type.kind)?.[0] ?? 0) / 8);
  }
}

/** Notes what types parameters meet while a statement is resolved. */
export class DescribedParameters {
  readonly #oids: number[];

  /** `given` are the types that the client gives; 0 leaves one open. */
  constructor(given: readonly number[]) {
    this.#oids = [...given];
  }

  /** Values that stand for those to come. */
  readonly parameters: Parameters = (number) => {
    if (number > parameterCountMax) return undefined;
    while (this.#oids.length < number) this.#oids.push(0);
    return {
      encode: (type, use) => {
        const known = this.#oids[number - 1];
        if (known === 0) this.#oids[number - 1] = oidOf(pgShapeOf(type));
        const isTag = use === "compared" && type.kind === "sum" && specialKind(type) !== "option";
        return isTag ? new Uint8Array(1) : someValue(type);
      },
    };
  };

  /** The type of each; text for one that meets nothing. */
  get oids(): readonly number[] {
    return this.#oids.map((oid) => (oid === 0 ? pgTypes.text.oid : oid));
  }
}
