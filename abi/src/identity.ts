// Identity and ConnectionId: numbers with a text form (big-endian hex) and a wire form
// (little-endian bytes).
import { LightconeError } from "./error.ts";

/** Lower-case hex of `bytes` in their order. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** The bytes of hex digits; `what` names the input in the error. */
export function fromHex(text: string, what = "hex text"): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new LightconeError("LC_VALUE_INVALID", `${what} must be an even number of hex digits`);
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  }
  return bytes;
}

function hexToNumber(text: string, digits: number, what: string): bigint {
  const plain = text.startsWith("0x") ? text.slice(2) : text;
  if (plain.length !== digits || !/^[0-9a-fA-F]+$/.test(plain)) {
    throw new LightconeError("LC_VALUE_INVALID", `${what} must be ${digits} hex digits`);
  }
  return BigInt(`0x${plain}`);
}

/** The number of `bytes` read as little-endian. */
export function numberFromBytes(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
  return value;
}

/** `count` little-endian bytes of `value`. */
export function numberToBytes(value: bigint, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  let rest = value;
  for (let i = 0; i < count; i++) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/**
 * Who somebody is: 256 bits, the same for one issuer and subject everywhere (http-and-auth.md
 * section 9.1).
 */
export class Identity {
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = BigInt.asUintN(256, value);
  }

  static readonly zero: Identity = new Identity(0n);

  /** From 64 hex digits, with or without `0x`. */
  static fromHex(text: string): Identity {
    return new Identity(hexToNumber(text, 64, "an identity"));
  }

  /** From 32 bytes as on the wire (little-endian). */
  static fromBytes(bytes: Uint8Array): Identity {
    return new Identity(numberFromBytes(bytes));
  }

  toHex(): string {
    return this.value.toString(16).padStart(64, "0");
  }

  /** 32 bytes as on the wire. */
  toBytes(): Uint8Array {
    return numberToBytes(this.value, 32);
  }

  equals(other: Identity): boolean {
    return this.value === other.value;
  }

  toString(): string {
    return this.toHex();
  }
}

/** Which connection: 128 bits drawn at random; zero means none (http-and-auth.md section 9.5). */
export class ConnectionId {
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = BigInt.asUintN(128, value);
  }

  static readonly zero: ConnectionId = new ConnectionId(0n);

  /** From 32 hex digits, with or without `0x`. */
  static fromHex(text: string): ConnectionId {
    return new ConnectionId(hexToNumber(text, 32, "a connection id"));
  }

  /** From 16 bytes as on the wire (little-endian). */
  static fromBytes(bytes: Uint8Array): ConnectionId {
    return new ConnectionId(numberFromBytes(bytes));
  }

  toHex(): string {
    return this.value.toString(16).padStart(32, "0");
  }

  toBytes(): Uint8Array {
    return numberToBytes(this.value, 16);
  }

  equals(other: ConnectionId): boolean {
    return this.value === other.value;
  }

  toString(): string {
    return this.toHex();
  }
}

/** A UUID: 128 bits; the text form is the usual one with hyphens. */
export class Uuid {
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = BigInt.asUintN(128, value);
  }

  /** From the usual text form, or 32 hex digits. */
  static fromText(text: string): Uuid {
    return new Uuid(hexToNumber(text.replaceAll("-", ""), 32, "a UUID"));
  }

  equals(other: Uuid): boolean {
    return this.value === other.value;
  }

  toString(): string {
    const hex = this.value.toString(16).padStart(32, "0");
    const cuts = [0, 8, 12, 16, 20, 32];
    return cuts
      .slice(1)
      .map((end, i) => hex.slice(cuts[i], end))
      .join("-");
  }
}
