// Frames of WebSockets as a client sends them (RFC 6455 section 5.2), among them such as none may send.
import { Writer } from "@lightcone/abi";

export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** In a frame's first byte: it ends its message. */
export const finalBit = 0x80;

/** What a client sends as one frame. */
export interface RawFrame {
  /** The first byte: final bit, reserved bits, opcode. */
  readonly head: number;
  readonly payload: Uint8Array;
  readonly isMasked: boolean;
  /** What the length field says, if it lies. */
  readonly claimedLength?: number;
}

function appendLength(writer: Writer, head: number, maskBit: number, length: number): void {
  writer.u8(head);
  if (length < 126) writer.u8(maskBit | length);
  else if (length <= 0xffff) {
    writer.u8(maskBit | 126);
    writer.u8(length >>> 8);
    writer.u8(length & 0xff);
  } else {
    writer.u8(maskBit | 127);
    const high = Math.floor(length / 2 ** 32);
    for (const word of [high, length])
      for (let shift = 24; shift >= 0; shift -= 8) writer.u8((word >>> shift) & 0xff);
  }
}

/** What stands before a masked payload of `length` bytes; the mask's first byte is its lowest. */
export function appendFrameHead(writer: Writer, head: number, length: number, mask: number): void {
  appendLength(writer, head, 0x80, length);
  writer.u32(mask);
}

/** Masks a payload where it lies. */
export function maskRange(bytes: Uint8Array, start: number, end: number, mask: number): void {
  for (let at = start; at < end; at++) {
    bytes[at] = (bytes[at] as number) ^ (mask >>> (((at - start) & 3) * 8));
  }
}

export function frameBytes({ head, payload, isMasked, claimedLength }: RawFrame): Uint8Array {
  const length = claimedLength ?? payload.length;
  const writer = new Writer(payload.length + 14);
  // A mask of zeros is one as well.
  if (isMasked) appendFrameHead(writer, head, length, 0);
  else appendLength(writer, head, 0, length);
  writer.raw(payload);
  return writer.finish();
}
