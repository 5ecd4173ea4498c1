// Imports that move bytes between host and guest (abi.md section 5.6).
import { Errno, exhausted } from "@lightcone/abi";
import type { CallContext } from "../context.ts";
import type { ImportFunctions } from "./link.ts";

const ok = 0;

/** Byte sources and sinks. */
export function bytesImports(context: CallContext): ImportFunctions {
  return {
    bytes_source_read(handle: number, buffer: number, lengthPointer: number): number {
      const source = context.sources.get(handle);
      if (source === undefined) return Errno.noSuchBytes;
      const { memory } = context;
      const room = memory.u32(lengthPointer);
      const at = memory.range(buffer, room);
      const count = Math.min(room, source.end - source.at);
      memory.write(at, source.view, source.at, source.at + count);
      memory.setU32(lengthPointer, count);
      source.at += count;
      if (source.at < source.end) return ok;
      context.sources.close(source);
      return exhausted;
    },
    bytes_source_remaining_length(handle: number, out: number): number {
      const source = context.sources.get(handle);
      if (source === undefined) return Errno.noSuchBytes;
      context.memory.setU32(out, source.end - source.at);
      return ok;
    },
    bytes_sink_write(handle: number, buffer: number, lengthPointer: number): number {
      const sink = context.sink.accepts(handle) ? context.sink : context.bodySink;
      if (!sink.accepts(handle)) return Errno.noSuchBytes;
      const length = context.memory.u32(lengthPointer);
      const at = context.memory.range(buffer, length);
      context.worked(0, length);
      sink.write(context.memory.bytes(), at, at + length);
      return ok;
    },
  };
}
