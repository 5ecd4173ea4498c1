// What client and server settle before the first message: subprotocol, compression and the options
// in the URL (protocol.md sections 1 and 2).
import { LightconeError } from "../error.ts";
import { ConnectionId } from "../identity.ts";

export type Subprotocol =
  "v3.bsatn.spacetimedb" | "v2.bsatn.spacetimedb" | "v1.bsatn.spacetimedb" | "v1.json.spacetimedb";

/** All subprotocols in the order a server prefers them. */
export const subprotocols: readonly Subprotocol[] = [
  "v3.bsatn.spacetimedb",
  "v2.bsatn.spacetimedb",
  "v1.bsatn.spacetimedb",
  "v1.json.spacetimedb",
];

/** The names in a `Sec-WebSocket-Protocol` header, several such headers joined by commas. */
export function parseSubprotocols(header: string): string[] {
  return header
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/** The best subprotocol that both sides know: the server's order decides, whatever the client's. */
export function chooseSubprotocol(
  offered: readonly string[],
  supported: readonly Subprotocol[],
): Subprotocol | undefined {
  return subprotocols.find((name) => supported.includes(name) && offered.includes(name));
}

export type Compression = "None" | "Brotli" | "Gzip";

/** The first byte of every binary frame from a server. */
export const compressionTags = { None: 0, Brotli: 1, Gzip: 2 } as const;

/** Bodies of at most this many bytes go uncompressed, whatever the client chose. */
export const compressionThreshold = 1024;

/** Greatest message that a server takes from a client, in bytes. */
export const clientMessageLengthMax: number = 32 * 1024 * 1024;

/**
 * Greatest uncompressed batch of a v3 server frame, in bytes; a larger single message goes alone.
 */
export const serverBatchLengthMax: number = 512 * 1024;

/** The options of a subscribe request, from its query string. */
export interface SubscribeOptions {
  /** Undefined where the server shall draw one. */
  readonly connectionId: ConnectionId | undefined;
  readonly compression: Compression;
  /** Whether updates shall be without reducer metadata; only v1 looks at it. */
  readonly light: boolean;
  /** Whether answers wait until their transaction is durable. */
  readonly confirmed: boolean;
  /** Ignored where the request has an Authorization header. */
  readonly token: string | undefined;
}

/**
 * Reads the options; unknown ones are ignored. Throws LC_REQUEST_INVALID with the text of a 400
 * answer.
 */
export function parseSubscribeOptions(
  query: URLSearchParams,
  subprotocol: Subprotocol,
): SubscribeOptions {
  const confirmedByDefault = !subprotocol.startsWith("v1.");
  return {
    connectionId: parseConnectionId(single(query, "connection_id")),
    compression: parseCompression(single(query, "compression")),
    light: parseFlag("light", single(query, "light"), false),
    confirmed: parseFlag("confirmed", single(query, "confirmed"), confirmedByDefault),
    token: single(query, "token"),
  };
}

function single(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name);
  if (values.length > 1) throw badQuery(`duplicate field \`${name}\``);
  return values[0];
}

function badQuery(reason: string): LightconeError {
  return new LightconeError("LC_REQUEST_INVALID", `Failed to deserialize query string: ${reason}`);
}

function parseConnectionId(text: string | undefined): ConnectionId | undefined {
  if (text === undefined) return undefined;
  if (!/^[0-9a-fA-F]{32}$/.test(text)) throw badQuery("connection_id: expected 32 hex digits");
  const connectionId = ConnectionId.fromHex(text);
  if (connectionId.equals(ConnectionId.zero)) {
    throw new LightconeError(
      "LC_REQUEST_INVALID",
      "Invalid connection ID: the all-zeros ConnectionId is reserved.",
    );
  }
  return connectionId;
}

function parseCompression(text: string | undefined): Compression {
  // A client that says nothing is an old one, which expects Brotli.
  if (text === undefined) return "Brotli";
  if (text === "None" || text === "Brotli" || text === "Gzip") return text;
  throw badQuery(`compression: unknown variant \`${text}\`, expected None, Brotli or Gzip`);
}

function parseFlag(name: string, text: string | undefined, byDefault: boolean): boolean {
  if (text === undefined) return byDefault;
  if (text === "true" || text === "false") return text === "true";
  throw badQuery(`${name}: expected true or false, given \`${text}\``);
}
