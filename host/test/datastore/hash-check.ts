// Walks a hash index and names what is not as it must be.
import type { HashIndex } from "../../src/datastore/index/hash.ts";
import { RowIds } from "../../src/datastore/rows/ids.ts";

/** Of the words of a slot, the one that has the row plus one. */
const rowField = 1;

/** The faults of a hash index that should hold `rowCount` rows. */
export function hashFaults(index: HashIndex, rowCount: number): string[] {
  const faults: string[] = [];
  const found = new RowIds();
  const prefixes = new Set<string>();
  for (const { words, mask, keyCount, depth } of index.segments) {
    const stride = words.length / (mask + 1);
    let count = 0;
    for (let slot = 0; slot <= mask; slot++) {
      const head = words[slot * stride + rowField] as number;
      if (head === 0) continue;
      count++;
      const hash = words[slot * stride] as number;
      prefixes.add(`${(hash >>> 1) >>> (31 - depth)} of ${depth}`);
      for (let at = hash & mask; at !== slot; at = (at + 1) & mask) {
        if (words[at * stride + rowField] === 0) faults.push(`a hole before slot ${slot}`);
      }
      const { bytes, start, end } = index.key.loadProbe(head - 1);
      const before = found.count;
      index.scanPoint(bytes, start, end, found);
      if (found.ids[before] !== head - 1) faults.push(`row ${head - 1} is not found by its key`);
    }
    if (count !== keyCount) faults.push(`${count} keys in a segment that says ${keyCount}`);
    if (count * 4 > (mask + 1) * 3) faults.push(`${count} keys in ${mask + 1} slots`);
  }
  const used = index.segments.filter(({ keyCount }) => keyCount > 0).length;
  if (prefixes.size !== used) faults.push("keys of one segment differ in their first bits");
  const rows = new Set(found.ids.subarray(0, found.count));
  if (rows.size !== rowCount || found.count !== rowCount) {
    faults.push(`${found.count} rows, ${rows.size} of them different, instead of ${rowCount}`);
  }
  return faults;
}
