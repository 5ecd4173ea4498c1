// The rows that the benchmarks of datastore, recovery and log store, and the table that holds them.
// What a row holds follows from its key and a version, so that whatever was stored can be checked.
import { assert } from "@lightcone/abi";
import { createTable, type Datastore, type Table } from "@lightcone/host/engine";

/** `(id u64, a u64, b u64)` or `(id u64, text String)`; the id is unique. */
export type RowShape = "numbers" | "strings";

export type IndexKind = "btree" | "hash";

const tableName = "entry";

/** Keys are below this, so that no number of a row needs more than 32 bits. */
const keyMax = 2 ** 30;

const idAt = 0;
const aAt = 8;
const bAt = 16;
export const numbersRowBytes = 24;

/** A text is 24 to 36 characters, the first eight of them digits. */
const textBytesMin = 24;
const textBytesSpread = 13;
const digitCount = 8;
const filler = " is what this row is about!!";

/** The shortest text is filled as far as it goes, the longest to its end. */
assert(digitCount + filler.length === textBytesMin + textBytesSpread - 1, "a text is all filled");

/** Texts belong to numbers, of which there are as many as rows. */
function textNumber(key: number, version: number, rowCount: number): number {
  return (key + version) % rowCount;
}

function textLength(number: number): number {
  return textBytesMin + (number % textBytesSpread);
}

/** The text of a row as a string. */
export function rowText(key: number, version: number, rowCount: number): string {
  const number = textNumber(key, version, rowCount);
  const text = String(number).padStart(digitCount, "0") + filler;
  return text.slice(0, textLength(number));
}

/** The column `a` of a row of numbers. */
export function rowNumber(key: number, version: number): number {
  return key * 3 + version;
}

/** What a reader of a row adds to its sum: the column `a`, or the length of the text. */
export function rowValue(shape: RowShape, key: number, version: number, rowCount: number): number {
  return shape === "numbers"
    ? rowNumber(key, version)
    : textLength(textNumber(key, version, rowCount));
}

/** Where `rowValue` lies in the BSATN of a row: the low word of `a`, or the text's length. */
export const rowValueAt: number = aAt;

/** Writes rows as BSATN, each over the one before. */
export class RowBuffer {
  readonly bytes: Uint8Array = new Uint8Array(64);
  readonly view: DataView = new DataView(this.bytes.buffer);
  readonly #shape: RowShape;
  readonly #rowCount: number;

  constructor(shape: RowShape, rowCount: number) {
    assert(rowCount <= keyMax, "a key is too great for its row");
    this.#shape = shape;
    this.#rowCount = rowCount;
    if (shape === "strings") this.bytes.set(Buffer.from(filler), aAt + 4 + digitCount);
  }

  /** Writes a row from position 0 on and returns its end. */
  fill(key: number, version: number): number {
    this.view.setUint32(idAt, key, true);
    if (this.#shape === "numbers") {
      this.view.setUint32(aAt, rowNumber(key, version), true);
      this.view.setUint32(bAt, key, true);
      return numbersRowBytes;
    }
    const number = textNumber(key, version, this.#rowCount);
    const length = textLength(number);
    this.view.setUint32(aAt, length, true);
    const digitsAt = aAt + 4;
    let rest = number;
    for (let i = digitCount - 1; i >= 0; i--) {
      this.view.setUint8(digitsAt + i, 48 + (rest % 10));
      rest = Math.floor(rest / 10);
    }
    return digitsAt + length;
  }
}

/** Creates the table in a transaction of its own, which `onCommit` sees before it ends. */
export function createRowTable(
  datastore: Datastore,
  shape: RowShape,
  kind: IndexKind,
  onCommit: (tables: NonNullable<ReturnType<Datastore["commit"]>>["tables"]) => void = () => {},
): Table {
  const types = shape === "numbers" ? (["u64", "u64"] as const) : (["string"] as const);
  const names = shape === "numbers" ? ["id", "a", "b"] : ["id", "text"];
  const tx = datastore.begin();
  const table = createTable(datastore, tx, {
    name: tableName,
    alias: tableName,
    access: "public",
    columns: (["u64", ...types] as const).map((type, i) => {
      const name = names[i] as string;
      return { name, alias: name, type: { kind: type } };
    }),
    primaryKey: 0,
    indexes: [{ name: "entry_id", alias: "id", kind, columns: [0] }],
    constraints: [{ name: "entry_id_key", columns: [0] }],
    sequences: [],
    schedule: undefined,
    isEvent: false,
  });
  const data = datastore.commit(tx);
  assert(data !== undefined, "a new table changes the system tables");
  onCommit(data.tables);
  datastore.release(tx);
  return table;
}

/** The table that `createRowTable` made, after recovery. */
export function findRowTable(datastore: Datastore): Table {
  const table = datastore.tableByName(tableName);
  if (table === undefined) throw new Error(`verification failed: no table ${tableName}`);
  return table;
}
