// Answers that hold rows: at once if they are few, else in parts (design decision 3).
import { type LightconeError, Writer } from "@lightcone/abi";
import { isLongQuery } from "../sql/run.ts";
import type { CompiledText, TableQuery } from "../sql/table-query.ts";
import type { SessionContext } from "./context.ts";
import type { Address } from "./outbox.ts";
import { filledWith, type RowsAnswer, RowsRead } from "./rows-read.ts";
import type { TableForm } from "./table-form.ts";

/** What follows the head of an answer. */
export interface AnswerRows {
  /** A table each. */
  readonly groups: readonly CompiledText[];
  readonly form: TableForm;
  /** Writes what stands behind the last table. */
  readonly writeTail?: (writer: Writer) => void;
  /** Writes a whole answer instead: then joins are read in parts, and one that tries too much is told so. */
  readonly writeRefusal?: (error: LightconeError) => void;
}

/** Those queries that have a table with rows, each by itself. */
export function filledGroups(queries: readonly TableQuery[]): CompiledText[] {
  return queries.filter(({ table }) => table.rowCount > 0).map((query): CompiledText => [query]);
}

/** One client's answers. */
export class Answers {
  readonly #context: SessionContext;
  readonly #address: Address;
  readonly #reads = new Set<RowsRead>();

  constructor(context: SessionContext, address: Address) {
    this.#context = context;
    this.#address = address;
  }

  /** The writer, for a new message. */
  begin(): Writer {
    this.#context.writer.clear();
    return this.#context.writer;
  }

  /** Sends what was written. */
  send(): void {
    const { outbox, writer } = this.#context;
    outbox.send(this.#address, writer.memory, writer.length);
  }

  /**
   * Sends what was begun, followed by a list of rows for each group: those of now, however long it takes. Throws LC_LIMIT, with nothing
   * sent, for a join that would take too long and has no `writeRefusal`.
   */
  sendRows({ groups, form, writeTail, writeRefusal }: AnswerRows): void {
    const { writer } = this.#context;
    const queries = groups.flat();
    const isLong = queries.some(isLongQuery);
    const mayTryMuch = writeRefusal !== undefined && queries.some(({ kind }) => kind === "join");
    if (!isLong && !mayTryMuch) {
      for (const [position, group] of groups.entries()) {
        form.rows.write(group, writer, (rowCount) => {
          form.writeHead(writer, group[0].table, rowCount, position);
        });
        form.writeTail(writer);
      }
      writeTail?.(writer);
      this.send();
      return;
    }
    const head = writer.finish();
    const end = new Writer(16);
    writeTail?.(end);
    const answer = { head, groups, form, tail: end.finish() };
    this.#read(answer, isLong, writeRefusal);
  }

  #read(answer: RowsAnswer, isLong: boolean, writeRefusal: AnswerRows["writeRefusal"]): void {
    const { outbox, longReads } = this.#context;
    const address = this.#address;
    const done = (): void => {
      this.#reads.delete(read);
      outbox.open(address);
    };
    const refused = (error: LightconeError): void => {
      this.begin();
      writeRefusal?.(error);
      const text = filledWith(this.#context.writer.finish());
      outbox.sendPart(address, { ...text, isFirst: true, isLast: true });
      done();
    };
    const read = new RowsRead(answer, {
      hasRoom: () =>
        outbox.hasRoom(address, () => {
          longReads.add(read);
        }),
      send: (part) => {
        outbox.sendPart(address, part);
      },
      done,
      ...(writeRefusal !== undefined && { refused }),
    });
    this.#reads.add(read);
    outbox.hold(address, () => {
      if (isLong || !read.isFound) longReads.add(read);
      else while (read.step());
    });
  }

  /** The client is gone: nothing is read for it any more. */
  end(): void {
    for (const read of this.#reads) {
      this.#context.longReads.remove(read);
      read.cancel();
    }
    this.#reads.clear();
    this.#context.outbox.abandon(this.#address);
  }
}
