// What one connection sends, as bytes: frames by chance, written into one buffer that is used again and again.
import { type Subprotocol, Writer } from "@lightcone/abi";
import type { Rng } from "@lightcone/fixtures/rng";
import {
  type Draft,
  largeCall,
  oneOffQueries,
  procedures,
  refusedProcedures,
  refusedReducers,
  subscribes,
  transfers,
  unsubscribes,
} from "./drafts.ts";
import { v1JsonTemplates, v1Templates, v2Templates } from "./encoding.ts";
import { appendFrameHead, finalBit, maskRange, opcode } from "./frame.ts";
import { appendTemplate, type Reach, reaches, type Template } from "./template.ts";

/** The databases that are fuzzed: one whose reducers are called, one whose procedures are. */
export type Target = "bank" | "kitchen";

/** Drafts that are chosen as often as their weight says; each of a list is as likely as any other. */
type Slot = readonly [weight: number, drafts: readonly Draft[]];

const slotsOf: Readonly<Record<Target, readonly Slot[]>> = {
  bank: [
    [72, transfers],
    [26, refusedReducers],
    [8, refusedProcedures],
    [5, oneOffQueries],
    [4, subscribes],
    [5, unsubscribes],
  ],
  kitchen: [
    [80, procedures],
    [10, refusedReducers],
    [10, refusedProcedures],
    [4, oneOffQueries],
    [4, subscribes],
    [4, unsubscribes],
  ],
};

/** Templates by slot; a slot stands here as often as it is to be chosen. */
type Pool = readonly (readonly Template[])[];

function makePool(target: Target, encode: (draft: Draft) => readonly Template[]): Pool {
  return slotsOf[target].flatMap(([weight, drafts]) => {
    const templates = drafts.flatMap(encode);
    return Array.from({ length: weight }, () => templates);
  });
}

const pools = new Map<string, Pool>();

/** What a client of a protocol may say to a database. Made once; connections of v1 send both kinds of frames. */
function poolOf(target: Target, protocol: Subprotocol): Pool {
  const isV1 = protocol.startsWith("v1");
  const key = `${target} ${isV1}`;
  let pool = pools.get(key);
  if (pool === undefined) {
    pool = isV1
      ? [...makePool(target, v1Templates), ...makePool(target, v1JsonTemplates)]
      : makePool(target, v2Templates);
    pools.set(key, pool);
  }
  return pool;
}

function pickTemplate(rng: Rng, pool: Pool): Template {
  const slot = pool[rng.nextU32() % pool.length] as readonly Template[];
  return slot[rng.nextU32() % slot.length] as Template;
}

const large = {
  v1: v1Templates(largeCall)[0] as Template,
  v1Json: v1JsonTemplates(largeCall)[0] as Template,
  v2: v2Templates(largeCall)[0] as Template,
};

/** Messages that share a frame of v3. */
const sharedMax = 8;
const noMessages = new Uint8Array(0);

export class ScriptWriter {
  readonly #out = new Writer(1 << 16);
  /** A message on its way into frames. */
  readonly #message = new Writer(1024);
  #protocol: Subprotocol = "v2.bsatn.spacetimedb";
  #pool: Pool = [];
  /** Up to here it was handed out. */
  #taken = 0;
  frameCount = 0;
  messageCount = 0;
  /** Answers that must come, and the sum of the numbers of their requests, modulo 2^32. */
  answerCount = 0;
  idSum = 0;
  /** Messages by how far they come. */
  readonly reached: Record<Reach, number> = Object.fromEntries(
    reaches.map((reach) => [reach, 0]),
  ) as Record<Reach, number>;

  /** Begins the script of another connection; what was written is overwritten. */
  begin(target: Target, protocol: Subprotocol): void {
    this.#protocol = protocol;
    this.#pool = poolOf(target, protocol);
    this.frameCount = 0;
    this.messageCount = 0;
    this.answerCount = 0;
    this.idSum = 0;
    for (const reach of reaches) this.reached[reach] = 0;
    this.#out.clear();
    this.#taken = 0;
  }

  /** A view of what was written since the last call; it stays as it is until the next script begins. */
  take(): Uint8Array {
    const written = this.#out.written().subarray(this.#taken);
    this.#taken = this.#out.length;
    return written;
  }

