// One connection after another that sends what a client may send, and at last maybe what it may not.
import { once } from "node:events";
import { assert, decodeServerMessage, Reader, type ServerMessage } from "@lightcone/abi";
import type { Rng } from "@lightcone/fixtures/rng";
import { randomMessage, spoil } from "./messages.ts";
import { frameBytes, FrameReader, opcode, openRaw, type RawFrame } from "./raw-socket.ts";

const finalBit = 0x80;
const protocols = ["v2.bsatn.spacetimedb", "v3.bsatn.spacetimedb"] as const;

/** Messages of one connection; they are sent at once. */
const messagesMax = 400;

const isAnswer: ReadonlySet<ServerMessage["kind"]> = new Set<ServerMessage["kind"]>([
  "subscribeApplied",
  "unsubscribeApplied",
  "subscriptionError",
  "oneOffQueryResult",
  "reducerResult",
  "procedureResult",
]);

/** How long a server may take to answer all that one connection has sent, in milliseconds. */
const answerMillisMax = 60_000;

export interface SocketTally {
  connections: number;
  frames: number;
  replies: number;
  /** How connections ended, by code. */
  readonly ends: Map<string, number>;
}

export function newSocketTally(): SocketTally {
  return { connections: 0, frames: 0, replies: 0, ends: new Map() };
}

function plain(payload: Uint8Array, code: number = opcode.binary): RawFrame {
  return { head: finalBit | code, payload, isMasked: true };
}

/** A frame that breaks a rule of WebSockets, or only looks as if it did. */
function oddFrame(rng: Rng, payload: Uint8Array): RawFrame {
  const frame = plain(payload);
  switch (rng.nextBelow(10)) {
    case 0:
      return { ...frame, isMasked: false };
    case 1:
      return { ...frame, head: frame.head | (0x10 << rng.nextBelow(3)) };
    case 2:
      return { ...frame, head: rng.nextBelow(256) };
    case 3:
      return { ...frame, claimedLength: 2 ** (31 + rng.nextBelow(20)) };
    case 4:
      return plain(payload, opcode.text);
    case 5:
      return plain(new Uint8Array(0));
    case 6:
      return plain(new Uint8Array(126 + rng.nextBelow(100)), opcode.ping);
    case 7:
      return plain(Uint8Array.of(rng.nextBelow(256), rng.nextBelow(256), 0xff), opcode.close);
    case 8:
      return plain(payload, opcode.continuation);
    default:
      return { ...frame, head: opcode.binary };
  }
}

/** Frames that begin a message, go on with it, and end it. */
function inParts(rng: Rng, message: Uint8Array): RawFrame[] {
  const middle = rng.nextBelow(message.length + 1);
  return [
    { head: opcode.binary, payload: message.subarray(0, middle), isMasked: true },
    plain(Uint8Array.of(1, 2, 3), opcode.ping),
    plain(message.subarray(middle), opcode.continuation),
  ];
}

interface Script {
  /** Messages that are answered, each of them once. */
  readonly messageCount: number;
  readonly good: readonly RawFrame[];
  /** What comes last, if something is wrong with it. */
  readonly bad: RawFrame | undefined;
}

function makeScript(rng: Rng): Script {
  const good: RawFrame[] = [];
  const messageCount = 1 + rng.nextBelow(messagesMax);
  for (let i = 0; i < messageCount; i++) {
    const message = randomMessage(rng);
    if (rng.nextBelow(20) === 0) good.push(...inParts(rng, message));
    else good.push(plain(message));
  }
  const last = randomMessage(rng);
  const ending = rng.nextBelow(3);
  const bad =
    ending === 0 ? plain(spoil(rng, last)) : ending === 1 ? oddFrame(rng, last) : undefined;
  return { messageCount, good, bad };
}

/** How many of the messages in a frame answer something. Throws where they are malformed. */
function countAnswers(protocol: string, payload: Uint8Array): number {
  assert(payload[0] === 0, `a reply on ${protocol} is compressed, which nobody asked for`);
  const reader = new Reader(payload, 1);
  let count = 0;
  do if (isAnswer.has(decodeServerMessage(reader).kind)) count++;
  while (protocol.startsWith("v3") && reader.remaining > 0);
  assert(reader.remaining === 0, `a reply on ${protocol} has ${reader.remaining} bytes too many`);
  return count;
}

/**
 * Opens a connection, sends what chance says, and reads until the server has ended it. Rejects where a reply is malformed or none comes.
 */
export async function fuzzConnection(
  rng: Rng,
  address: string,
  database: string,
  token: string,
  tally: SocketTally,
): Promise<void> {
  const protocol = rng.pick(protocols);
  const { messageCount, good, bad } = makeScript(rng);
  let fault: Error | undefined;
  let answerCount = 0;
  let onAnswered: () => void = () => undefined;
  const reader = new FrameReader((payload) => {
    answerCount += countAnswers(protocol, payload);
    if (answerCount >= messageCount) onAnswered();
  });
  const confirmed = rng.nextBelow(4) === 0;
  const path = `/v1/database/${database}/subscribe?compression=None&confirmed=${confirmed}`;
  const fail = (error: Error): void => {
    fault ??= error;
    socket.destroy();
  };
  const socket = await openRaw(address, { path, protocol, token }, (chunk) => {
    try {
      reader.push(chunk);
    } catch (thrown) {
      fail(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  });
  tally.connections++;
  const closed = once(socket, "close");
  const timer = setTimeout(() => {
    const seen = `${answerCount} answers to ${messageCount} messages`;
    fail(new Error(`no end of a connection within ${answerMillisMax / 1000} s: ${seen}`));
  }, answerMillisMax);
  const leavesAtOnce = rng.nextBelow(4) === 0;
  const answered = new Promise<void>((resolve) => {
    onAnswered = resolve;
  });
  tally.frames += good.length;
  socket.write(Buffer.concat(good.map(frameBytes)));
  if (leavesAtOnce) socket.destroy();
  else await Promise.race([answered, closed]);
  if (!leavesAtOnce && fault === undefined) {
    if (answerCount !== messageCount)
      fault = new Error(`${answerCount} answers to ${messageCount}`);
    if (bad !== undefined) {
      tally.frames++;
      socket.write(frameBytes(bad));
    }
    socket.write(frameBytes(plain(Uint8Array.of(0x03, 0xe8), opcode.close)));
    // What claims to be longer than it is waits for the rest.
    if (bad?.claimedLength !== undefined) socket.end();
  }
  await closed;
  clearTimeout(timer);
  if (fault !== undefined) throw fault;
  tally.replies += answerCount;
  if (!leavesAtOnce) reader.finish();
  const end = leavesAtOnce ? "gone" : String(reader.end?.code ?? "none");
  tally.ends.set(end, (tally.ends.get(end) ?? 0) + 1);
}
