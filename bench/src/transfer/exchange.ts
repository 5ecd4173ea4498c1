// Whom the load talks to: what it sends and how it reads the answers, no more of them than it
// needs.
import { compressionTags, OutcomeTag, ServerTag } from "@lightcone/abi";
import { echoFrames, type RequestFrames, transferFrames } from "./frames.ts";

/** What an answer is to the load; "other" is a message that answers no request. */
type Answer = "committed" | "refused" | "other";

export interface Exchange {
  readonly frames: RequestFrames;
  /** Whether the server speaks first. */
  readonly hasGreeting: boolean;
  read(message: Uint8Array): Answer;
  /** The request that an answer is for. */
  requestId(message: Uint8Array): number;
}

function readU32(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  return (low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)) >>> 0;
}

/**
 * Where a frame of the host has its parts: compression, tag, request id, timestamp, outcome
 * (protocol.md section 4.2).
 */
const tagAt = 1;
const requestIdAt = 2;
const outcomeAt = 14;

/** The host, asked for transfers. */
export function transferExchange(alpha: number): Exchange {
  return {
    frames: transferFrames(alpha),
    hasGreeting: true,
    read(message) {
      if (message[0] !== compressionTags.None || message[tagAt] !== ServerTag.reducerResult) {
        return "other";
      }
      const outcome = message[outcomeAt];
      const isCommitted = outcome === OutcomeTag.ok || outcome === OutcomeTag.okEmpty;
      return isCommitted ? "committed" : "refused";
    },
    requestId: (message) => readU32(message, requestIdAt),
  };
}

/** The echo server: every message comes back as it went. */
export function echoExchange(): Exchange {
  return {
    frames: echoFrames(),
    hasGreeting: false,
    read: () => "committed",
    requestId: (message) => readU32(message, 1),
  };
}
