// Rows as JSON texts, straight from their bytes (protocol.md section 6.3): objects by column name in answers, arrays in updates.
import {
  compileJsonWriter,
  type JsonWriter,
  Reader,
  readRowList,
  rowCount,
  rowStart,
  v1JsonRow,
  Writer,
  writeText,
} from "@lightcone/abi";
import type { RowReader } from "../../datastore/rows/store.ts";
import type { TableSchema } from "../../datastore/schema.ts";
import type { Table } from "../../datastore/table.ts";
import { runTableQuery } from "../../sql/run.ts";
import type { TableQuery } from "../../sql/table-query.ts";
import type { RowCollector, RowsForm } from "../table-form.ts";

/** Texts are kept in pieces of about so many bytes. */
const pieceBytes = 256 * 1024;

type RowStyle = "mixed" | "positional";

/** Writers of whole rows, made once for each schema. */
class RowWriters {
  readonly #style: RowStyle;
  readonly #bySchema = new WeakMap<TableSchema, JsonWriter>();

  constructor(style: RowStyle) {
    this.#style = style;
  }

  /** Rows begin behind `hiddenBytes`, which are one column. */
  of({ schema }: Table, hiddenBytes: number): JsonWriter {
    let write = this.#bySchema.get(schema);
    if (write === undefined) {
      const columns = hiddenBytes > 0 ? schema.columns.slice(1) : schema.columns;
      const elements = columns.map(({ name, type }) => ({ name, type }));
      write = compileJsonWriter({ kind: "product", elements }, [], this.#style);
      this.#bySchema.set(schema, write);
    }
    return write;
  }
}

class JsonRowCollector implements RowCollector {
  readonly #write: JsonWriter;
  readonly #reader = new Reader(new Uint8Array(0));
  readonly #full: Uint8Array[] = [];
  readonly #piece = new Writer(1024);
  count = 0;

  constructor(write: JsonWriter) {
    this.#write = write;
  }

  add(rows: RowReader, row: number, hiddenBytes: number): void {
    const start = rows.start(row);
    this.#reader.reset(rows.page(row), start + hiddenBytes, start + rows.size(row));
    if (this.count > 0) this.#piece.u8(comma);
    this.count++;
    writeText(this.#piece, v1JsonRow(this.#write(this.#reader)));
    if (this.#piece.length < pieceBytes) return;
    this.#full.push(this.#piece.finish());
    this.#piece.clear();
  }

  finish(): readonly Uint8Array[] {
    return [...this.#full, this.#piece.finish()];
  }
}

const comma = 0x2c;

/** Lists of rows in answers. */
export function jsonRows(): RowsForm {
  const writers = new RowWriters("mixed");
  const collect = ([{ table, rowOffset }]: readonly [TableQuery, ...TableQuery[]]): RowCollector =>
    new JsonRowCollector(writers.of(table, rowOffset));
  return {
    isBsatn: false,
    collect,
    write: (queries, writer, onCount) => {
      const list = collect(queries);
      for (const query of queries) {
        const { table, rowOffset } = query;
        runTableQuery(query, (row) => {
          list.add(table.rows, row, rowOffset);
        });
      }
      onCount(list.count);
      for (const piece of list.finish()) writer.raw(piece);
    },
  };
}

/** Lists of rows in updates. */
export class JsonUpdateRows {
  readonly #writers = new RowWriters("positional");
  readonly #reader = new Reader(new Uint8Array(0));

  /** Writes the rows of an encoded list, `encoded[start, end)`, with commas between them. */
  write(writer: Writer, { table, rowOffset }: TableQuery, list: Uint8Array): void {
    const rows = readRowList(new Reader(list));
    const write = this.#writers.of(table, rowOffset);
    const reader = this.#reader;
    for (let i = 0; i < rowCount(rows); i++) {
      if (i > 0) writer.u8(comma);
      reader.reset(rows.data, rowStart(rows, i), rowStart(rows, i + 1));
      writeText(writer, v1JsonRow(write(reader)));
    }
  }
}
