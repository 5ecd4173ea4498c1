// Writes BSATN into a buffer of its own: numbers little-endian, texts as UTF-8. A lone surrogate of a
// text becomes U+FFFD.

/** Most bytes that one UTF-16 unit takes as UTF-8. */
const UTF8_UNIT_MAX: i32 = 3;

/** What a buffer that was too large to be kept begins with anew. */
const CAPACITY_MIN: i32 = 1024;

@final
export class Writer {
  private buffer: ArrayBuffer;
  // The buffer's first byte, the place of the next one, and the end of the buffer.
  private start: usize;
  private at: usize;
  private limit: usize;

  /** `capacity` in bytes; the buffer grows where more is written. */
  constructor(capacity: i32 = 64) {
    const buffer = new ArrayBuffer(capacity);
    const start = changetype<usize>(buffer);
    this.buffer = buffer;
    this.start = start;
    this.at = start;
    this.limit = start + capacity;
  }

  /** The first byte. Good until the next write, which may move everything. */
  @inline get pointer(): usize {
    return this.start;
  }

  /** Bytes written so far. */
  @inline get length(): i32 {
    return <i32>(this.at - this.start);
  }

  /** Bytes that there is room for, those written included. */
  @inline get capacity(): i32 {
    return <i32>(this.limit - this.start);
  }

  /** Forgets what was written, and keeps the buffer. */
  @inline clear(): void {
    this.at = this.start;
  }

  /** Counts bytes in that somebody else stored behind those written. */
  @inline advance(size: i32): void {
    this.at += size;
  }

  /** Takes the next `size` bytes; where they lie, until the next write. */
  @inline take(size: i32): usize {
    if (this.limit - this.at < <usize>size) this.grow(size);
    const at = this.at;
    this.at = at + size;
    return at;
  }

  /** Makes room for `size` bytes more. */
  @inline reserve(size: i32): void {
    if (this.limit - this.at < <usize>size) this.grow(size);
  }

  /** Forgets what was written, and the buffer too if it is larger than `capacityMax`. */
  bound(capacityMax: i32): void {
    if (this.capacity <= capacityMax) return;
    this.limit = this.start;
    this.at = this.start;
    this.grow(CAPACITY_MIN);
  }

  private grow(size: i32): void {
    const used = this.length;
    const capacity = max(used + size, this.capacity * 2);
    const buffer = new ArrayBuffer(capacity);
    const start = changetype<usize>(buffer);
    memory.copy(start, this.start, used);
    this.buffer = buffer;
    this.start = start;
    this.at = start + used;
    this.limit = start + capacity;
  }

  bool(value: bool): void {
    store<u8>(this.take(1), value ? 1 : 0);
  }

  u8(value: u8): void {
    store<u8>(this.take(1), value);
  }

  i8(value: i8): void {
    store<i8>(this.take(1), value);
  }

  u16(value: u16): void {
    store<u16>(this.take(2), value);
  }

  i16(value: i16): void {
    store<i16>(this.take(2), value);
  }

  u32(value: u32): void {
    store<u32>(this.take(4), value);
  }

  i32(value: i32): void {
    store<i32>(this.take(4), value);
  }

  u64(value: u64): void {
    store<u64>(this.take(8), value);
  }

  i64(value: i64): void {
    store<i64>(this.take(8), value);
  }

  f32(value: f32): void {
    store<f32>(this.take(4), value);
  }

  f64(value: f64): void {
    store<f64>(this.take(8), value);
  }

  /** The length in bytes, then the text. */
  string(value: string): void {
    this.reserve(4 + value.length * UTF8_UNIT_MAX);
    const length = encodeText(value, this.at + 4);
    store<u32>(this.at, <u32>length);
    this.at += 4 + length;
  }

  /** The text alone. */
  text(value: string): void {
    this.reserve(value.length * UTF8_UNIT_MAX);
    this.at += encodeText(value, this.at);
  }

  /** The length, then the bytes. */
  bytes(value: Uint8Array): void {
    this.u32(<u32>value.length);
    this.raw(value.dataStart, value.length);
  }

  /** Bytes as they lie somewhere else. */
  raw(pointer: usize, size: i32): void {
    memory.copy(this.take(size), pointer, size);
  }

  /** A copy of what was written. */
  toBytes(): Uint8Array {
    const copy = new Uint8Array(this.length);
    memory.copy(copy.dataStart, this.start, this.length);
    return copy;
  }
}

/** Most texts are short and ASCII: those take one loop, without the general encoder. */
function encodeText(value: string, at: usize): usize {
  const length = <usize>value.length;
  const from = changetype<usize>(value);
  for (let i: usize = 0; i < length; i++) {
    const unit = load<u16>(from + (i << 1));
    if (unit >= 0x80) {
      return i + String.UTF8.encodeUnsafe(
        from + (i << 1),
        <i32>(length - i),
        at + i,
        false,
        String.UTF8.ErrorMode.REPLACE,
      );
    }
    store<u8>(at + i, <u8>unit);
  }
  return length;
}
