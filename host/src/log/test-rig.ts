// For tests of the log: transactions as a line of text, in and out.
//
//   call(args) +7:abc +7:de -8:f !9     inputs; rows inserted, rows deleted, a table emptied
//
// A row of these tables is a length byte and that many bytes of text.
import { present, type Writer } from "@lightcone/abi";
import type { Disk } from "../base/disk/contract.ts";
import type { Log, LoggedTable, LogListener, RecordInputs, ReplayVisitor } from "./contract.ts";
import { decodeInputs } from "./record.ts";
import { recoverLog } from "./recover.ts";
import { openLog } from "./writer.ts";

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** The caller, connection and time of every call in these tests. */
export const callerByte = 0xca;
export const connectionByte = 0xc0;
export const timestampMicros = 1_700_000_000_000_000n;

/** A table's changes, given as the texts of its rows. */
export class TextTable implements LoggedTable {
  readonly tableId: number;
  readonly inserts: string[] = [];
  readonly deletes: string[] = [];
  isTruncated = false;

  constructor(tableId: number) {
    this.tableId = tableId;
  }

  get insertCount(): number {
    return this.inserts.length;
  }

  get deleteCount(): number {
    return this.deletes.length;
  }

  writeInserts(writer: Writer): void {
    for (const row of this.inserts) writeRow(writer, row);
  }

  writeDeletes(writer: Writer): void {
    for (const row of this.deletes) writeRow(writer, row);
  }
}

function writeRow(writer: Writer, row: string): void {
  const bytes = utf8.encode(row);
  writer.u8(bytes.length);
  writer.raw(bytes);
}

/** Inputs of a call of these tests. */
export function textInputs(name: string, args: string): RecordInputs {
  const argBytes = utf8.encode(`[${args}]`);
  return {
    name: utf8.encode(name),
    caller: new Uint8Array(32).fill(callerByte),
    connection: new Uint8Array(16).fill(connectionByte),
    timestampMicros,
    argBytes,
    argStart: 1,
    argEnd: argBytes.length - 1,
  };
}

/** The parts of a transaction written as text. */
export function parseTransaction(line: string): {
  inputs: RecordInputs | undefined;
  tables: readonly TextTable[];
} {
  let inputs: RecordInputs | undefined;
  const tables = new Map<number, TextTable>();
  const tableOf = (id: string): TextTable => {
    const tableId = Number(id);
    const table = tables.get(tableId) ?? new TextTable(tableId);
    tables.set(tableId, table);
    return table;
  };
  for (const word of line.split(" ")) {
    if (word === "") continue;
    const call = /^(\w+)\((.*)\)$/.exec(word);
    const change = /^([-+!])(\d+)(?::(.*))?$/.exec(word);
    if (call !== null) {
      inputs = textInputs(present(call[1], "a name"), call[2] ?? "");
      continue;
    }
    const [, sign, id, row] = present(change ?? undefined, `a change in ${word}`);
    const table = tableOf(present(id, "a table id"));
    if (sign === "+") table.inserts.push(row ?? "");
    if (sign === "-") table.deletes.push(row ?? "");
    if (sign === "!") {
      table.isTruncated = true;
      table.deletes.push("one of its rows");
    }
  }
  return { inputs, tables: [...tables.values()].sort((a, b) => a.tableId - b.tableId) };
}

/** Writes down each transaction that a log is replayed into, in the same form. */
export class Recorder implements ReplayVisitor {
  readonly lines: string[] = [];
  readonly offsets: number[] = [];
  #words: string[] = [];

  onTransaction(offset: number): void {
    this.#words = [];
    this.offsets.push(offset);
  }

  onInputs(bytes: Uint8Array, start: number, end: number): void {
    const inputs = decodeInputs(bytes, start, end);
    const args = inputs.argBytes.subarray(inputs.argStart, inputs.argEnd);
    this.#words.push(`${text.decode(inputs.name)}(${text.decode(args)})`);
  }

  rowEnd(_tableId: number, bytes: Uint8Array, start: number, end: number): number {
    return start < end ? start + 1 + (bytes[start] as number) : -1;
  }

  onInsert(tableId: number, bytes: Uint8Array, start: number, end: number): void {
    this.#words.push(`+${tableId}:${text.decode(bytes.subarray(start + 1, end))}`);
  }

  onDelete(tableId: number, bytes: Uint8Array, start: number, end: number): void {
    this.#words.push(`-${tableId}:${text.decode(bytes.subarray(start + 1, end))}`);
  }

  onTruncate(tableId: number): void {
    this.#words.push(`!${tableId}`);
  }

  onTransactionEnd(_offset: number): void {
    this.lines.push(this.#words.join(" "));
  }
}

/** Appends a transaction written as text. */
export function appendLine(log: Log, line: string): number {
  const { inputs, tables } = parseTransaction(line);
  return log.append(inputs, tables);
}

/** Where the logs of these tests lie. */
export const directory = "clog";

/** A listener that keeps what it is told. */
export class Listener implements LogListener {
  readonly durable: number[] = [];
  readonly failures: Error[] = [];

  onDurable(offset: number): void {
    this.durable.push(offset);
  }

  onFailure(error: Error): void {
    this.failures.push(error);
  }
}

/** What a log that was opened brought. */
export interface Reopened {
  readonly log: Log;
  readonly listener: Listener;
  readonly lines: readonly string[];
}

/** Recovers the log on `disk` and goes on with it. */
export async function reopen(disk: Disk, segmentBytesMax: number = 2 ** 30): Promise<Reopened> {
  const recorder = new Recorder();
  const recovered = await recoverLog(disk, directory, recorder);
  const listener = new Listener();
  const schedule = queueMicrotask;
  const options = { disk, directory, listener, schedule, segmentBytesMax };
  return { log: await openLog(recovered, options), listener, lines: recorder.lines };
}

/** Writes lines as one log, each line durable before the next, and closes it. */
export async function writeLines(
  disk: Disk,
  lines: readonly string[],
  segmentBytesMax?: number,
): Promise<void> {
  const { log } = await reopen(disk, segmentBytesMax);
  for (const line of lines) {
    appendLine(log, line);
    await log.flush();
  }
  await log.close();
}
