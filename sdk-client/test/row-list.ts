// Row lists from rows, as a server would encode them.
import {
  type Codec,
  type ProductValue,
  Reader,
  readRowList,
  type RowListView,
  RowListWriter,
  Writer,
} from "@lightcone/abi";

export function rowList(codec: Codec<ProductValue>, rows: readonly ProductValue[]): RowListView {
  const list = new RowListWriter();
  const row = new Writer();
  for (const each of rows) {
    row.clear();
    codec.write(row, each);
    list.append(row.memory, 0, row.length);
  }
  const writer = new Writer();
  list.writeTo(writer);
  return readRowList(new Reader(writer.finish()));
}

/** A list of one row of any bytes. */
export function rowListOfBytes(bytes: readonly number[]): RowListView {
  return { sizeHint: { kind: "fixedSize", size: bytes.length }, data: Uint8Array.from(bytes) };
}
