// Rows that come from the host, chunk by chunk. The host closes an iterator when its last rows were
// taken; one that is not read to its end is closed here, at the latest when the call ends.
import { Reader } from "../bytes/reader";
import { Writer } from "../bytes/writer";
import * as sys from "../sys";
import { check, Errno } from "./errno";
import { out, scratch } from "./scratch";

/** The host closes a chunk with the row that takes it beyond 32 KiB. */
const CHUNK_CAPACITY: i32 = 64 * 1024;

/** Larger chunks are not kept when their iterator has ended. */
const KEPT_CAPACITY_MAX: i32 = 256 * 1024;

/** Buffers are used again by later iterators; beyond this number they are left to the collector. */
const KEPT_MAX: i32 = 4;

const kept: Writer[] = [];

/** The iterators of this call that the host still holds, linked. */
let open: RowSource | null = null;

/** Keeps the open iterators of the outer call, for a call within it; give the answer to `endRows`. */
export function beginRows(): RowSource | null {
  const outer = open;
  open = null;
  return outer;
}

/** Closes what this call left open. */
export function endRows(outer: RowSource | null): void {
  let each = open;
  while (each) {
    const next = each.nextOpen;
    each.close();
    each = next;
  }
  open = outer;
}

/** Bytes of rows, one chunk after another. */
export class RowSource {
  protected reader: Reader = new Reader();
  private chunk: Writer | null = null;
  private previous: RowSource | null = null;
  nextOpen: RowSource | null = null;

  constructor(
    /** Zero when the host has closed the iterator. */
    private handle: u32,
  ) {
    const first = open;
    this.nextOpen = first;
    if (first) first.previous = this;
    open = this;
  }

  /** Whether there is another row in `reader`. */
  protected hasRow(): bool {
    return this.reader.remaining > 0 || this.fill();
  }

  private fill(): bool {
    while (this.handle != 0) {
      const chunk = this.buffer();
      store<u32>(out, chunk.capacity);
      const at = chunk.pointer;
      const status = sys.row_iter_bsatn_advance(this.handle, <u32>at, <u32>out);
      if (status == Errno.BufferTooSmall) {
        chunk.clear();
        chunk.reserve(load<i32>(out));
        continue;
      }
      if (status == -1) this.forget();
      else check(status, "reading rows");
      this.reader.reset(at, load<i32>(out));
      if (this.reader.remaining > 0) return true;
    }
    this.release();
    return false;
  }

  private buffer(): Writer {
    const chunk = this.chunk;
    if (chunk) return chunk;
    const taken = kept.length > 0 ? kept.pop() : new Writer(CHUNK_CAPACITY);
    this.chunk = taken;
    return taken;
  }

  private release(): void {
    const chunk = this.chunk;
    if (!chunk) return;
    this.chunk = null;
    this.reader.reset(0, 0);
    if (kept.length < KEPT_MAX && chunk.capacity <= KEPT_CAPACITY_MAX) kept.push(chunk);
  }

  /** Takes the iterator out of the open ones. */
  private forget(): void {
    this.handle = 0;
    const previous = this.previous;
    const next = this.nextOpen;
    if (previous) previous.nextOpen = next;
    else open = next;
    if (next) next.previous = previous;
    this.previous = null;
    this.nextOpen = null;
  }

  /** Ends the iteration. Needed only where rows are left and the call goes on for long. */
  close(): void {
    if (this.handle != 0) {
      sys.row_iter_bsatn_close(this.handle);
      this.forget();
    }
    this.release();
  }
}

/**
 * Rows of a table: `while (rows.next()) use(rows.value)`. They are those of the moment of the question;
 * later changes do not alter them.
 */
export class RowIter<T> extends RowSource {
  private current: T | null = null;

  constructor(
    handle: u32,
    private read: (reader: Reader) => T,
  ) {
    super(handle);
  }

  /** Goes to the next row; false where there is none. */
  next(): bool {
    if (!this.hasRow()) {
      this.current = null;
      return false;
    }
    this.current = this.read(this.reader);
    return true;
  }

  /** The row that `next` went to. */
  get value(): T {
    return this.current!;
  }

  /** The rows that are left. */
  toArray(): T[] {
    const rows: T[] = [];
    while (this.next()) rows.push(this.value);
    return rows;
  }
}

/** All rows of a table; the iterator. */
export function scanTable(table: u32): u32 {
  check(sys.datastore_table_scan_bsatn(table, <u32>out), "scanning a table");
  return load<u32>(out);
}

/** The rows with the key that lies in `scratch`; the iterator. */
export function scanKey(index: u32): u32 {
  const status = sys.datastore_index_scan_point_bsatn(
    index,
    <u32>scratch.pointer,
    scratch.length,
    <u32>out,
  );
  check(status, "looking up a key");
  return load<u32>(out);
}

/**
 * The rows in a range; the iterator. In `scratch` lie the first `columns` columns of the key, which must
 * be equal, then at `from` the lower bound of the next column, then at `to` the upper one. Where `to` is
 * `from` one bound serves as both.
 */
export function scanRange(index: u32, columns: u32, from: u32, to: u32): u32 {
  const at = <u32>scratch.pointer;
  const length = <u32>scratch.length;
  const status = sys.datastore_index_scan_range_bsatn(
    index,
    at,
    from,
    columns,
    at + from,
    to == from ? length - from : to - from,
    at + to,
    length - to,
    <u32>out,
  );
  check(status, "looking up a range");
  return load<u32>(out);
}

/** The row that was found last. */
export const found: Writer = new Writer(1024);
const foundReader: Reader = new Reader();

/** The one row with the key that lies in `scratch`, or null. Good until the next look-up. */
export function findRow(index: u32): Reader | null {
  const iterator = scanKey(index);
  while (true) {
    store<u32>(out, found.capacity);
    const at = found.pointer;
    const status = sys.row_iter_bsatn_advance(iterator, <u32>at, <u32>out);
    const length = load<i32>(out);
    if (status == -1) {
      if (length == 0) return null;
      foundReader.reset(at, length);
      return foundReader;
    }
    if (status == Errno.BufferTooSmall) {
      found.reserve(length);
      continue;
    }
    check(status, "reading a row");
    sys.row_iter_bsatn_close(iterator);
    foundReader.reset(at, length);
    return foundReader;
  }
}
