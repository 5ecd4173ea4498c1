// ConnectionId: which connection of a client calls: 16 bytes. Zero means none.
import { Reader } from "../bytes/reader";
import { Writer } from "../bytes/writer";
import { hexDigits, parseHexDigits } from "../wide/text";
import { compareUnsigned, equal, isZero } from "../wide/words";
import { U128 } from "./u128";

const words = 2;
const bytes = words * 8;

/**
 * A connection's id; it does not change. As a key of a Map use `toHex()`, since a Map compares objects
 * by address.
 */
export class ConnectionId {
  /** From words of 64 bits, the least significant first. */
  constructor(
    public readonly lo: u64 = 0,
    public readonly hi: u64 = 0,
  ) {}

  static get zero(): ConnectionId {
    return new ConnectionId();
  }

  /** From 32 hex digits, with or without `0x`; null if the text is anything else. */
  static tryFromHex(text: string): ConnectionId | null {
    const result = new ConnectionId();
    const start = text.startsWith("0x") ? 2 : 0;
    return parseHexDigits(changetype<usize>(result), text, start, bytes) ? result : null;
  }

  /** As tryFromHex, but another text ends the call. */
  static fromHex(text: string): ConnectionId {
    return assert(ConnectionId.tryFromHex(text), "a connection id must be 32 hex digits: " + text);
  }

  static fromU128(value: U128): ConnectionId {
    return new ConnectionId(value.lo, value.hi);
  }

  /** From 16 bytes as they are stored, the least significant first. */
  static fromBytes(source: Uint8Array): ConnectionId {
    assert(source.length == bytes, "a connection id has 16 bytes");
    const result = new ConnectionId();
    memory.copy(changetype<usize>(result), source.dataStart, bytes);
    return result;
  }

  static read(reader: Reader): ConnectionId {
    const lo = reader.u64();
    const hi = reader.u64();
    return new ConnectionId(lo, hi);
  }

  write(writer: Writer): void {
    writer.u64(this.lo);
    writer.u64(this.hi);
  }

  @operator("==") static eq(a: ConnectionId | null, b: ConnectionId | null): bool {
    return equal(changetype<usize>(a), changetype<usize>(b), words);
  }
  @operator("!=") static ne(a: ConnectionId | null, b: ConnectionId | null): bool {
    return !equal(changetype<usize>(a), changetype<usize>(b), words);
  }

  /** Below, at or above zero in the order of the numbers, which is that of the texts. */
  compare(other: ConnectionId): i32 {
    return compareUnsigned(changetype<usize>(this), changetype<usize>(other), words);
  }

  get isZero(): bool {
    return isZero(changetype<usize>(this), words);
  }

  toU128(): U128 {
    return new U128(this.lo, this.hi);
  }

  /** 16 bytes as they are stored, the least significant first. */
  toBytes(): Uint8Array {
    const result = new Uint8Array(bytes);
    memory.copy(result.dataStart, changetype<usize>(this), bytes);
    return result;
  }

  /** 32 lower-case hex digits. */
  toHex(): string {
    return hexDigits(changetype<usize>(this), bytes);
  }

  toString(): string {
    return this.toHex();
  }
}
