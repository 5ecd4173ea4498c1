// Identity: who calls, or which database: 32 bytes that are the same for one issuer and subject everywhere.
import { Reader } from "../bytes/reader";
import { Writer } from "../bytes/writer";
import { hexDigits, parseHexDigits } from "../wide/text";
import { compareUnsigned, equal, isZero } from "../wide/words";
import { U256 } from "./u256";

const words = 4;
const bytes = words * 8;

/**
 * An identity; it does not change. Zero belongs to nobody. As a key of a Map use `toHex()`, since a Map
 * compares objects by address.
 */
export class Identity {
  /** From words of 64 bits, the least significant first. */
  constructor(
    public readonly w0: u64 = 0,
    public readonly w1: u64 = 0,
    public readonly w2: u64 = 0,
    public readonly w3: u64 = 0,
  ) {}

  static get zero(): Identity {
    return new Identity();
  }

  /** From 64 hex digits, with or without `0x`; null if the text is anything else. */
  static tryFromHex(text: string): Identity | null {
    const result = new Identity();
    const start = text.startsWith("0x") ? 2 : 0;
    return parseHexDigits(changetype<usize>(result), text, start, bytes) ? result : null;
  }

  /** As tryFromHex, but another text ends the call. */
  static fromHex(text: string): Identity {
    return assert(Identity.tryFromHex(text), "an identity must be 64 hex digits: " + text);
  }

  static fromU256(value: U256): Identity {
    return new Identity(value.w0, value.w1, value.w2, value.w3);
  }

  /** From 32 bytes as they are stored, the least significant first. */
  static fromBytes(source: Uint8Array): Identity {
    assert(source.length == bytes, "an identity has 32 bytes");
    const result = new Identity();
    memory.copy(changetype<usize>(result), source.dataStart, bytes);
    return result;
  }

  static read(reader: Reader): Identity {
    const w0 = reader.u64();
    const w1 = reader.u64();
    const w2 = reader.u64();
    const w3 = reader.u64();
    return new Identity(w0, w1, w2, w3);
  }

  write(writer: Writer): void {
    writer.u64(this.w0);
    writer.u64(this.w1);
    writer.u64(this.w2);
    writer.u64(this.w3);
  }

  @operator("==") static eq(a: Identity | null, b: Identity | null): bool {
    return equal(changetype<usize>(a), changetype<usize>(b), words);
  }
  @operator("!=") static ne(a: Identity | null, b: Identity | null): bool {
    return !equal(changetype<usize>(a), changetype<usize>(b), words);
  }

  /** Below, at or above zero in the order of the numbers, which is that of the texts. */
  compare(other: Identity): i32 {
    return compareUnsigned(changetype<usize>(this), changetype<usize>(other), words);
  }

  get isZero(): bool {
    return isZero(changetype<usize>(this), words);
  }

  toU256(): U256 {
    return new U256(this.w0, this.w1, this.w2, this.w3);
  }

  /** 32 bytes as they are stored, the least significant first. */
  toBytes(): Uint8Array {
    const result = new Uint8Array(bytes);
    memory.copy(result.dataStart, changetype<usize>(this), bytes);
    return result;
  }

  /** 64 lower-case hex digits. */
  toHex(): string {
    return hexDigits(changetype<usize>(this), bytes);
  }

  toString(): string {
    return this.toHex();
  }
}
