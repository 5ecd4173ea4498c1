// Validation of BSATN without decoding it: what the host does with each row a module hands it.
import { isUtf8 } from "../bytes/utf8.ts";
import { fixedSize, isFreeForm } from "./layout.ts";
import { RefCompiler } from "./refs.ts";
import {
  type AlgebraicType,
  type Element,
  emptyElementsMax,
  type RefType,
  type Typespace,
  valueDepthMax,
} from "./type.ts";

/**
 * Walks one value that starts at `at` and must end at or before `end`.
 * Returns the position after it, or -1 if the bytes are not a value of the type.
 */
export type Walk = (bytes: Uint8Array, at: number, end: number) => number;

/**
 * Compiles the walk over values of `type`. A type whose bytes are all valid becomes one comparison.
 */
export function compileWalk(type: AlgebraicType, types: Typespace = []): Walk {
  return new WalkCompiler(types).compileWhole(type);
}

function walkFixed(size: number): Walk {
  return (_bytes, at, end) => (end - at < size ? -1 : at + size);
}

function u32At(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  return (low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)) >>> 0;
}

const walkBool: Walk = (bytes, at, end) => (at < end && (bytes[at] as number) <= 1 ? at + 1 : -1);

function walkText(mustBeUtf8: boolean): Walk {
  return (bytes, at, end) => {
    if (end - at < 4) return -1;
    const start = at + 4;
    const stop = start + u32At(bytes, at);
    if (stop > end) return -1;
    return mustBeUtf8 && !isUtf8(bytes, start, stop) ? -1 : stop;
  };
}

class WalkCompiler {
  readonly #types: Typespace;
  readonly #refs: RefCompiler<Walk>;
  /**
   * Levels of recursion of the walk under way. Walks throw nothing, so it is back at zero after
   * each.
   */
  #depth = 0;

  constructor(types: Typespace) {
    this.#types = types;
    this.#refs = new RefCompiler(types, (type) => this.compile(type));
  }

  compileWhole(type: AlgebraicType): Walk {
    return this.#refs.compile(type);
  }

  compile(type: AlgebraicType): Walk {
    if (type.kind === "ref") return this.#compileRef(type);
    const size = fixedSize(type, this.#types);
    if (size !== undefined && isFreeForm(type, this.#types)) return walkFixed(size);
    switch (type.kind) {
      case "bool":
        return walkBool;
      case "string":
        return walkText(true);
      case "array":
        return type.element.kind === "u8" ? walkText(false) : this.#compileArray(type.element);
      case "product":
        return this.#compileProduct(type.elements);
      case "sum":
        return this.#compileSum(type.variants);
      default:
        return walkFixed(size as number);
    }
  }

  #compileRef(type: RefType): Walk {
    const target = this.#refs.target(type);
    if ("leaf" in target) return target.leaf;
    const { slot } = target;
    return (bytes, at, end) => {
      if (this.#depth >= valueDepthMax) return -1;
      this.#depth++;
      const position = (slot.compiled as Walk)(bytes, at, end);
      this.#depth--;
      return position;
    };
  }

  #compileProduct(elements: readonly Element[]): Walk {
    const walks = elements.map((element) => this.compile(element.type));
    return (bytes, at, end) => {
      let position = at;
      for (let i = 0; i < walks.length && position >= 0; i++) {
        position = (walks[i] as Walk)(bytes, position, end);
      }
      return position;
    };
  }

  #compileSum(variants: readonly Element[]): Walk {
    const walks = variants.map((variant) => this.compile(variant.type));
    return (bytes, at, end) => {
      if (at >= end) return -1;
      const walk = walks[bytes[at] as number];
      return walk === undefined ? -1 : walk(bytes, at + 1, end);
    };
  }

  #compileArray(element: AlgebraicType): Walk {
    const walk = this.compile(element);
    const size = fixedSize(element, this.#types);
    const isFree = size !== undefined && isFreeForm(element, this.#types);
    return (bytes, at, end) => {
      if (end - at < 4) return -1;
      const count = u32At(bytes, at);
      // The same limits as the codec has.
      const countMax = size === 0 ? emptyElementsMax : (end - at - 4) / (size ?? 1);
      if (count > countMax) return -1;
      if (isFree) return at + 4 + count * size;
      let position = at + 4;
      for (let i = 0; i < count && position >= 0; i++) position = walk(bytes, position, end);
      return position;
    };
  }
}
