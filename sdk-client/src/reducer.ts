// Calls of reducers: methods made from a module's schema, and what the server's refusals become.
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
import type { CallResult } from "./request.ts";
import type { ReducerSchema } from "./schema.ts";

/** A method of `connection.reducers`. Reducers without parameters are called without arguments. */
export type ReducerMethod = (args?: ProductValue) => Promise<CallResult>;

/** Makes the methods by accessor; `call` sends the name and the encoded arguments. */
export function makeReducers(
  schemas: Readonly<Record<string, ReducerSchema>>,
  types: Typespace,
  call: (reducer: string, args: Uint8Array) => Promise<CallResult>,
): Readonly<Record<string, ReducerMethod>> {
  const methods: Record<string, ReducerMethod> = {};
  for (const [accessor, { name, params }] of Object.entries(schemas)) {
    let codec: Codec | undefined;
    // Arguments that do not fit reject the promise, as any other failure does.
    methods[accessor] = async (args = {}) => {
      codec ??= compileCodec(params, types);
      return call(name, encodeArguments(name, codec, args));
    };
  }
  return methods;
}

function encodeArguments(reducer: string, codec: Codec, args: ProductValue): Uint8Array {
  try {
    return encode(codec, args);
  } catch (thrown) {
    if (!(thrown instanceof LightconeError)) throw thrown;
    throw new LightconeError(thrown.code, `arguments of ${reducer}: ${thrown.message}`);
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
