// Whether an answer holds the cells that were there before anybody else inserted more.
import { type ServerMessage, rowCount } from "@lightcone/abi";
import { firstRowBytes, firstRowCount } from "./settings.ts";

const xAt = 12;

/** Throws unless the rows with ids below `firstRowCount` are all there, each once and as the module makes them. */
export function verifyCells(answer: ServerMessage): void {
  const rows = answer.kind === "subscribeApplied" ? answer.tables[0]?.rows : undefined;
  if (rows === undefined) throw new Error(`verification failed: the answer is ${answer.kind}`);
  const { data } = rows;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const count = rowCount(rows);
  if (count * firstRowBytes !== data.length) {
    throw new Error(`verification failed: ${count} rows in ${data.length} bytes`);
  }
  const seen = new Uint8Array(firstRowCount);
  let seenCount = 0;
  for (let at = 0; at < data.length; at += firstRowBytes) {
    const id = Number(view.getBigUint64(at, true));
    const x = Number(view.getBigUint64(at + xAt, true));
    if (x !== id * 3) throw new Error(`verification failed: cell ${id} holds ${x}`);
    if (id >= firstRowCount) continue;
    if (seen[id] !== 0) throw new Error(`verification failed: cell ${id} came twice`);
    seen[id] = 1;
    seenCount++;
  }
  if (seenCount !== firstRowCount) throw new Error(`verification failed: ${seenCount} cells came`);
}
