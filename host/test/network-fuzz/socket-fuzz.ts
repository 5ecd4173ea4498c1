// One connection after another that sends what a client may send, and at last maybe what it may not.
import { once } from "node:events";
import type { Socket } from "node:net";
import { type Compression, type Subprotocol, subprotocols } from "@lightcone/abi";
import type { Rng } from "@lightcone/fixtures/rng";
import { frameBytes, opcode, type RawFrame } from "./frame.ts";
import { FrameReader, openRaw } from "./raw-socket.ts";
import { ReplyReader } from "./replies.ts";
import type { ScriptWriter, Target } from "./script.ts";
import { oddFrame, plain, spoiled } from "./spoil.ts";
import { type Reach, reaches } from "./template.ts";

/** Every other connection says little, so that many end by something wrong; the others say up to so much. */
const fewFramesMax = 20;
const manyFramesMax = 800;

/** Frames that follow one that ends the connection. */
const lateFramesMax = 10;

/** How long a server may take to answer all that one connection has sent, in milliseconds. */
const answerMillisMax = 120_000;

const compressions: readonly Compression[] = ["None", "None", "Brotli", "Gzip"];

export interface SocketTally {
  connections: number;
  frames: number;
  messages: number;
  /** Frames that end their connection, or may: chance makes good ones of some. */
  spoiled: number;
  replies: number;
  payloads: number;
  compressed: number;
  /** How connections ended, by code. */
  readonly ends: Map<string, number>;
  readonly protocols: Map<string, number>;
  /** Messages by how far into the host they came. */
  readonly reached: Map<Reach, number>;
}

export function newSocketTally(): SocketTally {
  return {
    connections: 0,
    frames: 0,
    messages: 0,
    spoiled: 0,
    replies: 0,
    payloads: 0,
    compressed: 0,
    ends: new Map(),
    protocols: new Map(),
    reached: new Map(),
  };
}

export function count<K>(tally: Map<K, number>, key: K, by = 1): void {
  tally.set(key, (tally.get(key) ?? 0) + by);
}

export interface SocketPlace {
  readonly address: string;
  readonly token: string;
}

/** What may end a connection before its Close frame does. */
function badFrame(rng: Rng, script: ScriptWriter): RawFrame | undefined {
  const roll = rng.nextBelow(4);
  if (roll === 0) return undefined;
  const { bytes, isText } = script.message(rng);
  if (roll === 1) return oddFrame(rng, bytes);
  return plain(spoiled(rng, bytes), isText ? opcode.text : opcode.binary);
}

/** A connection under way: what came, and what is wrong with it. */
class Watch {
  readonly replies: ReplyReader;
  readonly reader: FrameReader;
  fault: Error | undefined;
  socket: Socket | undefined;
  #wanted = Infinity;
  #onAnswered: () => void = () => undefined;

  constructor(protocol: Subprotocol, compression: Compression) {
    this.replies = new ReplyReader(protocol, compression);
    this.reader = new FrameReader((payload, isText) => {
      this.replies.take(payload, isText);
      if (this.replies.answerCount >= this.#wanted) this.#onAnswered();
    });
  }

  push(chunk: Buffer): void {
    try {
      this.reader.push(chunk);
    } catch (thrown) {
      this.fail(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  }

  fail(error: Error): void {
    this.fault ??= error;
    this.socket?.destroy();
  }

  /** Resolves when so many answers have come. */
  answered(wanted: number): Promise<void> {
    this.#wanted = wanted;
    if (this.replies.answerCount >= wanted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onAnswered = resolve;
    });
  }

  /** Each request has one answer: as many as were sent, and to the same numbers. */
  checkAnswers({ answerCount, idSum }: ScriptWriter): void {
    const { replies } = this;
    if (this.fault !== undefined) return;
    if (replies.answerCount !== answerCount)
      this.fault = new Error(`${replies.answerCount} answers to ${answerCount}`);
    else if (replies.idSum !== idSum)
      this.fault = new Error(`${answerCount} answers, but to other requests`);
  }
}

function tallyScript(tally: SocketTally, script: ScriptWriter): void {
  tally.frames += script.frameCount;
  tally.messages += script.messageCount;
  for (const reach of reaches) {
    count(tally.reached, reach, script.reached[reach]);
  }
}

/** Sends what ends the connection, in one piece: maybe a bad frame, then frames that come too late, then a Close frame. */
function sendEnd(rng: Rng, socket: Socket, script: ScriptWriter, tally: SocketTally): void {
  const bad = badFrame(rng, script);
  if (bad !== undefined) {
    tally.spoiled++;
    const before = script.frameCount;
    for (let left = rng.nextBelow(lateFramesMax + 1); left > 0; left--) script.addFrames(rng);
    tally.frames += 1 + script.frameCount - before;
    socket.write(frameBytes(bad));
    socket.write(script.take());
  }
  socket.write(frameBytes(plain(Uint8Array.of(0x03, 0xe8), opcode.close)));
  // What claims to be longer than it is waits for the rest.
  if (bad?.claimedLength !== undefined) socket.end();
}

/**
 * Opens a connection, sends what chance says, and reads until the server has ended it. Rejects where a reply is malformed or none comes.
 * `script` must not be used by two connections at a time.
 */
export async function fuzzConnection(
  rng: Rng,
  { address, token }: SocketPlace,
  script: ScriptWriter,
  tally: SocketTally,
): Promise<void> {
  const protocol = rng.pick(subprotocols);
  const compression = rng.pick(compressions);
  const target: Target = rng.nextBelow(8) === 0 ? "kitchen" : "bank";
  script.begin(target, protocol);
  const wanted = 1 + rng.nextBelow(rng.nextBelow(2) === 0 ? fewFramesMax : manyFramesMax);
  while (script.frameCount < wanted) script.addFrames(rng);

  const confirmed = rng.nextBelow(4) === 0;
  const options = `compression=${compression}&confirmed=${confirmed}&light=${rng.nextBelow(2) === 0}`;
  const path = `/v1/database/${target}/subscribe?${options}`;
  const watch = new Watch(protocol, compression);
  const socket = await openRaw(address, { path, protocol, token }, (chunk) => watch.push(chunk));
  watch.socket = socket;
  if (watch.fault !== undefined) socket.destroy();
  tally.connections++;
  count(tally.protocols, protocol);
  const closed = once(socket, "close");
  const timer = setTimeout(() => {
    const seen = `${watch.replies.answerCount} answers to ${script.answerCount} messages`;
    watch.fail(new Error(`no end of a connection within ${answerMillisMax / 1000} s: ${seen}`));
  }, answerMillisMax);
  const leavesAtOnce = rng.nextBelow(8) === 0;
  tallyScript(tally, script);
  socket.write(script.take());
  if (leavesAtOnce) socket.destroy();
  else {
    await Promise.race([watch.answered(script.answerCount), closed]);
    watch.checkAnswers(script);
    if (watch.fault === undefined) sendEnd(rng, socket, script, tally);
  }
  await closed;
  clearTimeout(timer);
  if (watch.fault !== undefined) throw watch.fault;
  const { answerCount, payloadCount, compressedCount } = watch.replies;
  tally.replies += answerCount;
  tally.payloads += payloadCount;
  tally.compressed += compressedCount;
  if (!leavesAtOnce) watch.reader.finish();
  count(tally.ends, leavesAtOnce ? "gone" : String(watch.reader.end?.code ?? "none"));
}
