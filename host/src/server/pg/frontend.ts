// Messages of a client, from bytes to unions (PostgreSQL's protocol, version 3.0).
import { MessageReader } from "./message-reader.ts";
import { PgFault } from "./fault.ts";

/** Text or bytes: how a value stands in a message. */
export type Format = 0 | 1;

export const Format = { text: 0, binary: 1 } as const;

/** The first message of a connection, which has no letter. */
export type StartupMessage =
  /** The wish to go on encrypted, by TLS or by Kerberos. */
  | { readonly kind: "encrypt"; readonly by: "tls" | "gss" }
  | { readonly kind: "cancel"; readonly processId: number; readonly secret: number }
  | {
      readonly kind: "start";
      readonly minor: number;
      readonly parameters: ReadonlyMap<string, string>;
    };

export type FrontendMessage =
  | { readonly kind: "query"; readonly text: string }
  | {
      readonly kind: "parse";
      readonly statement: string;
      readonly text: string;
      /** The types that the client gives; 0 leaves one open. */
      readonly types: readonly number[];
    }
  | BindMessage
  | {
      readonly kind: "describe" | "close";
      readonly of: "statement" | "portal";
      readonly name: string;
    }
  /** `rowMax` 0 stands for all. */
  | { readonly kind: "execute"; readonly portal: string; readonly rowMax: number }
  | { readonly kind: "flush" }
  | { readonly kind: "sync" }
  | { readonly kind: "terminate" }
  | { readonly kind: "copy" }
  | { readonly kind: "functionCall" };

export interface BindMessage {
  readonly kind: "bind";
  readonly portal: string;
  readonly statement: string;
  readonly parameterFormats: readonly Format[];
  /** Undefined is NULL. */
  readonly values: readonly (Uint8Array | undefined)[];
  readonly resultFormats: readonly Format[];
}

const tlsRequest = 80_877_103;
const gssRequest = 80_877_104;
const cancelRequest = 80_877_102;

/** Reads the body of a connection's first message. Throws PgFault. */
export function readStartup(body: Uint8Array): StartupMessage {
  const reader = new MessageReader(body);
  const version = reader.u32();
  if (version === tlsRequest || version === gssRequest) {
    reader.end();
    return { kind: "encrypt", by: version === tlsRequest ? "tls" : "gss" };
  }
  if (version === cancelRequest) {
    const processId = reader.i32();
    const secret = reader.i32();
    reader.end();
    return { kind: "cancel", processId, secret };
  }
  const major = version >>> 16;
  if (major !== 3) {
    const message = `unsupported frontend protocol ${major}.${version & 0xffff}: server supports 3.0`;
    throw new PgFault("0A000", message);
  }
  const parameters = new Map<string, string>();
  for (let name = reader.cstring(); name !== ""; name = reader.cstring()) {
    parameters.set(name, reader.cstring());
  }
  reader.end();
  return { kind: "start", minor: version & 0xffff, parameters };
}

/** The password in the answer to the wish for one. */
export function readPassword(body: Uint8Array): string {
  const reader = new MessageReader(body);
  const password = reader.cstring();
  reader.end();
  return password;
}

function list<T>(count: number, readOne: () => T): T[] {
  const items: T[] = [];
  for (let i = 0; i < count; i++) items.push(readOne());
  return items;
}

function readFormat(reader: MessageReader): Format {
  const format = reader.i16();
  if (format === 0 || format === 1) return format;
  throw new PgFault("22023", `unsupported format code: ${format}`);
}

function readValue(reader: MessageReader): Uint8Array | undefined {
  const length = reader.i32();
  return length === -1 ? undefined : reader.bytes(length);
}

function readBind(reader: MessageReader): BindMessage {
  const portal = reader.cstring();
  const statement = reader.cstring();
  const parameterFormats = list(reader.u16(), () => readFormat(reader));
  const values = list(reader.u16(), () => readValue(reader));
  const resultFormats = list(reader.u16(), () => readFormat(reader));
  return { kind: "bind", portal, statement, parameterFormats, values, resultFormats };
}

function readNamed(reader: MessageReader, kind: "describe" | "close"): FrontendMessage {
  const letter = String.fromCharCode(reader.u8());
  const name = reader.cstring();
  if (letter !== "S" && letter !== "P") {
    throw new PgFault("08P01", `invalid ${kind.toUpperCase()} message subtype`);
  }
  return { kind, of: letter === "S" ? "statement" : "portal", name };
}

const readers: Readonly<Record<string, (reader: MessageReader) => FrontendMessage>> = {
  Q: (reader) => ({ kind: "query", text: reader.cstring() }),
  P: (reader) => ({
    kind: "parse",
    statement: reader.cstring(),
    text: reader.cstring(),
    types: list(reader.u16(), () => reader.u32()),
  }),
  B: readBind,
  D: (reader) => readNamed(reader, "describe"),
  C: (reader) => readNamed(reader, "close"),
  E: (reader) => ({ kind: "execute", portal: reader.cstring(), rowMax: Math.max(0, reader.i32()) }),
  H: () => ({ kind: "flush" }),
  S: () => ({ kind: "sync" }),
  X: () => ({ kind: "terminate" }),
};

/** What belongs to COPY, which is never begun here: such messages are passed over. */
const copyLetters = new Set(["d", "c", "f"]);

/** Reads a message by its letter. Throws PgFault; a letter that is none is 08P01 and must end the connection. */
export function readMessage(letter: string, body: Uint8Array): FrontendMessage {
  if (copyLetters.has(letter)) return { kind: "copy" };
  if (letter === "F") return { kind: "functionCall" };
  const read = readers[letter];
  if (read === undefined) {
    throw new PgFault("08P01", `invalid frontend message type ${letter.charCodeAt(0)}`);
  }
  const reader = new MessageReader(body);
  const message = read(reader);
  reader.end();
  return message;
}

/** Whether a letter begins a message of the protocol: after any other nobody knows where the next message begins. */
export function isMessageLetter(letter: string): boolean {
  return (
    readers[letter] !== undefined || copyLetters.has(letter) || letter === "F" || letter === "p"
  );
}

/** The format of the value at a position, by the rule for lists of none, one or all. */
export function formatAt(formats: readonly Format[], position: number): Format {
  return (formats.length === 1 ? formats[0] : formats[position]) ?? Format.text;
}
