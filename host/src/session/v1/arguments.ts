// The arguments of a call of protocol v1, as BSATN: they come so, or as a text of JSON.
import {
  type ArgumentsReader,
  compileArguments,
  LightconeError,
  messageOf,
  parseJson,
  type ProductType,
  type Typespace,
  type V1CallMessage,
  Writer,
} from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import type { CallRefusal } from "../../database/call.ts";
import type { LiveModule } from "../../database/live-module.ts";
import { type CallArguments, noArguments } from "./encoding.ts";

/** Made once for each function of a module. */
const readers = new WeakMap<ProductType, ArgumentsReader>();

function readerOf(params: ProductType, typespace: Typespace): ArgumentsReader {
  let read = readers.get(params);
  if (read === undefined) {
    read = compileArguments(params, typespace);
    readers.set(params, read);
  }
  return read;
}

/** A call's arguments, or with none why they do not encode. */
export interface GivenArguments extends CallArguments {
  readonly fault: string | undefined;
}

/** The arguments of a message that came in `bytes`. Those of an unknown function are none. */
export function argumentsOf(
  module: LiveModule,
  message: V1CallMessage,
  bytes: Uint8Array,
): GivenArguments {
  const { argsStart: start, argsEnd: end, argsJson, name } = message;
  if (argsJson === undefined) return { bytes, start, end, fault: undefined };
  const kind = message.kind === "callReducer" ? "reducer" : "procedure";
  const callee = kind === "reducer" ? module.reducer(name) : module.procedure(name);
  const params = callee?.definition.params;
  if (params === undefined) return { ...noArguments, fault: undefined };
  try {
    if (argsJson.length > limit.bodyBytesMax) {
      throw new LightconeError("LC_LIMIT", `more than ${limit.bodyBytesMax} characters of JSON`);
    }
    const writer = new Writer(64);
    readerOf(params, module.definition.typespace)(parseJson(argsJson), writer);
    return { bytes: writer.memory, start: 0, end: writer.length, fault: undefined };
  } catch (thrown) {
    if (!(thrown instanceof LightconeError)) throw thrown;
    return { ...noArguments, fault: `invalid arguments for ${kind} ${name}: ${messageOf(thrown)}` };
  }
}

/** Why a call is refused, if it is: whoever may not call a function learns nothing of its parameters. */
export function refusalText(
  admitted: object | CallRefusal,
  { fault }: GivenArguments,
): string | undefined {
  if (!isRefusal(admitted)) return fault;
  return admitted.kind === "unknown" ? admitted.message : (fault ?? admitted.message);
}

function isRefusal(admitted: object): admitted is CallRefusal {
  return "kind" in admitted;
}
