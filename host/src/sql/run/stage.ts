// What the rows of a SELECT go through once they are found (docs/sql.md): each stage takes rows as BSATN and hands them, or what
// it makes of them, to the next.

export interface RowStage {
  /** Takes the row at `start`; false once no more are wanted. Its bytes are good for this call only. */
  push(bytes: Uint8Array, start: number, end: number): boolean;
  /** After the last row: hands on up to `count` rows of those kept; true once nothing is left. */
  drain(count: number): boolean;
}
