// What ends a connection: messages with something wrong in them, and frames that break a rule or only look as if they did.
import type { Rng } from "@lightcone/fixtures/rng";
import { finalBit, opcode, type RawFrame } from "./frame.ts";

export function plain(payload: Uint8Array, code: number = opcode.binary): RawFrame {
  return { head: finalBit | code, payload, isMasked: true };
}

/** A message with something wrong, or something else altogether; now and then it can be decoded all the same. */
export function spoiled(rng: Rng, message: Uint8Array): Uint8Array {
  const bytes = message.slice();
  const at = rng.nextBelow(Math.max(1, bytes.length));
  switch (rng.nextBelow(7)) {
    case 0:
      return rng.bytes(rng.nextBelow(201));
    case 1:
      return bytes.subarray(0, at);
    case 2:
      bytes.fill(0xff, at, at + 4);
      return bytes;
    case 3:
      bytes[0] = rng.nextBelow(256);
      return bytes;
    case 4:
      return Buffer.concat([bytes.subarray(0, at), rng.bytes(8), bytes.subarray(at)]);
    case 5:
      return Buffer.concat([bytes, rng.bytes(1 + rng.nextBelow(8))]);
    default:
      for (let i = rng.nextBelow(4); i >= 0; i--)
        bytes[rng.nextBelow(bytes.length)] = rng.nextBelow(256);
      return bytes;
  }
}

export function oddFrame(rng: Rng, payload: Uint8Array): RawFrame {
  const frame = plain(payload);
  switch (rng.nextBelow(12)) {
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
    case 9:
      // A control frame in parts.
      return { head: opcode.ping, payload: payload.subarray(0, 100), isMasked: true };
    case 10:
      return plain(Uint8Array.of(rng.nextBelow(256)), opcode.close);
    default:
      return { ...frame, head: opcode.binary };
  }
}
