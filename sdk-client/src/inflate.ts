// Frames in the order in which they came, although decompressing one takes a while.
//
//     frame ──▶ tag 0, nothing held: handled at once      tag 2, or something is held: held ──inflated──▶ handled
import { compressionTags, LightconeError } from "@lightcone/abi";
import { limit } from "./limit.ts";

/** Whether this platform can decompress. */
export function canInflate(): boolean {
  return typeof DecompressionStream === "function";
}

/** Takes the bytes of a frame behind its tag: `bytes[start, …)`. Valid only during the call. */
type HandleBody = (bytes: Uint8Array, start: number) => void;

export class FrameQueue {
  readonly #allowsGzip: boolean;
  readonly #handle: HandleBody;
  readonly #failed: (thrown: unknown) => void;
  #held: Uint8Array[] = [];
  #heldLength = 0;
  #isInflating = false;
  #last: (() => void) | undefined;

  /** `failed` takes what was wrong with a frame that had to wait; after that nothing more is handled. */
  constructor(allowsGzip: boolean, handle: HandleBody, failed: (thrown: unknown) => void) {
    this.#allowsGzip = allowsGzip;
    this.#handle = handle;
    this.#failed = failed;
  }

  /** Throws LC_BSATN_DECODE for an empty frame, LC_FRAME_INVALID for a tag that was not asked for, LC_LIMIT. */
  push(frame: Uint8Array): void {
    const tag = frame[0];
    if (tag === undefined) {
      throw new LightconeError("LC_BSATN_DECODE", "data too short for a frame's first byte");
    }
    const isGzip = tag === compressionTags.Gzip && this.#allowsGzip;
    if (tag !== compressionTags.None && !isGzip) {
      throw new LightconeError("LC_FRAME_INVALID", `compression ${tag} was not asked for`);
    }
    if (!this.#isInflating && !isGzip) this.#handle(frame, 1);
    else this.#hold(frame);
  }

  /** Calls `last` when all frames so far are handled: mostly at once. Nothing may be pushed afterwards. */
  end(last: () => void): void {
    if (this.#isInflating) this.#last = last;
    else last();
  }

  /** Drops what is held and calls nobody any more. */
  clear(): void {
    this.#held = [];
    this.#last = undefined;
  }

  #hold(frame: Uint8Array): void {
    this.#heldLength += frame.length;
    if (this.#heldLength > limit.heldFramesLengthMax) {
      throw new LightconeError("LC_LIMIT", `over ${limit.heldFramesLengthMax} bytes are held`);
    }
    // Not slice(): Node's frames are Buffers, whose slice is a view.
    this.#held.push(new Uint8Array(frame));
    if (!this.#isInflating) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#isInflating = true;
    try {
      for (let frame = this.#held[0]; frame !== undefined; frame = this.#held[0]) {
        const isPlain = frame[0] === compressionTags.None;
        const body = isPlain ? frame : await inflate(frame.subarray(1));
        // The link may have been given up meanwhile.
        if (this.#held[0] !== frame) break;
        this.#held.shift();
        this.#heldLength -= frame.length;
        this.#handle(body, isPlain ? 1 : 0);
      }
    } catch (thrown) {
      this.#failed(thrown);
    }
    this.#isInflating = false;
    this.#last?.();
  }
}

async function inflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new DecompressionStream("gzip");
  const writer = stream.writable.getWriter();
  // What goes wrong here goes wrong for the reader, too.
  void writer.write(bytes as Uint8Array<ArrayBuffer>).catch(() => undefined);
  void writer.close().catch(() => undefined);
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = stream.readable.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    length += part.value.length;
    if (length > limit.frameLengthMax) {
      await reader.cancel();
      throw new LightconeError("LC_LIMIT", `a frame has over ${limit.frameLengthMax} bytes`);
    }
  }
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
