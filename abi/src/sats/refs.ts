// References while types are compiled into closures. The types that references lead to are compiled
// one after another, not inside each other, so that neither long chains of types nor recursive ones
// can overflow the stack.
import { type AlgebraicType, type RefType, resolve, type Typespace } from "./type.ts";

/** Where the compiled form of a referenced type will stand: it is there before any value passes. */
interface Slot<T> {
  compiled: T | undefined;
}

/**
 * What a reference compiled to: the thing itself, or the slot of something that has references too.
 */
type Target<T> = { readonly leaf: T } | { readonly slot: Slot<T> };

export class RefCompiler<T> {
  readonly #types: Typespace;
  readonly #compileInline: (type: AlgebraicType) => T;
  readonly #targets = new Map<number, Target<T>>();
  readonly #pending: (() => void)[] = [];

  constructor(types: Typespace, compileInline: (type: AlgebraicType) => T) {
    this.#types = types;
    this.#compileInline = compileInline;
  }

  /** Compiles a whole type. */
  compile(type: AlgebraicType): T {
    const compiled = this.#compileInline(type);
    for (let next = this.#pending.pop(); next !== undefined; next = this.#pending.pop()) next();
    return compiled;
  }

  /** What stands for a reference met while compiling. */
  target(type: RefType): Target<T> {
    const known = this.#targets.get(type.ref);
    if (known !== undefined) return known;
    const resolved = resolve(type, this.#types);
    const target = containsRef(resolved) ? this.#later(resolved) : this.#now(resolved);
    this.#targets.set(type.ref, target);
    return target;
  }

  // Most references are to enums and flat products, which need no detour.
  #now(type: AlgebraicType): Target<T> {
    return { leaf: this.#compileInline(type) };
  }

  #later(type: AlgebraicType): Target<T> {
    const slot: Slot<T> = { compiled: undefined };
    this.#pending.push(() => {
      slot.compiled = this.#compileInline(type);
    });
    return { slot };
  }
}

function containsRef(type: AlgebraicType): boolean {
  switch (type.kind) {
    case "ref":
      return true;
    case "array":
      return containsRef(type.element);
    case "product":
      return type.elements.some((element) => containsRef(element.type));
    case "sum":
      return type.variants.some((variant) => containsRef(variant.type));
    default:
      return false;
  }
}
