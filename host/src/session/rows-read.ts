// The rows of queries for one client, read in parts from tables as they were when it asked, and sent as one message in parts, no
// faster than the client takes them.
import { LightconeError } from "@lightcone/abi";
import type { CompiledText } from "../sql/table-query.ts";
import { GatheredRows } from "./gathered-rows.ts";
import type { LongRead } from "./long-reads.ts";
import type { RowsSource, SourcePart } from "./rows-source.ts";
import type { MessagePart } from "./slab.ts";
import type { TableForm } from "./table-form.ts";
import { TableStream } from "./table-stream.ts";

/** What is read, and what stands around it. */
export interface RowsAnswer {
  readonly head: Uint8Array;
  /** A table each. */
  readonly groups: readonly CompiledText[];
  readonly form: TableForm;
  readonly tail: Uint8Array;
}

/** What becomes of a read. */
export interface RowsReadEnd {
  /** False while the client has enough to read: then the read stops, and whoever was asked adds it again. */
  readonly hasRoom: () => boolean;
  readonly send: (part: MessagePart) => void;
  /** All is sent. */
  readonly done: () => void;
  /** If it is given, joins are read in parts too, and this is told of one that tries too much; nothing is sent then. */
  readonly refused?: (error: LightconeError) => void;
}

export class RowsRead implements LongRead {
  readonly #end: RowsReadEnd;
  /** What is still to be read; the first one is under way. */
  readonly #sources: RowsSource[] = [];
  #head: Uint8Array | undefined;
  readonly #tail: Uint8Array;

  /** A message with a list for each group, of the rows as they are now. Throws as `runTableQuery`. */
  constructor({ head, groups, form, tail }: RowsAnswer, end: RowsReadEnd) {
    this.#head = head;
    this.#tail = tail;
    this.#end = end;
    try {
      const readsJoins = end.refused !== undefined;
      for (const [position, group] of groups.entries()) {
        this.#sources.push(
          TableStream.of(group, form, position) ??
            new GatheredRows(group, form, position, readsJoins),
        );
      }
    } catch (thrown) {
      this.cancel();
      throw thrown;
    }
  }

  /** Whether nothing must be found before rows can be sent. */
  get isFound(): boolean {
    return this.#sources.every(({ isFound }) => isFound);
  }

  cancel(): void {
    for (const source of this.#sources) source.close();
    this.#sources.length = 0;
  }

  step(): boolean {
    if (!this.#end.hasRoom()) return false;
    const { refused } = this.#end;
    const unfound = refused === undefined ? undefined : this.#sources.find((one) => !one.isFound);
    if (refused !== undefined && unfound !== undefined) return this.#tryFind(unfound, refused);
    if (this.#head !== undefined) {
      const bytes = this.#head;
      this.#head = undefined;
      this.#end.send({ ...filledWith(bytes), isFirst: true, isLast: false });
      return true;
    }
    const [source] = this.#sources;
    const goesOn = source?.step((part) => {
      this.#send(part);
    });
    if (goesOn !== true) this.#sources.shift();
    if (this.#sources.length > 0) return true;
    const tail = this.#tail;
    if (tail.length > 0) this.#end.send({ ...filledWith(tail), isFirst: false, isLast: true });
    this.#end.done();
    return false;
  }

  /** Before anything is sent; false if nothing will be, since the rows are refused. */
  #tryFind(source: RowsSource, refused: (error: LightconeError) => void): boolean {
    try {
      source.find();
      return true;
    } catch (thrown) {
      if (!(thrown instanceof LightconeError)) throw thrown;
      this.cancel();
      refused(thrown);
      return false;
    }
  }

  #send(part: SourcePart): void {
    const isLast = part.isEnd && this.#sources.length === 1 && this.#tail.length === 0;
    const filled = "bytes" in part ? filledWith(part.bytes) : part;
    this.#end.send({ length: filled.length, fill: filled.fill, isFirst: false, isLast });
  }
}

/** Bytes that are there already, as a part of a message. */
export function filledWith(bytes: Uint8Array): Pick<MessagePart, "length" | "fill"> {
  return {
    length: bytes.length,
    fill: (target, at) => {
      target.set(bytes, at);
    },
  };
}
