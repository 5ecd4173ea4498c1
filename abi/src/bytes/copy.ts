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
  const length = end - start;
  if (length > wordCopyMax) {
    const part = new Uint8Array(source.buffer, source.byteOffset + start, length);
    new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(part, at);
    return;
  }
  if (length < 4) {
    for (let i = 0; i < length; i++) target.setUint8(at + i, source.getUint8(start + i));
    return;
  }
  let i = 0;
  // Reads before writes: the engine checks a view again for each access behind a write.
  for (; i + 8 <= length; i += 8) {
    const first = source.getInt32(start + i, true);
    const second = source.getInt32(start + i + 4, true);
    target.setInt32(at + i, first, true);
    target.setInt32(at + i + 4, second, true);
  }
  if (i === length) return;
  // What is left, at most seven bytes, is in the next word or in the last one, of which some bytes may be there already.
  if (i + 4 < length) target.setInt32(at + i, source.getInt32(start + i, true), true);
  target.setInt32(at + length - 4, source.getInt32(end - 4, true), true);
}

/** Whether `length` bytes of two buffers are the same. */
export function sameBytes(
  a: DataView,
  aStart: number,
  b: DataView,
  bStart: number,
  length: number,
): boolean {
  if (length < 4) {
    for (let i = 0; i < length; i++) {
      if (a.getUint8(aStart + i) !== b.getUint8(bStart + i)) return false;
    }
    return true;
  }
  for (let i = 0; i + 4 <= length; i += 4) {
    if (a.getInt32(aStart + i, true) !== b.getInt32(bStart + i, true)) return false;
  }
  // The last word has what is left, at most three bytes.
  const last = length - 4;
  return a.getInt32(aStart + last, true) === b.getInt32(bStart + last, true);
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
