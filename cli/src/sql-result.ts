// The answer to a query: columns with their types, rows, and what a statement changed
// (http-and-auth.md 6.2).
import {
  type AlgebraicType,
  compileCodec,
  compileJsonReader,
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  LightconeError,
  parseJson,
  productTypeFromRaw,
  productTypeType,
  Reader,
  type RawProductType,
  typeTypes,
  Writer,
} from "@lightcone/abi";

interface SqlColumn {
  readonly name: string;
  readonly type: AlgebraicType;
}

export interface SqlResult {
  /** Empty for statements that change rows. */
  readonly columns: readonly SqlColumn[];
  readonly rows: readonly (readonly JsonValue[])[];
  readonly insertedCount: number;
  readonly deletedCount: number;
  readonly updatedCount: number;
  readonly durationMicros: number;
}

const readTypeJson = compileJsonReader(productTypeType, typeTypes);
const typeCodec = compileCodec<RawProductType>(productTypeType, typeTypes);

/** The results of the statements in the answer's body. Throws LC_JSON_DECODE. */
export function parseSqlResults(text: string): SqlResult[] {
  const json = parseJson(text);
  if (!isJsonArray(json)) throw malformed("it is no array");
  return json.map((entry) => {
    if (!isJsonObject(entry)) throw malformed("a result is no object");
    const stats = entry["stats"];
    return {
      columns: columnsOf(entry["schema"] ?? null),
      rows: rowsOf(entry["rows"] ?? null),
      insertedCount: countOf(stats, "rows_inserted"),
      deletedCount: countOf(stats, "rows_deleted"),
      updatedCount: countOf(stats, "rows_updated"),
      durationMicros: countOf(entry, "total_duration_micros"),
    };
  });
}

function columnsOf(schema: JsonValue): SqlColumn[] {
  const writer = new Writer(256);
  readTypeJson(schema, writer);
  const { elements } = productTypeFromRaw(typeCodec.read(new Reader(writer.written())));
  return elements.map(({ name, type }, i) => ({ name: name ?? `column ${i + 1}`, type }));
}

function rowsOf(rows: JsonValue): (readonly JsonValue[])[] {
  if (!isJsonArray(rows)) throw malformed("its rows are no array");
  return rows.map((row) => {
    if (!isJsonArray(row)) throw malformed("a row is no array");
    return row;
  });
}

/** A count that an older server may leave out. */
function countOf(json: JsonObject | JsonValue | undefined, key: string): number {
  const value = json !== undefined && isJsonObject(json) ? json[key] : undefined;
  return typeof value === "number" ? value : 0;
}

function malformed(reason: string): LightconeError {
  return new LightconeError("LC_JSON_DECODE", `the answer to the query cannot be read: ${reason}`);
}
