// Short copies between buffers. `set` needs a view of the part to be copied, which costs more than copying a row does;
// a loop over bytes checks bounds twice for each. Words through a DataView need neither alignment nor a new object.

/** Longer copies are left to the engine's own. */
const wordCopyMax = 96;

/** Copies `source[start, end)` to `target` at `at`. The two must not overlap in one buffer. */
export function copyBytes(
  source: DataView,
  start: number,
  end: number,
  target: DataView,
  at: number,
): void {
  if (end - start > wordCopyMax) {
    const part = new Uint8Array(source.buffer, source.byteOffset + start, end - start);
    new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(part, at);
    return;
  }
  let from = start;
  let to = at;
  // Two words a turn: what a turn costs beside them is about as much as one.
  for (; from + 8 <= end; from += 8, to += 8) {
    target.setInt32(to, source.getInt32(from, true), true);
    target.setInt32(to + 4, source.getInt32(from + 4, true), true);
  }
  if (from + 4 <= end) {
    target.setInt32(to, source.getInt32(from, true), true);
    from += 4;
    to += 4;
  }
  for (; from < end; from++, to++) target.setUint8(to, source.getUint8(from));
}

/** Whether `length` bytes of two buffers are the same. */
export function sameBytes(
  a: DataView,
  aStart: number,
  b: DataView,
  bStart: number,
  length: number,
): boolean {
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    if (a.getInt32(aStart + i, true) !== b.getInt32(bStart + i, true)) return false;
  }
  for (; i < length; i++) if (a.getUint8(aStart + i) !== b.getUint8(bStart + i)) return false;
  return true;
}

const noBytes = new Uint8Array(0);
const noView = new DataView(noBytes.buffer);

/** Remembers the view of the bytes asked for last: buffers that are read again and again cost no object each time. */
export class LastView {
  #bytes: Uint8Array = noBytes;
  #view: DataView = noView;

  /** Lets go of the buffer. */
  forget(): void {
    this.#bytes = noBytes;
    this.#view = noView;
  }

  /** A view of all of `bytes`. */
  of(bytes: Uint8Array): DataView {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    return this.#view;
  }
}