  /** A message by chance, as bytes of its own. */
  message(rng: Rng): { readonly bytes: Uint8Array; readonly isText: boolean } {
    this.#message.clear();
    const template = pickTemplate(rng, this.#pool);
    appendTemplate(rng, this.#message, template);
    return { bytes: this.#message.finish(), isText: template.isText };
  }

  /** One frame by chance, or a few that belong together; none of them ends the connection. */
  addFrames(rng: Rng): void {
    const roll = rng.nextU32() % 128;
    if (roll < 10) this.#addControl(rng, roll < 3 ? opcode.ping : opcode.pong);
    else if (roll < 24) this.#addParts(rng);
    else if (roll === 24 && rng.nextU32() % 16 === 0) this.#addLarge(rng);
    else if (roll < 40 && this.#protocol.startsWith("v3")) this.#addShared(rng);
    else if (roll < 46) this.#addTailed(rng);
    else this.#addWhole(rng);
  }

  #appendMessage(rng: Rng, template: Template): void {
    const id = appendTemplate(rng, this.#message, template);
    this.messageCount++;
    this.reached[template.reach]++;
    if (!template.isAnswered) return;
    this.answerCount++;
    this.idSum = (this.idSum + id) >>> 0;
  }

  /** Writes `message[start, end)` as one frame, mostly under a mask of zeros, which costs nothing. */
  #addFrame(rng: Rng, head: number, message: Uint8Array, start: number, end: number): void {
    const mask = rng.nextU32() % 4 === 0 ? rng.nextU32() : 0;
    appendFrameHead(this.#out, head, end - start, mask);
    const at = this.#out.length;
    this.#out.rawRange(message, start, end);
    if (mask !== 0) maskRange(this.#out.memory, at, this.#out.length, mask);
    this.frameCount++;
  }

  #addMessage(rng: Rng, isText: boolean): void {
    const head = finalBit | (isText ? opcode.text : opcode.binary);
    this.#addFrame(rng, head, this.#message.memory, 0, this.#message.length);
  }

  #addOne(rng: Rng, template: Template): void {
    this.#message.clear();
    this.#appendMessage(rng, template);
    this.#addMessage(rng, template.isText);
  }

  #addWhole(rng: Rng): void {
    this.#addOne(rng, pickTemplate(rng, this.#pool));
  }

  #addControl(rng: Rng, code: number): void {
    this.#message.clear();
    const length = rng.nextU32() % 126;
    for (let i = 0; i < length; i++) this.#message.u8(rng.nextU32() & 0xff);
    this.#addFrame(rng, finalBit | code, this.#message.memory, 0, length);
  }

  /** Frames that begin a message, go on with it and end it, some of them empty, with others between. */
  #addParts(rng: Rng): void {
    const template = pickTemplate(rng, this.#pool);
    const out = this.#message;
    out.clear();
    this.#appendMessage(rng, template);
    const { length } = out;
    let head: number = template.isText ? opcode.text : opcode.binary;
    let start = 0;
    for (let parts = 1 + (rng.nextU32() % 3); parts > 0; parts--) {
      const end = start + (rng.nextU32() % (length - start + 1));
      this.#addFrame(rng, head, out.memory, start, end);
      // What a Pong holds is nobody's business.
      if (rng.nextU32() % 2 === 0) this.#addFrame(rng, finalBit | opcode.pong, noMessages, 0, 0);
      head = opcode.continuation;
      start = end;
    }
    this.#addFrame(rng, finalBit | opcode.continuation, out.memory, start, length);
  }

  #addLarge(rng: Rng): void {
    if (this.#protocol === "v1.json.spacetimedb") this.#addOne(rng, large.v1Json);
    else this.#addOne(rng, this.#protocol.startsWith("v1") ? large.v1 : large.v2);
  }

  #addShared(rng: Rng): void {
    this.#message.clear();
    for (let left = 2 + (rng.nextU32() % (sharedMax - 1)); left > 0; left--)
      this.#appendMessage(rng, pickTemplate(rng, this.#pool));
    this.#addMessage(rng, false);
  }

  /** A message with bytes behind it, which all protocols but v3 pass over; JSON has blanks. */
  #addTailed(rng: Rng): void {
    const template = pickTemplate(rng, this.#pool);
    this.#message.clear();
    this.#appendMessage(rng, template);
    if (!this.#protocol.startsWith("v3"))
      for (let left = rng.nextU32() % 9; left > 0; left--)
        this.#message.u8(template.isText ? 0x20 : rng.nextU32() & 0xff);
    this.#addMessage(rng, template.isText);
  }
}
