// How answers show the rows of queries: what differs among the dialects, apart from the rows themselves.
import type { Writer } from "@lightcone/abi";
import type { RowReader } from "../datastore/rows/store.ts";
import type { Table } from "../datastore/table.ts";
import type { CompiledText } from "../sql/table-query.ts";
import type { Evaluator } from "../subscription/evaluate.ts";
import { RowPieces } from "./row-pieces.ts";

/** Takes rows as they are found. */
export interface RowCollector {
  readonly count: number;
  /** Adds a row without its first `hiddenBytes`. */
  add(rows: RowReader, row: number, hiddenBytes: number): void;
  /** The list of them, in pieces; nothing can be added afterwards. */
  finish(): readonly Uint8Array[];
}

/** What a list of rows is made of. */
export interface RowsForm {
  /** The list is one of BSATN (protocol.md section 3.2): rows go into it as they lie in their pages. */
  readonly isBsatn: boolean;
  /** Writes the list of all rows that match now, after it has told how many they are. Throws as `runTableQuery`. */
  write(queries: CompiledText, writer: Writer, onCount: (rowCount: number) => void): void;
  /** For rows that are found in parts. */
  collect(queries: CompiledText): RowCollector;
}

/** One table of an answer: something before its list of rows, something behind it. */
export interface TableForm {
  readonly rows: RowsForm;
  /** `position` counts the tables of the answer. */
  writeHead(writer: Writer, table: Table, rowCount: number, position: number): void;
  writeTail(writer: Writer): void;
}

/** Row lists of BSATN. */
export function bsatnRows(evaluator: Evaluator): RowsForm {
  return {
    isBsatn: true,
    write: (queries, writer, onCount) => {
      evaluator.writeRows(queries, writer, onCount);
    },
    collect: ([{ table, rowOffset }]) => {
      const { rowSize } = table.layout;
      return new RowPieces(rowSize < 0 ? rowSize : rowSize - rowOffset);
    },
  };
}
