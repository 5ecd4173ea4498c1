// better-sqlite3 in memory under the benchmark, with the settings it comes with. The key is SQLite's
// own row id, which is the fastest that it has; statements are prepared; all that is measured is one
// transaction; reads ask for one column, which spares it from making objects.
import { type RowShape, rowNumber, rowText } from "../rows.ts";
import { openSqlite, type SqliteDatabase, type SqliteStatement } from "../sqlite.ts";
import { rangeKeyCount, type Subject } from "./subject.ts";

const definitions: Readonly<Record<RowShape, string>> = {
  numbers: "CREATE TABLE entry (id INTEGER PRIMARY KEY, a INTEGER NOT NULL, b INTEGER NOT NULL)",
  strings: "CREATE TABLE entry (id INTEGER PRIMARY KEY, a TEXT NOT NULL)",
};

export class SqliteSubject implements Subject {
  readonly commits = "once";
  readonly #database: SqliteDatabase;
  readonly #shape: RowShape;
  readonly #texts: readonly string[];
  readonly #count: SqliteStatement;
  readonly #insert: SqliteStatement;
  readonly #read: SqliteStatement;
  readonly #scan: SqliteStatement;
  readonly #update: SqliteStatement;
  readonly #delete: SqliteStatement;

  /** `texts` are those of all rows, by number; none for rows of numbers. */
  constructor(shape: RowShape, texts: readonly string[]) {
    this.#database = openSqlite(":memory:");
    this.#shape = shape;
    this.#texts = texts;
    const prepare = (sql: string): SqliteStatement => this.#database.prepare(sql);
    this.#database.exec(definitions[shape]);
    this.#count = prepare("SELECT count(*) FROM entry").pluck();
    const places = shape === "numbers" ? "?, ?, ?" : "?, ?";
    this.#insert = prepare(`INSERT INTO entry VALUES (${places})`);
    this.#read = prepare("SELECT a FROM entry WHERE id = ?").pluck();
    this.#scan = prepare("SELECT a FROM entry WHERE id >= ? AND id < ?").pluck();
    this.#update = prepare("UPDATE entry SET a = ? WHERE id = ?");
    this.#delete = prepare("DELETE FROM entry WHERE id = ?");
  }

  get rowCount(): number {
    return this.#count.get() as number;
  }

  begin(): void {
    this.#database.exec("BEGIN");
  }

  commit(): void {
    this.#database.exec("COMMIT");
  }

  insert(keys: Uint32Array, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const key = keys[i] as number;
      if (this.#shape === "numbers") this.#insert.run(key, rowNumber(key, 0), key);
      else this.#insert.run(key, this.#text(key, 0));
    }
  }

  #text(key: number, version: number): string {
    return this.#texts[(key + version) % this.#texts.length] as string;
  }

  #valueOf(column: unknown): number {
    return this.#shape === "numbers" ? (column as number) : (column as string).length;
  }

  read(keys: Uint32Array, from: number, to: number): number {
    let sum = 0;
    for (let i = from; i < to; i++) sum += this.#valueOf(this.#read.get(keys[i] as number));
    return sum;
  }

  readonly scan = (keys: Uint32Array, from: number, to: number): number => {
    let sum = 0;
    for (let i = from; i < to; i++) {
      const key = keys[i] as number;
      for (const column of this.#scan.all(key, key + rangeKeyCount)) sum += this.#valueOf(column);
    }
    return sum;
  };

  update(keys: Uint32Array, from: number, to: number, version: number): void {
    for (let i = from; i < to; i++) {
      const key = keys[i] as number;
      const isNumbers = this.#shape === "numbers";
      this.#update.run(isNumbers ? rowNumber(key, version) : this.#text(key, version), key);
    }
  }

  delete(keys: Uint32Array, from: number, to: number): void {
    for (let i = from; i < to; i++) this.#delete.run(keys[i] as number);
  }

  close(): void {
    this.#database.close();
  }
}

/** The texts of all rows, made beforehand so that making them is not measured. */
export function makeTexts(rowCount: number): string[] {
  return Array.from({ length: rowCount }, (_, number) => rowText(number, 0, rowCount));
}
