// Rows as they are stored: their bytes, under a key of the table's name and of what tells a row from others.
import {
  type Codec,
  compileCodec,
  type ProductType,
  type ProductValue,
  Reader,
  readRowList,
  resolve,
  RowListWriter,
  type TableRows,
  type Typespace,
  Writer,
} from "@lightcone/abi";
import type { PersistedTable } from "../persistence.ts";

const noBytes = new Uint8Array(0);

/** A row to store, or to remove where it has no bytes. */
export interface Edit {
  readonly table: string;
  readonly key: Uint8Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
}

export class RowCodec {
  readonly #table: string;
  readonly #row: Codec<ProductValue>;
  /** Undefined where a row is known by all of its bytes. */
  readonly #key: Codec<ProductValue> | undefined;
  readonly #writer = new Writer(256);

  constructor({ schema }: PersistedTable, types: Typespace) {
    this.#table = schema.name;
    this.#row = compileCodec<ProductValue>(schema.row, types);
    const rowType = resolve(schema.row, types) as ProductType;
    const elements = rowType.elements.filter(({ name }) => name === schema.primaryKey);
    this.#key =
      elements.length === 0
        ? undefined
        : compileCodec<ProductValue>({ ...rowType, elements }, types);
  }

  put(row: ProductValue): Edit {
    const bytes = this.#encode(this.#row, row);
    return this.#key === undefined
      ? { table: this.#table, key: bytes, bytes: noBytes }
      : { table: this.#table, key: this.#encode(this.#key, row), bytes };
  }

  remove(row: ProductValue): Edit {
    const key = this.#encode(this.#key ?? this.#row, row);
    return { table: this.#table, key, bytes: undefined };
  }

  #encode(codec: Codec<ProductValue>, row: ProductValue): Uint8Array<ArrayBuffer> {
    this.#writer.clear();
    codec.write(this.#writer, row);
    return this.#writer.memory.slice(0, this.#writer.length);
  }
}

/** A table's rows as a message of the server would bring them. */
export function tableRows(table: string, rows: readonly Uint8Array[]): TableRows {
  const list = new RowListWriter();
  for (const row of rows) list.append(row, 0, row.length);
  const writer = new Writer();
  list.writeTo(writer);
  return { table, rows: readRowList(new Reader(writer.finish())) };
}
