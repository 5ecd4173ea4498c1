// What a server says on one connection: each payload decoded by the protocol that was settled, each answer counted.
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import {
  assert,
  type Compression,
  compressionTags,
  compressionThreshold,
  decodeServerMessage,
  decodeV1ServerMessage,
  Reader,
  type ServerMessage,
  type Subprotocol,
  type V1ServerMessage,
} from "@lightcone/abi";
import { checkV1Json } from "./v1-json-reply.ts";

/** The number of the request that a message of v2 answers; undefined for one that answers none. */
function answeredByV2(message: ServerMessage): number | undefined {
  switch (message.kind) {
    case "subscribeApplied":
    case "unsubscribeApplied":
    case "subscriptionError":
    case "oneOffQueryResult":
    case "reducerResult":
    case "procedureResult":
      return message.requestId;
    case "initialConnection":
    case "transactionUpdate":
      return undefined;
  }
}

function answeredByV1(message: V1ServerMessage): number | undefined {
  switch (message.kind) {
    case "oneOffQueryResponse":
      return new Reader(message.messageId).u32();
    case "identityToken":
    case "transactionUpdateLight":
      return undefined;
    default:
      return message.requestId;
  }
}

/**
 * Answers with rows: they are never compressed where they are sent in parts, as joins that are asked once always are, and other
 * queries if they look at many rows (docs/protocols.md).
 */
const inParts: ReadonlySet<string> = new Set<ServerMessage["kind"] | V1ServerMessage["kind"]>([
  "subscribeApplied",
  "unsubscribeApplied",
  "oneOffQueryResult",
  "initialSubscription",
  "subscribeMultiApplied",
  "unsubscribeMultiApplied",
  "oneOffQueryResponse",
]);

export class ReplyReader {
  readonly #protocol: Subprotocol;
  readonly #compression: Compression;
  readonly #reader = new Reader(new Uint8Array(0));
  #isGreeted = false;
  payloadCount = 0;
  compressedCount = 0;
  answerCount = 0;
  /** The sum of the numbers of all requests that were answered, modulo 2^32. */
  idSum = 0;

  constructor(protocol: Subprotocol, compression: Compression) {
    this.#protocol = protocol;
    this.#compression = compression;
  }

  /** Takes one payload. Throws where it is malformed. */
  take(payload: Uint8Array, isText: boolean): void {
    const protocol = this.#protocol;
    this.payloadCount++;
    assert(
      isText === (protocol === "v1.json.spacetimedb"),
      `${protocol} has a frame of the other kind`,
    );
    if (isText) {
      const { kind, requestId } = checkV1Json(payload);
      this.#count(kind === "IdentityToken", requestId);
      return;
    }
    const reader = this.#reader;
    const body = this.#unpack(payload);
    reader.reset(body);
    const isLongPlain =
      this.#compression !== "None" && payload[0] === 0 && body.length > compressionThreshold;
    do {
      const kind = this.#takeMessage(reader);
      assert(
        !isLongPlain || inParts.has(kind),
        `${kind} of ${body.length} bytes is not compressed`,
      );
    } while (protocol.startsWith("v3") && reader.remaining > 0);
    assert(reader.remaining === 0, `a reply on ${protocol} has ${reader.remaining} bytes too many`);
  }

  #takeMessage(reader: Reader): string {
    if (this.#protocol.startsWith("v1")) {
      const message = decodeV1ServerMessage(reader);
      this.#count(message.kind === "identityToken", answeredByV1(message));
      return message.kind;
    }
    const message = decodeServerMessage(reader);
    this.#count(message.kind === "initialConnection", answeredByV2(message));
    return message.kind;
  }

  #count(isGreeting: boolean, requestId: number | undefined): void {
    assert(isGreeting !== this.#isGreeted, "one greeting comes first, and no other");
    this.#isGreeted = true;
    if (requestId === undefined) return;
    this.answerCount++;
    this.idSum = (this.idSum + requestId) >>> 0;
  }

  #unpack(payload: Uint8Array): Uint8Array {
    const [tag] = payload;
    const rest = payload.subarray(1);
    if (tag === 0) return rest;
    assert(tag === compressionTags[this.#compression], `a payload begins with ${tag}`);
    const body = tag === compressionTags.Brotli ? brotliDecompressSync(rest) : gunzipSync(rest);
    assert(body.length > compressionThreshold, `a body of ${body.length} bytes is compressed`);
    this.compressedCount++;
    return body;
  }
}
