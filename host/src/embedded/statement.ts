// The answer to an SQL statement as plain values. The database makes it for HTTP, as JSON; here the JSON becomes objects.
import {
  compileCodec,
  compileJsonReader,
  parseJson,
  productTypeFromRaw,
  productTypeType,
  type ProductValue,
  Reader,
  type RawProductType,
  type JsonValue,
  typeTypes,
  Writer,
} from "@lightcone/abi";
import { beginStatement } from "../database/statement.ts";
import type { Client } from "../database/client.ts";
import type { Database } from "../database/database.ts";
import { RowsJson } from "../sql/run/rows-json.ts";
import { clientProduct } from "./names.ts";

const readTypeJson = compileJsonReader(productTypeType, typeTypes);
const typeCodec = compileCodec<RawProductType>(productTypeType, typeTypes);
const utf8 = new TextDecoder();

/** Runs a statement at one go; one that changes rows has none to return. Throws LC_SQL_*, LC_VIEW, LC_LIMIT. */
export function runStatement(database: Database, client: Client, text: string): ProductValue[] {
  const begun = beginStatement(
    database,
    client,
    text,
    { isStrict: false },
    (columns) => new RowsJson(columns),
  );
  if (begun.kind === "changed") return [];
  const { cursor, output } = begun;
  try {
    while (!cursor.isDone) cursor.advance(Number.POSITIVE_INFINITY);
    const rows = parseJson(utf8.decode(Buffer.concat(output.finish())));
    return decodeRows(output.schemaJson(), rows as readonly JsonValue[]);
  } finally {
    cursor.close();
  }
}

function decodeRows(schemaJson: string, rows: readonly JsonValue[]): ProductValue[] {
  const writer = new Writer(256);
  readTypeJson(parseJson(schemaJson), writer);
  const type = productTypeFromRaw(typeCodec.read(new Reader(writer.written())));
  const readRow = compileJsonReader(type, []);
  const codec = compileCodec<ProductValue>(clientProduct(type));
  return rows.map((row) => {
    writer.clear();
    readRow(row, writer);
    return codec.read(new Reader(writer.written()));
  });
}
