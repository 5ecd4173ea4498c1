// Every maximum of the client in one place: nothing that a server or a program can grow is without an end.
import { clientMessageLengthMax } from "@lightcone/abi";

type LimitName =
  | "frameLengthMax"
  | "heldFramesLengthMax"
  | "messageLengthMax"
  | "batchLengthMax"
  | "requestsMax"
  | "subscriptionsMax"
  | "refusalLengthMax";

type WaitName = "connectMs" | "idleMs" | "stableMs";

export const limit: Readonly<Record<LimitName, number>> = {
  /** Bytes of one frame from the server, before and after decompression; a longer one closes the connection. */
  frameLengthMax: 256 * 1024 * 1024,
  /** Bytes of frames that wait while one before them is being decompressed; more of them close the connection. */
  heldFramesLengthMax: 512 * 1024 * 1024,
  /** Bytes of one message to the server, which takes no longer ones. */
  messageLengthMax: clientMessageLengthMax,
  /** Bytes of a frame of several messages to the server; a longer message goes alone. */
  batchLengthMax: 256 * 1024,
  /** Calls and queries at one time, those that wait for the first connection included. */
  requestsMax: 16_384,
  /** Subscriptions at one time. */
  subscriptionsMax: 4096,
  /** Bytes of an HTTP answer that refuses a connection; the rest of it is not read. */
  refusalLengthMax: 1024,
};

/** How long the client waits, in milliseconds. */
export const wait: Readonly<Record<WaitName, number>> = {
  /** From opening a socket to the first message of the server. */
  connectMs: 10_000,
  /** Without any sign of the server, which pings every 15 seconds. Browsers hide pings, so there it is not watched. */
  idleMs: 45_000,
  /** How long a connection must last before its loss counts as the first one again. */
  stableMs: 5_000,
};
