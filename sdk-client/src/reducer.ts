// Calls of reducers and procedures: methods made from a module's schema, and what the server's refusals become.
import {
  type Codec,
  compileCodec,
  decode,
  encode,
  LightconeError,
  type ProductValue,
  type ReducerOutcome,
  type Typespace,
} from "@lightcone/abi";
import type { ReducerSchema } from "./schema.ts";

/** A method for a reducer or procedure. Without parameters it is called without arguments. */
export type Method<Result> = (args?: ProductValue) => Promise<Result>;

/** Makes the methods by accessor; `call` sends the encoded arguments. */
export function makeMethods<Schema extends ReducerSchema, Result>(
  schemas: Readonly<Record<string, Schema>>,
  types: Typespace,
  call: (accessor: string, schema: Schema, args: Uint8Array) => Promise<Result>,
): Readonly<Record<string, Method<Result>>> {
  const methods: Record<string, Method<Result>> = {};
  for (const [accessor, schema] of Object.entries(schemas)) {
    const { name, params } = schema;
    let codec: Codec | undefined;
    // Arguments that do not fit reject the promise, as any other failure does.
    methods[accessor] = async (args = {}) => {
      codec ??= compileCodec(params, types);
      return call(accessor, schema, encodeArguments(name, codec, args));
    };
  }
  return methods;
}

function encodeArguments(callee: string, codec: Codec, args: ProductValue): Uint8Array {
  try {
    return encode(codec, args);
  } catch (thrown) {
    if (!(thrown instanceof LightconeError)) throw thrown;
    throw new LightconeError(thrown.code, `arguments of ${callee}: ${thrown.message}`);
  }
}

const stringCodec = compileCodec({ kind: "string" });

/** Why a call changed nothing: LC_REDUCER_FAILED with the module's own words, or LC_MODULE_TRAP with the server's. */
export function reducerError(
  reducer: string,
  outcome: Extract<ReducerOutcome, { readonly kind: "err" | "internalError" }>,
): LightconeError {
  if (outcome.kind === "internalError") {
    return new LightconeError("LC_MODULE_TRAP", `${reducer}: ${outcome.error}`);
  }
  return new LightconeError("LC_REDUCER_FAILED", decode(stringCodec, outcome.error) as string);
}
