// The messages inside what a database would write to a socket: its WebSocket frames are taken apart again, so that who is in the same
// process gets exactly what a client far away would get.

const finalBit = 0x80;
const shortMax = 125;
const u16Length = 126;
/** The tag of a message that is not compressed comes before it. */
const tagBytes = 1;

/** Of one socket: a message may come in several frames. */
export class FrameReader {
  #parts: Uint8Array[] = [];

  /** Calls `take` with each message that `frames` complete, without its compression tag, valid during the call alone. */
  read(frames: Uint8Array, take: (message: Uint8Array) => void): void {
    const view = new DataView(frames.buffer, frames.byteOffset, frames.byteLength);
    for (let at = 0; at < frames.length;) {
      const { start, end } = payloadAt(view, at);
      const isLast = (view.getUint8(at) & finalBit) !== 0;
      at = end;
      if (isLast && this.#parts.length === 0) {
        take(frames.subarray(start + tagBytes, end));
        continue;
      }
      this.#parts.push(frames.slice(start, end));
      if (!isLast) continue;
      const message = Buffer.concat(this.#parts);
      this.#parts = [];
      take(message.subarray(tagBytes));
    }
  }
}

/** Frames of a server have no mask: two bytes, the length if it is long, the payload (RFC 6455 section 5.2). */
function payloadAt(view: DataView, at: number): { readonly start: number; readonly end: number } {
  const short = view.getUint8(at + 1);
  if (short <= shortMax) return { start: at + 2, end: at + 2 + short };
  if (short === u16Length) return { start: at + 4, end: at + 4 + view.getUint16(at + 2) };
  return { start: at + 10, end: at + 10 + Number(view.getBigUint64(at + 2)) };
}
