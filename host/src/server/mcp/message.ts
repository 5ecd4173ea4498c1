// JSON-RPC 2.0 as MCP uses it over HTTP: one message a request (http-and-auth.md section 7).
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  LightconeError,
  parseJson,
  stringifyJson,
} from "@lightcone/abi";

/** What a client may have done wrong, with the codes of JSON-RPC. */
const faultCodes = {
  parse: -32_700,
  invalidRequest: -32_600,
  unknownMethod: -32_601,
  invalidParams: -32_602,
} as const;

/** A request that is refused as a whole, in contrast to a tool that fails. */
export class RpcFault extends Error {
  readonly kind: keyof typeof faultCodes;

  constructor(kind: keyof typeof faultCodes, message: string) {
    super(message);
    this.kind = kind;
  }
}

export interface RpcRequest {
  /** Undefined for a notification: nobody waits for an answer. */
  readonly id: string | number | bigint | undefined;
  readonly method: string;
  readonly params: JsonObject;
}

/** Throws RpcFault for what is no request. */
export function parseRequest(text: string): RpcRequest {
  const value = parseValue(text);
  if (!isJsonObject(value) || value["jsonrpc"] !== "2.0") {
    throw new RpcFault("invalidRequest", "one JSON-RPC 2.0 message is expected");
  }
  const { id, method, params = {} } = value;
  if (typeof method !== "string") throw new RpcFault("invalidRequest", "method must be a string");
  if (!isId(id)) throw new RpcFault("invalidRequest", "id must be a string or a number");
  if (!isJsonObject(params)) throw new RpcFault("invalidParams", "params must be an object");
  return { id, method, params };
}

function parseValue(text: string): JsonValue {
  try {
    return parseJson(text);
  } catch (thrown) {
    if (!(thrown instanceof LightconeError)) throw thrown;
    throw new RpcFault("parse", thrown.message);
  }
}

function isId(id: JsonValue | undefined): id is RpcRequest["id"] {
  return id === undefined || ["string", "number", "bigint"].includes(typeof id);
}

export function resultText(id: RpcRequest["id"], result: JsonValue): string {
  return stringifyJson({ jsonrpc: "2.0", id: id ?? null, result });
}

export function faultText(id: RpcRequest["id"], { kind, message }: RpcFault): string {
  const error = { code: faultCodes[kind], message };
  return stringifyJson({ jsonrpc: "2.0", id: id ?? null, error });
}
