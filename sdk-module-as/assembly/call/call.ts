// What surrounds each call of the host into the module: arguments, result, and what is tidied up when
// no code of the module runs any more.
import { Reader } from "../bytes/reader";
import { Writer } from "../bytes/writer";
import { beginRows, endRows, found, RowSource } from "../table/rows";
import { scratch } from "../table/scratch";
import { ReducerResult } from "../types/result";
import { readSource, writeSink } from "./source";
import { collectWhereDue } from "./collect";

/** A commit of a procedure can run views of the same instance: calls nest. */
let depth: i32 = 0;

export function beginCall(): RowSource | null {
  depth++;
  return beginRows();
}

export function endCall(outer: RowSource | null): void {
  endRows(outer);
  // The collector looks for references in globals alone: no frame of the module may be on the stack.
  if (--depth == 0) {
    boundBuffers();
    collectWhereDue();
  }
}

/** Buffers that one large row or text made larger than this are not kept. */
const KEPT_BUFFER_MAX: i32 = 256 * 1024;

function boundBuffers(): void {
  scratch.bound(KEPT_BUFFER_MAX);
  found.bound(KEPT_BUFFER_MAX);
  argumentBytes.bound(KEPT_BUFFER_MAX);
  resultBytes.bound(KEPT_BUFFER_MAX);
}

const argumentBytes: Writer = new Writer(1024);
const argumentReader: Reader = new Reader();

/** The arguments of a call. They are read before the module's function runs. */
export function readArguments(source: u32): Reader {
  argumentBytes.clear();
  readSource(source, argumentBytes);
  argumentReader.reset(argumentBytes.pointer, argumentBytes.length);
  return argumentReader;
}

const resultBytes: Writer = new Writer(1024);

/** Where the result of a call is put together. */
export function beginResult(): Writer {
  resultBytes.clear();
  return resultBytes;
}

export function sendResult(sink: u32): void {
  writeSink(sink, resultBytes.pointer, resultBytes.length);
}

/** The code of a reducer's end: 0 commits; 1 rolls back and gives the text to the caller. */
export function reducerCode(result: ReducerResult, sink: u32): i32 {
  if (result.isOk) return 0;
  beginResult().text(result.error);
  sendResult(sink);
  return 1;
}

/** The code of a view's end that sent a header and rows. */
export const VIEW_DONE: i32 = 2;

/** The header in front of rows, and in front of a query (abi.md 7.4). */
export const ROWS_HEADER: u8 = 0;
export const QUERY_HEADER: u8 = 1;
