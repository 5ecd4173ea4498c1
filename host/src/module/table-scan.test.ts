import { Rng } from "@lightcone/fixtures/rng";
import { test } from "tap";
import { FixedRowStore } from "../datastore/rows/fixed-store.ts";
import type { RowStore } from "../datastore/rows/store.ts";
import { VariableRowStore } from "../datastore/rows/variable-store.ts";
import { TableScan } from "./table-scan.ts";

interface Case {
  readonly store: () => RowStore;
  readonly size: (rng: Rng) => number;
  readonly chunkBytes: number;
}

const cases: Record<string, Case> = {
  "rows of 20 bytes": { store: () => new FixedRowStore(20), size: () => 20, chunkBytes: 1000 },
  "rows that end with the chunk": {
    store: () => new FixedRowStore(16),
    size: () => 16,
    chunkBytes: 1024,
  },
  "rows larger than a chunk": {
    store: () => new FixedRowStore(90),
    size: () => 90,
    chunkBytes: 64,
  },
  "rows without bytes": { store: () => new FixedRowStore(0), size: () => 0, chunkBytes: 64 },
  "rows that differ": {
    store: () => new VariableRowStore(),
    size: (rng) => rng.nextBelow(300),
    chunkBytes: 1000,
  },
};

/** The store's live rows as chunks: each ends at the first row that makes it larger than `chunkBytes`. */
function expectedChunks(store: RowStore, chunkBytes: number): Buffer[] {
  const chunks: Buffer[] = [];
  let chunk: Uint8Array[] = [];
  const sizeOf = (rows: Uint8Array[]): number => rows.reduce((sum, row) => sum + row.length, 0);
  for (let row = store.live.next(0); row >= 0; row = store.live.next(row + 1)) {
    const start = store.start(row);
    chunk.push(store.page(row).slice(start, start + store.size(row)));
    if (sizeOf(chunk) <= chunkBytes) continue;
    chunks.push(Buffer.concat(chunk));
    chunk = [];
  }
  return chunk.length > 0 ? [...chunks, Buffer.concat(chunk)] : chunks;
}

function readAll(scan: TableScan, beforeEach: () => void): Buffer[] {
  const chunks: Buffer[] = [];
  while (!scan.isDone) {
    beforeEach();
    const bytes = new Uint8Array(scan.chunkSize + 8);
    scan.copyChunk(bytes, new DataView(bytes.buffer), 8);
    chunks.push(Buffer.from(bytes.subarray(8)));
  }
  return chunks;
}

for (const [title, { store: make, size, chunkBytes }] of Object.entries(cases)) {
  void test(`${title} come in chunks, as they were when the scan began`, async (t) => {
    for (const [seed, keptOf10] of [10, 9, 5, 1, 0].entries()) {
      const rng = new Rng(seed);
      const store = make();
      const add = (): void => {
        const bytes = new Uint8Array(size(rng)).fill(rng.nextU32());
        const row = store.add(bytes, 0, bytes.length);
        store.live.ensure(row);
        store.live.add(row);
      };
      for (let i = 0; i < 6000; i++) add();
      const remove = (row: number): void => {
        store.live.remove(row);
        store.free(row);
      };
      for (let row = 0; row < 6000; row++) if (rng.nextBelow(10) >= keptOf10) remove(row);
      const expected = expectedChunks(store, chunkBytes);
      const scan = new TableScan(store.freeze(), chunkBytes);
      const chunks = readAll(scan, () => {
        add();
        remove(store.live.next(0));
      });
      scan.close();
      t.equal(chunks.length, expected.length, `${keptOf10} of 10 rows`);
      t.ok(chunks.every((chunk, i) => chunk.equals(expected[i]!)));
    }
  });
}
