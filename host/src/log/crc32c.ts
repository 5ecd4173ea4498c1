// CRC-32C (Castagnoli), the checksum of the commit log: slicing by sixteen (Kounavis and Berry, "A
// systematic approach to building high performance software-based CRC generators", 2005). Of the
// four words of a step only the first waits for the step before.
import { LastView } from "@lightcone/abi";

/** The polynomial 0x1EDC6F41 with its bits reversed. */
const polynomial = 0x82f63b78;

const stepBytes = 16;

/**
 * What one byte contributes when n zero bytes follow it, for each value of the byte: at
 * `n << 8 | byte`.
 */
function makeTable(): Int32Array {
  const table = new Int32Array(stepBytes << 8);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    table[byte] = crc;
  }
  for (let at = 256; at < table.length; at++) {
    const before = table[at - 256] as number;
    table[at] = (before >>> 8) ^ (table[before & 0xff] as number);
  }
  return table;
}

const contributions = makeTable();

/** What the four bytes of `word` contribute when `followingCount` bytes follow the word. */
function wordPart(table: Int32Array, word: number, followingCount: number): number {
  const first = followingCount << 8;
  return (
    (table[(first + 768) | (word & 0xff)] as number) ^
    (table[(first + 512) | ((word >>> 8) & 0xff)] as number) ^
    (table[(first + 256) | ((word >>> 16) & 0xff)] as number) ^
    (table[first | (word >>> 24)] as number)
  );
}

// Commits of one batch or one read lie in the same memory, so the view over it is kept from call to
// call.
const lastView = new LastView();

/** The CRC-32C of `bytes[start, end)` as an unsigned integer. */
export function crc32c(bytes: Uint8Array, start: number, end: number): number {
  const view = lastView.of(bytes);
  const table = contributions;
  let crc = -1;
  let at = start;
  for (; at + stepBytes <= end; at += stepBytes) {
    const others =
      wordPart(table, view.getInt32(at + 4, true), 8) ^
      wordPart(table, view.getInt32(at + 8, true), 4) ^
      wordPart(table, view.getInt32(at + 12, true), 0);
    crc = others ^ wordPart(table, crc ^ view.getInt32(at, true), 12);
  }
  for (; at + 4 <= end; at += 4) crc = wordPart(table, crc ^ view.getInt32(at, true), 0);
  for (; at < end; at++) {
    crc = (crc >>> 8) ^ (table[(crc ^ (bytes[at] as number)) & 0xff] as number);
  }
  return ~crc >>> 0;
}
