// Rows that a transaction deleted under one id and inserted again under another did not change: they leave the delta.
import { hashBytes } from "./key.ts";
import type { RowIds } from "./rows/ids.ts";
import { rowsEqual, type RowStore } from "./rows/store.ts";

/** Lists this short are compared pair by pair, which needs no memory. */
const pairwiseMax = 8;

/** Takes rows with equal bytes out of both lists, one for one. */
export function cancelEqualRows(rows: RowStore, inserts: RowIds, deletes: RowIds): void {
  if (inserts.count * deletes.count <= pairwiseMax * pairwiseMax) {
    cancelPairwise(rows, inserts, deletes);
  } else {
    cancelByHash(rows, inserts, deletes);
  }
}

function removeAt(list: RowIds, position: number): void {
  list.ids.copyWithin(position, position + 1, list.count);
  list.count--;
}

function cancelPairwise(rows: RowStore, inserts: RowIds, deletes: RowIds): void {
  for (let i = inserts.count - 1; i >= 0; i--) {
    for (let j = deletes.count - 1; j >= 0; j--) {
      if (!rowsEqual(rows, inserts.at(i), deletes.at(j))) continue;
      removeAt(inserts, i);
      removeAt(deletes, j);
      break;
    }
  }
}

function hashRow(rows: RowStore, row: number): number {
  const start = rows.start(row);
  return hashBytes(rows.page(row), start, start + rows.size(row));
}

function cancelByHash(rows: RowStore, inserts: RowIds, deletes: RowIds): void {
  const insertsByHash = new Map<number, number[]>();
  for (let i = 0; i < inserts.count; i++) {
    const hash = hashRow(rows, inserts.at(i));
    const bucket = insertsByHash.get(hash);
    if (bucket === undefined) insertsByHash.set(hash, [inserts.at(i)]);
    else bucket.push(inserts.at(i));
  }
  const cancelled = new Set<number>();
  let kept = 0;
  for (let j = 0; j < deletes.count; j++) {
    const deleted = deletes.at(j);
    const bucket = insertsByHash.get(hashRow(rows, deleted));
    const match = bucket?.findIndex((row) => rowsEqual(rows, row, deleted)) ?? -1;
    if (match >= 0) cancelled.add((bucket as number[]).splice(match, 1)[0] as number);
    else deletes.ids[kept++] = deleted;
  }
  deletes.count = kept;
  if (cancelled.size === 0) return;
  let keptInserts = 0;
  for (let i = 0; i < inserts.count; i++) {
    const row = inserts.at(i);
    if (!cancelled.has(row)) inserts.ids[keptInserts++] = row;
  }
  inserts.count = keptInserts;
}
