// Walks a direct index and names what is not as it must be.
import { chunkSize, numberLimit } from "../../src/datastore/index/direct-pages.ts";
import type { DirectIndex } from "../../src/datastore/index/direct.ts";
import { treeFaults } from "./tree-check.ts";

/** The faults of a direct index that should hold `rowCount` rows. */
export function directFaults(index: DirectIndex, rowCount: number): string[] {
  const { pages, others, count, otherCount } = index.structure;
  const faults = treeFaults(others, otherCount);
  let [chunks, rows] = [0, 0];
  for (
    let first = pages.nextChunk(0);
    first < numberLimit;
    first = pages.nextChunk(first + chunkSize)
  ) {
    const chunk = pages.chunkOf(first) as Int32Array;
    const used = chunk.filter((head) => head !== 0);
    chunks++;
    rows += used.length;
    if (used.length === 0) faults.push(`the chunk from ${first} on is empty`);
    if (used.length !== pages.countOf(first))
      faults.push(`the chunk from ${first} on is miscounted`);
    chunk.forEach((head, i) => {
      if (head === 0) return;
      const { bytes, start, end } = index.key.loadProbe(head - 1);
      const number = bytes.subarray(start, end).reduceRight((high, byte) => high * 256 + byte, 0);
      if (number !== first + i) faults.push(`row ${head - 1} stands at ${first + i}`);
    });
  }
  if (chunks !== pages.chunkCount) faults.push(`${chunks} chunks instead of ${pages.chunkCount}`);
  if (rows !== count) faults.push(`${rows} rows in chunks instead of ${count}`);
  if (rows + otherCount !== rowCount) faults.push(`${rows + otherCount} rows, not ${rowCount}`);
  return faults;
}
