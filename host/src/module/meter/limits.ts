// Memories and tables with a maximum of their own: a module that asks for more than the host gives is refused before it starts,
// and cannot grow beyond it later.
import { LightconeError } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import { BinaryReader, type Section } from "../binary.ts";
import { BinaryWriter } from "./binary-writer.ts";

const memoryPageBytes = 65_536;
const hasMaximum = 1;
/** Shared or not, with 32-bit addresses. Others are refused elsewhere, by name. */
const flagsMax = 3;

interface Extent {
  readonly flags: number;
  readonly minimum: number;
  readonly maximum: number;
}

function readExtent(reader: BinaryReader): Extent {
  const flags = reader.number();
  const minimum = reader.number();
  const maximum = (flags & hasMaximum) === 0 ? 2 ** 32 : reader.number();
  return { flags, minimum, maximum };
}

function writeExtent(out: BinaryWriter, { flags, minimum, maximum }: Extent): void {
  out.unsigned(flags | hasMaximum);
  out.unsigned(minimum);
  out.unsigned(maximum);
}

/** The content of the memory section, no memory larger than `bytesMax`. */
export function capMemories(bytes: Uint8Array, section: Section, bytesMax: number): Uint8Array {
  const pagesMax = Math.floor(bytesMax / memoryPageBytes);
  const reader = new BinaryReader(bytes, section.start);
  const extents = reader.list(() => readExtent(reader));
  const out = new BinaryWriter(16);
  out.unsigned(extents.length);
  for (const extent of extents) {
    if (extent.flags > flagsMax) return bytes.subarray(section.start, section.end);
    if (extent.minimum > pagesMax) {
      throw new LightconeError(
        "LC_MODULE_LOAD",
        `the module wants ${mebibytes(extent.minimum)} MiB of memory to start with; this host gives ${mebibytes(pagesMax)} MiB (--module-memory)`,
      );
    }
    writeExtent(out, { ...extent, maximum: Math.min(extent.maximum, pagesMax) });
  }
  return out.written;
}

function mebibytes(pages: number): number {
  return (pages * memoryPageBytes) / (1024 * 1024);
}

/** The entries of the table section, without their count: all tables together have `limit.moduleTableEntriesMax` entries at most. */
export function capTables(bytes: Uint8Array, section: Section): Uint8Array {
  const reader = new BinaryReader(bytes, section.start);
  const tables = reader.list(() => {
    const typeAt = reader.at;
    if (bytes[typeAt] === 0x40) {
      throw new LightconeError(
        "LC_MODULE_LOAD",
        "the module has a table with an initial value of its own, which this version does not read",
      );
    }
    reader.valueType();
    return { typeAt, typeEnd: reader.at, extent: readExtent(reader) };
  });
  const wanted = tables.reduce((sum, { extent }) => sum + extent.minimum, 0);
  const entriesMax = limit.moduleTableEntriesMax;
  if (wanted > entriesMax) {
    throw new LightconeError(
      "LC_MODULE_LOAD",
      `the module wants tables of ${wanted} entries; this host gives ${entriesMax}`,
    );
  }
  const share = Math.floor((entriesMax - wanted) / tables.length);
  const out = new BinaryWriter(16);
  for (const { typeAt, typeEnd, extent } of tables) {
    out.copy(bytes, typeAt, typeEnd);
    writeExtent(out, { ...extent, maximum: Math.min(extent.maximum, extent.minimum + share) });
  }
  return out.written;
}
