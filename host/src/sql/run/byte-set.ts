// Distinct rows, told by their bytes.
import { bytesEqual, hashBytes } from "../../datastore/key.ts";
import { ByteRows } from "./byte-rows.ts";
import { HashChains, noEntry } from "./hash-chains.ts";

export class ByteSet {
  readonly rows: ByteRows = new ByteRows();
  readonly #chains = new HashChains();

  /** The number of the equal row, which is the count that there was if the row is new. Throws LC_LIMIT. */
  add(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashBytes(bytes, start, end);
    const { rows } = this;
    const chains = this.#chains;
    for (let row = chains.first(hash); row !== noEntry; row = chains.next(row)) {
      if (chains.hashOf(row) !== (hash | 0)) continue;
      if (bytesEqual(bytes, start, end, rows.page(row), rows.start(row), rows.end(row))) return row;
    }
    chains.add(hash);
    return rows.push(bytes, start, end);
  }
}
