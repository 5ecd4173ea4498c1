// Byte sources and sinks: arguments, payloads and results (abi.md 5.6).
import { Writer } from "../bytes/writer";
import * as sys from "../sys";
import { out } from "../table/scratch";

/** Least room that is offered to a source. */
const ROOM_MIN: i32 = 256;

/** Appends everything that `source` has. Source 0 has nothing. */
export function readSource(source: u32, into: Writer): void {
  if (source == 0) return;
  let status: i32 = 0;
  do {
    into.reserve(ROOM_MIN);
    store<u32>(out, into.capacity - into.length);
    status = sys.bytes_source_read(source, <u32>(into.pointer + into.length), <u32>out);
    assert(status == 0 || status == -1, "a source of bytes is gone");
    into.advance(load<i32>(out));
    // The room doubles, so that a long source takes few calls.
    if (status == 0) into.reserve(into.length);
  } while (status == 0);
}

/** Writes bytes to `sink`, however many it takes at once. */
export function writeSink(sink: u32, pointer: usize, length: u32): void {
  let done: u32 = 0;
  while (done < length) {
    store<u32>(out, length - done);
    const status = sys.bytes_sink_write(sink, <u32>pointer + done, <u32>out);
    assert(status == 0, "a sink of bytes is gone");
    const taken = load<u32>(out);
    assert(taken > 0 && taken <= length - done, "a sink took no bytes");
    done += taken;
  }
}
