// Arguments and rows as a program gives them: values in order, or by the names of their fields, checked before anything is sent.
import {
  type AlgebraicType,
  type Codec,
  compileCodec,
  encode,
  type ErrorCode,
  LightconeError,
  messageOf,
  type ProductType,
  type ProductValue,
  resolve,
  specialKind,
  type Typespace,
  type Value,
  Writer,
} from "@lightcone/abi";
import { clientProduct, clientType } from "./names.ts";

/** Values in the order of their fields, or by name: as in TypeScript or as in the module. */
export type Fields = readonly Value[] | ProductValue;

interface Field {
  readonly name: string;
  readonly moduleName: string | undefined;
  readonly codec: Codec;
  readonly isOptional: boolean;
  /** The encoded value that takes the place of one that is not given. */
  readonly fallback: Uint8Array | undefined;
}

/** Writes the values of a product. A fault names the thing, the field and the rule. */
export class FieldCodec {
  readonly #fields: readonly Field[];
  readonly #what: string;
  readonly #code: ErrorCode;

  /**
   * `types` have the names of programs (`clientTypes`), `product` those of the module. `what` names the thing in faults. Fields named
   * in `fallbacks` may be left out.
   */
  constructor(
    product: ProductType,
    types: Typespace,
    what: string,
    code: ErrorCode,
    fallbacks: ReadonlyMap<string, Value> = new Map(),
  ) {
    const renamed = clientProduct(product).elements;
    this.#fields = product.elements.map(({ name, type }, i) => {
      const codec = compileCodec(clientType(type), types);
      const fallback = name === undefined ? undefined : fallbacks.get(name);
      return {
        name: renamed[i]?.name ?? String(i),
        moduleName: name,
        codec,
        isOptional: isOption(type, types),
        fallback: fallback === undefined ? undefined : encode(codec, fallback),
      };
    });
    this.#what = what;
    this.#code = code;
  }

  encode(given: Fields): Uint8Array {
    const values = Array.isArray(given)
      ? this.#inOrder(given as readonly Value[])
      : this.#byName(given as ProductValue);
    const writer = new Writer(64);
    this.#fields.forEach((field, i) => {
      this.#write(writer, field, values[i]);
    });
    return writer.finish();
  }

  #write(writer: Writer, { codec, fallback, isOptional, name }: Field, value: Value): void {
    if (value === undefined && fallback !== undefined) {
      writer.raw(fallback);
      return;
    }
    try {
      codec.write(writer, value);
    } catch (thrown) {
      const isMissing = value === undefined && !isOptional;
      const reason = isMissing ? `is missing: ${messageOf(thrown)}` : `: ${messageOf(thrown)}`;
      throw this.#fault(`${name}${isMissing ? " " : ""}${reason}`);
    }
  }

  #inOrder(given: readonly Value[]): readonly Value[] {
    const { length } = this.#fields;
    if (given.length > length) throw this.#fault(`takes ${length} values, given ${given.length}`);
    return given;
  }

  #byName(given: ProductValue): readonly Value[] {
    if (typeof given !== "object" || given === null || given instanceof Uint8Array) {
      throw this.#fault(`takes an object or an array of values, given ${String(given)}`);
    }
    const unknown = Object.keys(given).filter(
      (key) => !this.#fields.some(({ name, moduleName }) => key === name || key === moduleName),
    );
    if (unknown.length > 0) {
      const known = this.#fields.map(({ name }) => name).join(", ") || "none";
      throw this.#fault(`has no field ${unknown.join(", ")}; its fields: ${known}`);
    }
    return this.#fields.map(({ name, moduleName }) => {
      if (Object.hasOwn(given, name) || moduleName === undefined) return given[name];
      return given[moduleName];
    });
  }

  #fault(text: string): LightconeError {
    return new LightconeError(this.#code, `${this.#what}: ${text}`);
  }
}

function isOption(type: AlgebraicType, types: Typespace): boolean {
  return specialKind(resolve(type, types)) === "option";
}
