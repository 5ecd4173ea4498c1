// Messages of clients that are encoded once, and where in them chance may write what it likes: they still decode afterwards.
import type { Writer } from "@lightcone/abi";
import type { Rng } from "@lightcone/fixtures/rng";

/** Accounts of the bank that is called. */
export const accountCount = 500;

/** How far into the host a message comes. */
export const reaches = [
  /** Code of the module runs. */
  "reducer",
  "procedure",
  /** A call that ends before: no such function, no such arguments, a lifecycle reducer. */
  "refused call",
  "query",
  "subscribe",
  "unsubscribe",
] as const;

export type Reach = (typeof reaches)[number];

/** What may stand in a hole. */
export type HoleKind =
  /** Any bytes. */
  | "bytes"
  /** One or two other characters in a text of them, every second time. */
  | "ascii"
  /** A u32, or three digits: mostly that of an account. */
  | "account"
  /** An i64, or one digit: the sum that goes from one account to another. */
  | "amount"
  /** A u32, or one digit: what a subscription is known by. */
  | "set";

export interface Hole {
  readonly at: number;
  readonly length: number;
  readonly kind: HoleKind;
  /** Digits instead of bytes. */
  readonly isText: boolean;
}

/** How the number of a request stands in a message: as a u32, as ten digits, or as its four bytes in hex digits. */
export type IdForm = "u32" | "digits" | "hex";

export interface Template {
  readonly bytes: Uint8Array;
  /** It goes in a text frame. */
  readonly isText: boolean;
  readonly reach: Reach;
  readonly isAnswered: boolean;
  readonly idAt: number;
  readonly idForm: IdForm;
  readonly holes: readonly Hole[];
}

/** The least and the most number of ten digits that is a u32 whatever its last nine digits are. */
const tenDigitsMin = 1_000_000_000;
const tenDigitsBound = 3_000_000_000;

const digitZero = 0x30;
const hexDigits = "0123456789abcdef";

// Neither quote nor backslash: the text may lie within a string of JSON.
const characters = new TextEncoder().encode(
  "abcdefghijklmnopqrstuvwxyzSELECTFROM  0123456789**==<>>().,,';-_%&|",
);

function putU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

function putDigits(bytes: Uint8Array, at: number, length: number, value: number): void {
  let rest = value;
  for (let i = at + length - 1; i >= at; i--) {
    bytes[i] = digitZero + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

function putId(rng: Rng, bytes: Uint8Array, at: number, form: IdForm): number {
  if (form === "digits") {
    const id = tenDigitsMin + (rng.nextU32() % tenDigitsBound);
    putDigits(bytes, at, 10, id);
    return id;
  }
  const id = rng.nextU32();
  if (form === "u32") {
    putU32(bytes, at, id);
    return id;
  }
  for (let i = 0; i < 8; i++) {
    // Each byte's high digit comes first.
    const shift = (i >>> 1) * 8 + (i % 2 === 0 ? 4 : 0);
    bytes[at + i] = hexDigits.charCodeAt((id >>> shift) & 15);
  }
  return id;
}

function fillHole(rng: Rng, bytes: Uint8Array, start: number, hole: Hole): void {
  const at = start + hole.at;
  const { length, isText } = hole;
  switch (hole.kind) {
    case "bytes":
      for (let i = 0; i < length; i++) bytes[at + i] = rng.nextU32();
      return;
    case "ascii":
      for (let i = rng.nextU32() & 3; i > 1; i--) {
        const character = characters[rng.nextU32() % characters.length] as number;
        bytes[at + (rng.nextU32() % length)] = character;
      }
      return;
    case "account":
      // Three digits never begin with a zero.
      if (isText) putDigits(bytes, at, 3, 100 + (rng.nextU32() % 410));
      else putU32(bytes, at, rng.nextU32() % (accountCount + 5));
      return;
    case "amount": {
      const amount = (rng.nextU32() % 20) - 2;
      if (isText) putDigits(bytes, at, 1, Math.abs(amount) % 10);
      else {
        putU32(bytes, at, amount);
        putU32(bytes, at + 4, amount >> 31);
      }
      return;
    }
    case "set":
      if (isText) putDigits(bytes, at, 1, rng.nextU32() % 6);
      else putU32(bytes, at, (rng.nextU32() & 7) === 0 ? rng.nextU32() : rng.nextU32() % 6);
  }
}

/** Appends what chance makes of a message; returns the number of its request. */
export function appendTemplate(rng: Rng, writer: Writer, template: Template): number {
  const start = writer.length;
  writer.raw(template.bytes);
  const { memory } = writer;
  for (const hole of template.holes) fillHole(rng, memory, start, hole);
  return putId(rng, memory, start + template.idAt, template.idForm);
}
