// The transactions of a log in words: calls and rows as SATS-JSON, by the schema and the program
// that stood at that point of the log.
import {
  type AlgebraicType,
  compileJsonWriter,
  ConnectionId,
  Identity,
  type JsonWriter,
  LightconeError,
  messageOf,
  type ModuleDef,
  product,
  Reader,
  toHex,
  type Typespace,
} from "@lightcone/abi";
import type { Disk } from "../../base/disk/contract.ts";
import type { Table } from "../../datastore/table.ts";
import type { RecordInputs } from "../contract.ts";
import { decodeInputs } from "../record.ts";
import { checkLog, type LogReport } from "./check.ts";
import { SchemaReplay } from "./schema-replay.ts";

/** The definition that a program writes. Throws LC_MODULE_*. */
export type DescribeModule = (program: Uint8Array) => ModuleDef;

/** Text of a value: JSON, or its bytes with the reason why they were not understood. */
export type DumpedValue =
  { readonly json: string } | { readonly hex: string; readonly reason: string };

export interface DumpedCall {
  readonly reducer: string;
  /** In hex. */
  readonly caller: string;
  /** In hex; undefined for none. */
  readonly connection: string | undefined;
  readonly timestampMicros: bigint;
  /** An object by the names of the parameters. */
  readonly args: DumpedValue;
}

/** What one transaction did to one table. */
export interface DumpedChange {
  readonly kind: "insert" | "delete" | "truncate";
  readonly table: string;
  /** One object for each row; none for a truncate. */
  readonly rows: DumpedValue[];
}

export interface DumpedTransaction {
  readonly offset: number;
  /** Undefined for publishing and SQL. */
  call: DumpedCall | undefined;
  readonly changes: DumpedChange[];
}

export interface DumpOptions {
  readonly disk: Disk;
  readonly directory: string;
  readonly describeModule: DescribeModule;
  /** First and last offset to be shown. */
  readonly from?: number;
  readonly to?: number;
  /** Only transactions that changed this table, and of those only its rows. */
  readonly table?: string;
  /** Awaited, so that a slow reader slows the reading. */
  readonly onTransaction: (transaction: DumpedTransaction) => Promise<void> | void;
}

/**
 * Shows the transactions of the log in a directory, and returns what was found on the way. All
 * before `from` is read as well, since it says what rows mean. Throws LC_DISK.
 */
export async function dumpLog(options: DumpOptions): Promise<LogReport> {
  const { disk, directory, onTransaction, to = Infinity } = options;
  const dumper = new Dumper(options);
  return checkLog({
    disk,
    directory,
    visitor: dumper,
    afterCommit: async () => {
      for (const transaction of dumper.take()) await onTransaction(transaction);
      return dumper.lastOffset < to;
    },
  });
}

class Dumper extends SchemaReplay {
  readonly #from: number;
  readonly #to: number;
  readonly #tableName: string | undefined;
  readonly #arguments: ArgumentsText;
  readonly #rowWriters = new Map<number, readonly [table: Table, write: JsonWriter]>();
  readonly #reader = new Reader(new Uint8Array(0));
  #done: DumpedTransaction[] = [];
  #current: DumpedTransaction | undefined;
  lastOffset = -1;

  constructor({ describeModule, from = 0, to = Infinity, table }: DumpOptions) {
    super();
    this.#from = from;
    this.#to = to;
    this.#tableName = table;
    this.#arguments = new ArgumentsText(this, describeModule);
  }

  /** The transactions of the last commit that are to be shown. */
  take(): readonly DumpedTransaction[] {
    const done = this.#done;
    this.#done = [];
    return done;
  }

  override onTransaction(offset: number): void {
    super.onTransaction(offset);
    const isWanted = offset >= this.#from && offset <= this.#to;
    this.#current = isWanted ? { offset, call: undefined, changes: [] } : undefined;
  }

  override onInputs(bytes: Uint8Array, start: number, end: number): void {
    if (this.#current === undefined) return;
    this.#current.call = this.#call(decodeInputs(bytes, start, end));
  }

  #call(inputs: RecordInputs): DumpedCall {
    const reducer = new TextDecoder().decode(inputs.name);
    const connection = ConnectionId.fromBytes(inputs.connection);
    return {
      reducer,
      caller: Identity.fromBytes(inputs.caller).toHex(),
      connection: connection.value === 0n ? undefined : connection.toHex(),
      timestampMicros: inputs.timestampMicros,
      args: this.#arguments.text(reducer, inputs.argBytes.subarray(inputs.argStart, inputs.argEnd)),
    };
  }

