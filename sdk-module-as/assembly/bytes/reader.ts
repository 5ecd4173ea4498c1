// Reads the BSATN that the host sends. The host sends well-formed bytes of the declared types, so a
// bad length is a broken invariant: an assert, which traps.

@final
export class Reader {
  private at: usize;
  private limit: usize;

  /** The bytes are not copied: keep what holds them alive. */
  constructor(start: usize = 0, length: i32 = 0) {
    this.at = start;
    this.limit = start + length;
  }

  /** Goes on at other bytes. */
  @inline reset(start: usize, length: i32): void {
    this.at = start;
    this.limit = start + length;
  }

  /** Bytes that are left. */
  @inline get remaining(): i32 {
    return <i32>(this.limit - this.at);
  }

  /** Takes the next `size` bytes; where they lie. */
  @inline take(size: u32): usize {
    const at = this.at;
    assert(this.limit - at >= size, "the host sent too few bytes");
    this.at = at + size;
    return at;
  }

  bool(): bool {
    return load<u8>(this.take(1)) != 0;
  }

  u8(): u8 {
    return load<u8>(this.take(1));
  }

  i8(): i8 {
    return load<i8>(this.take(1));
  }

  u16(): u16 {
    return load<u16>(this.take(2));
  }

  i16(): i16 {
    return load<i16>(this.take(2));
  }

  u32(): u32 {
    return load<u32>(this.take(4));
  }

  i32(): i32 {
    return load<i32>(this.take(4));
  }

  u64(): u64 {
    return load<u64>(this.take(8));
  }

  i64(): i64 {
    return load<i64>(this.take(8));
  }

  f32(): f32 {
    return load<f32>(this.take(4));
  }

  f64(): f64 {
    return load<f64>(this.take(8));
  }

  string(): string {
    const length = this.u32();
    return decodeText(this.take(length), length);
  }

  bytes(): Uint8Array {
    const length = this.u32();
    const value = new Uint8Array(length);
    memory.copy(value.dataStart, this.take(length), length);
    return value;
  }

  /** Everything that is left, as text. */
  restAsText(): string {
    const length = this.remaining;
    return decodeText(this.take(length), length);
  }

  /** Everything that is left. */
  restAsBytes(): Uint8Array {
    const length = this.remaining;
    const value = new Uint8Array(length);
    memory.copy(value.dataStart, this.take(length), length);
    return value;
  }
}

/** The standard library's decoder allocates twice; ASCII needs only the string itself. */
function decodeText(at: usize, length: i32): string {
  if (length == 0) return "";
  for (let i: i32 = 0; i < length; i++) {
    if (load<u8>(at + i) >= 0x80) return String.UTF8.decodeUnsafe(at, length);
  }
  const text = changetype<string>(__new(<usize>length << 1, idof<string>()));
  for (let i: i32 = 0; i < length; i++) {
    store<u16>(changetype<usize>(text) + (<usize>i << 1), load<u8>(at + i));
  }
  return text;
}
