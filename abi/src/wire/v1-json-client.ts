// Protocol v1, what clients send as JSON (protocol.md 6.1, 6.3): an object with one key, the message's name.
import { LightconeError } from "../error.ts";
import { fromHex } from "../identity.ts";
import { asFrameFault } from "./fault.ts";
import type { V1ClientMessage } from "./v1-client.ts";

/**
 * Reads one message. Its arguments, if it is a call, are JSON in a string, which stays as it is. Throws LC_FRAME_INVALID.
 */
export function decodeV1JsonMessage(text: string): V1ClientMessage {
  try {
    // No field holds a number that JSON.parse would round: it is many times as quick as a parser that keeps all digits.
    return readMessage(JSON.parse(text));
  } catch (thrown) {
    if (thrown instanceof SyntaxError) throw bad("a text frame is not JSON");
    throw asFrameFault(thrown);
  }
}

function bad(message: string): LightconeError {
  return new LightconeError("LC_FRAME_INVALID", message);
}

/** Bytes that a message id may have (own): it is sent back, and clients use a few. */
const messageIdLengthMax = 4096;

/** An object's own members; those of its prototype are no fields. */
class Fields {
  readonly #members: object;
  readonly #what: string;

  constructor(value: unknown, what: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw bad(`${what} must be an object`);
    }
    this.#members = value;
    this.#what = what;
  }

  get names(): string[] {
    return Object.keys(this.#members);
  }

  #get(name: string): unknown {
    const value: unknown = Object.hasOwn(this.#members, name)
      ? (this.#members as Readonly<Record<string, unknown>>)[name]
      : undefined;
    if (value === undefined) throw bad(`${this.#what}: ${name} is missing`);
    return value;
  }

  inner(name: string): Fields {
    return new Fields(this.#get(name), name);
  }

  text(name: string): string {
    const value = this.#get(name);
    if (typeof value !== "string") throw bad(`${this.#what}: ${name} must be a string`);
    return value;
  }

  texts(name: string): string[] {
    const value = this.#get(name);
    if (!isArrayOf(value, (one): one is string => typeof one === "string")) {
      throw bad(`${this.#what}: ${name} must be an array of strings`);
    }
    return value;
  }

  number(name: string, highest: number): number {
    const value = this.#get(name);
    if (!isIntegerUpTo(value, highest)) {
      throw bad(`${this.#what}: ${name} must be an integer from 0 to ${highest}`);
    }
    return value;
  }

  u32(name: string): number {
    return this.number(name, 0xffffffff);
  }

  /** Hex digits or an array of numbers. */
  bytes(name: string, lengthMax: number): Uint8Array {
    const value = this.#get(name);
    const isText = typeof value === "string";
    const length = isText ? value.length / 2 : Array.isArray(value) ? value.length : 0;
    if (length > lengthMax) throw bad(`${this.#what}: ${name} has over ${lengthMax} bytes`);
    if (isText) return fromHex(value, name);
    if (!isArrayOf(value, (one): one is number => isIntegerUpTo(one, 0xff))) {
      throw bad(`${this.#what}: ${name} must be hex digits or an array of bytes`);
    }
    return Uint8Array.from(value);
  }
}

function isIntegerUpTo(value: unknown, highest: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= highest;
}

function isArrayOf<T>(value: unknown, isItem: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(isItem);
}

function readMessage(json: unknown): V1ClientMessage {
  const envelope = new Fields(json, "a message");
  const [name = "", ...others] = envelope.names;
  if (name === "" || others.length > 0) {
    throw bad("a message must have one key, which is its name");
  }
  const read = readers.get(name);
  if (read === undefined) throw bad(`unknown message ${name.slice(0, 40)}`);
  return read(envelope.inner(name));
}

type ReadFields = (fields: Fields) => V1ClientMessage;

function readIds(fields: Fields): { readonly requestId: number; readonly queryId: number } {
  return { requestId: fields.u32("request_id"), queryId: fields.inner("query_id").u32("id") };
}

function callReader(kind: "callReducer" | "callProcedure", nameField: string): ReadFields {
  const highestFlags = kind === "callReducer" ? 1 : 0;
  return (fields) => ({
    kind,
    name: fields.text(nameField),
    argsStart: 0,
    argsEnd: 0,
    argsJson: fields.text("args"),
    requestId: fields.u32("request_id"),
    isSilent: fields.number("flags", highestFlags) === 1,
  });
}

const readers: ReadonlyMap<string, ReadFields> = new Map<string, ReadFields>([
  ["CallReducer", callReader("callReducer", "reducer")],
  ["CallProcedure", callReader("callProcedure", "procedure")],
  [
    "Subscribe",
    (fields) => ({
      kind: "subscribe",
      queries: fields.texts("query_strings"),
      requestId: fields.u32("request_id"),
    }),
  ],
  [
    "OneOffQuery",
    (fields) => ({
      kind: "oneOffQuery",
      messageId: fields.bytes("message_id", messageIdLengthMax),
      query: fields.text("query_string"),
    }),
  ],
  [
    "SubscribeSingle",
    (fields) => ({
      kind: "subscribeSingle",
      queries: [fields.text("query")],
      ...readIds(fields),
    }),
  ],
  [
    "SubscribeMulti",
    (fields) => ({
      kind: "subscribeMulti",
      queries: fields.texts("query_strings"),
      ...readIds(fields),
    }),
  ],
  ["Unsubscribe", (fields) => ({ kind: "unsubscribe", ...readIds(fields) })],
  ["UnsubscribeMulti", (fields) => ({ kind: "unsubscribeMulti", ...readIds(fields) })],
]);