  override onInsert(tableId: number, bytes: Uint8Array, start: number, end: number): void {
    this.#show("insert", tableId, bytes, start, end);
    super.onInsert(tableId, bytes, start, end);
  }

  override onDelete(tableId: number, bytes: Uint8Array, start: number, end: number): void {
    this.#show("delete", tableId, bytes, start, end);
    super.onDelete(tableId, bytes, start, end);
  }

  override onTruncate(tableId: number): void {
    this.#change("truncate", tableId);
    super.onTruncate(tableId);
  }

  override onTransactionEnd(offset: number): void {
    super.onTransactionEnd(offset);
    this.lastOffset = offset;
    const current = this.#current;
    if (current === undefined) return;
    if (this.#tableName !== undefined && current.changes.length === 0) return;
    this.#done.push(current);
  }

  /** The entry of the transaction for such a change, or undefined if it is not to be shown. */
  #change(kind: DumpedChange["kind"], tableId: number): DumpedChange | undefined {
    if (this.#current === undefined) return undefined;
    const table = this.table(tableId)?.schema.name ?? `table ${tableId}`;
    if (this.#tableName !== undefined && this.#tableName !== table) return undefined;
    const { changes } = this.#current;
    const last = changes.at(-1);
    if (last?.kind === kind && last.table === table) return last;
    const change: DumpedChange = { kind, table, rows: [] };
    changes.push(change);
    return change;
  }

  #show(
    kind: DumpedChange["kind"],
    tableId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const change = this.#change(kind, tableId);
    if (change === undefined) return;
    this.#reader.reset(bytes, start, end);
    const write = this.#rowWriter(tableId);
    change.rows.push(valueText(write, this.#reader, bytes, start, end));
  }

  #rowWriter(tableId: number): JsonWriter | undefined {
    const table = this.table(tableId);
    if (table === undefined) return undefined;
    const known = this.#rowWriters.get(tableId);
    if (known?.[0] === table) return known[1];
    const columns = table.schema.columns.map(({ name, type }) => [name, type] as const);
    const write = typedWriter(product(Object.fromEntries(columns)), []);
    this.#rowWriters.set(tableId, [table, write]);
    return write;
  }
}

/** Arguments of calls, by the program that was published when they were made. */
class ArgumentsText {
  readonly #schema: SchemaReplay;
  readonly #describeModule: DescribeModule;
  #version = -1;
  #writers = new Map<string, JsonWriter>();
  /** Why there are no writers, if so. */
  #reason = "";
  readonly #reader = new Reader(new Uint8Array(0));

  constructor(schema: SchemaReplay, describeModule: DescribeModule) {
    this.#schema = schema;
    this.#describeModule = describeModule;
  }

  text(reducer: string, bytes: Uint8Array): DumpedValue {
    // Also for the names under which connections are logged where a module has no such reducers.
    if (bytes.length === 0) return { json: "{}" };
    if (this.#version !== this.#schema.programVersion) this.#load();
    const write = this.#writers.get(reducer);
    if (write === undefined) {
      return { hex: toHex(bytes), reason: this.#reason || `the module has no reducer ${reducer}` };
    }
    this.#reader.reset(bytes, 0, bytes.length);
    return valueText(write, this.#reader, bytes, 0, bytes.length);
  }

  #load(): void {
    this.#version = this.#schema.programVersion;
    this.#writers = new Map();
    this.#reason = "";
    const program = this.#schema.program();
    if (program === undefined) {
      this.#reason = "no module is published at this point of the log";
      return;
    }
    try {
      const { reducers, typespace } = this.#describeModule(program);
      for (const { name, params } of reducers) {
        this.#writers.set(name, typedWriter(params, typespace));
      }
    } catch (thrown) {
      if (!(thrown instanceof LightconeError)) throw thrown;
      this.#reason = `the module's definition cannot be read: ${messageOf(thrown)}`;
    }
  }
}

function typedWriter(type: AlgebraicType, types: Typespace): JsonWriter {
  return compileJsonWriter(type, types, "typed");
}

/** The value that `reader` stands before, which is `bytes[start, end)` as a whole. */
function valueText(
  write: JsonWriter | undefined,
  reader: Reader,
  bytes: Uint8Array,
  start: number,
  end: number,
): DumpedValue {
  let reason = "its type is unknown";
  try {
    if (write !== undefined) {
      const json = write(reader);
      if (reader.remaining === 0) return { json };
      reason = "bytes follow the value";
    }
  } catch (thrown) {
    if (!(thrown instanceof LightconeError)) throw thrown;
    reason = thrown.message;
  }
  return { hex: toHex(bytes.subarray(start, end)), reason };
}
