// The rows of one owner in IndexedDB.
//
//     about   "mark" → Mark                      whose rows these are, and of which schema
//             "visits" → Visits                  who may store rows of an owner that the mark does not name
//     rows    [table, key] → the row's bytes     empty where the key is the row
//
// Each step is one transaction that begins with the mark, so two pages cannot mix what belongs to two owners. Pages are
// numbered in the order in which they come: of two owners' pages the later one has the store, whichever of them stores
// first, and the other leaves the rows alone.
import { answered, committed, openDatabase } from "./indexed-db.ts";
import type { Edit } from "./row-codec.ts";

/** Rows are shown to those with an equal mark only. */
export interface Mark {
  /** A digest of server, database and token. */
  readonly owner: string;
  /** Types and keys of all tables, as text. */
  readonly schema: string;
}

/** Pages, by the numbers that they get when they enter. */
interface Visits {
  readonly last: number;
  /** Pages before this one may go on with rows that are theirs, and store none that are not. */
  readonly first: number;
}

/** Stored rows by table. */
export type LoadedRows = ReadonlyMap<string, readonly Uint8Array[]>;

const aboutName = "about";
const rowsName = "rows";
const markKey = "mark";
const visitsKey = "visits";

/** Rows that are encoded and stored before the page may do something else. */
const sliceLength = 200;

export class StoredRows {
  readonly #database: IDBDatabase;
  /** The number of this page; 0 before it entered. */
  #visit = 0;

  private constructor(database: IDBDatabase) {
    this.#database = database;
  }

  /** Rejects where pages may not keep anything. */
  static async open(name: string): Promise<StoredRows> {
    return new StoredRows(await openDatabase(`lightcone ${name}`, [aboutName, rowsName]));
  }

  /** The rows of these tables; undefined if there are none of this owner, and those of another are gone then. */
  load(mark: Mark | undefined, tables: readonly string[]): Promise<LoadedRows | undefined> {
    return this.#step(async (transaction) => {
      if (isSame(await readMark(transaction), mark)) {
        return readTables(transaction.objectStore(rowsName), tables);
      }
      clearRows(transaction);
      return undefined;
    });
  }

  /** Numbers this page, before it stores anything. */
  async enter(): Promise<void> {
    await this.#step(async (transaction) => {
      const { last, first } = await readVisits(transaction);
      this.#visit = last + 1;
      writeVisits(transaction, { last: this.#visit, first });
    });
  }

  /**
   * Stores these rows and no others. Answers how many bytes they have; undefined, and nothing is changed, if the rows are
   * those of an owner who came later.
   */
  replace(mark: Mark, edits: Iterable<Edit>): Promise<number | undefined> {
    return this.#step(async (transaction) => {
      const { last, first } = await readVisits(transaction);
      if (this.#visit < first && !isSame(await readMark(transaction), mark)) return undefined;
      clearRows(transaction);
      transaction.objectStore(aboutName).put(mark, markKey);
      writeVisits(transaction, { last, first: Math.max(first, this.#visit) });
      return write(transaction, edits);
    });
  }

  /** Answers the length of what was stored; undefined, and nothing is changed, if the rows are another owner's by now. */
  change(mark: Mark, edits: Iterable<Edit>): Promise<number | undefined> {
    return this.#step(async (transaction) =>
      isSame(await readMark(transaction), mark) ? write(transaction, edits) : undefined,
    );
  }

  /** Removes the rows, which no page that is open now will store again, and closes the store. */
  async clear(): Promise<void> {
    try {
      await this.#step(async (transaction) => {
        clearRows(transaction);
        const { last } = await readVisits(transaction);
        writeVisits(transaction, { last, first: last + 1 });
      });
    } catch {
      // A full disk takes no numbers, and can be cleared.
      await this.#step(async (transaction) => clearRows(transaction));
    } finally {
      this.#database.close();
    }
  }

  /** Does all of `work` or nothing of it. */
  async #step<T>(work: (transaction: IDBTransaction) => Promise<T>): Promise<T> {
    const transaction = this.#database.transaction([aboutName, rowsName], "readwrite");
    const end = committed(transaction);
    // Where `work` fails first, that is what is told.
    end.catch(() => undefined);
    try {
      const result = await work(transaction);
      await end;
      return result;
    } catch (thrown) {
      // A transaction that failed by itself has the better reason, and must not be aborted again.
      if (transaction.error !== null) throw transaction.error;
      transaction.abort();
      throw thrown;
    }
  }
}

function clearRows(transaction: IDBTransaction): void {
  transaction.objectStore(aboutName).delete(markKey);
  transaction.objectStore(rowsName).clear();
}

async function readTables(rows: IDBObjectStore, tables: readonly string[]): Promise<LoadedRows> {
  const loaded = new Map<string, Uint8Array[]>();
  for (const table of tables) {
    // Lists sort behind all keys of bytes.
    const range = IDBKeyRange.bound([table], [table, []]);
    const [keys, values] = await Promise.all([
      answered(rows.getAllKeys(range)),
      answered(rows.getAll(range)) as Promise<Uint8Array[]>,
    ]);
    const bytes = values.map((value, i) => (value.length > 0 ? value : keyBytes(keys[i])));
    loaded.set(table, bytes);
  }
  return loaded;
}

function readMark(transaction: IDBTransaction): Promise<Mark | undefined> {
  return answered(transaction.objectStore(aboutName).get(markKey)) as Promise<Mark | undefined>;
}

function isSame(found: Mark | undefined, mark: Mark | undefined): boolean {
  return found !== undefined && found.owner === mark?.owner && found.schema === mark.schema;
}

async function readVisits(transaction: IDBTransaction): Promise<Visits> {
  const found = (await answered(transaction.objectStore(aboutName).get(visitsKey))) as
    Visits | undefined;
  return found ?? { last: 0, first: 0 };
}

function writeVisits(transaction: IDBTransaction, visits: Visits): void {
  transaction.objectStore(aboutName).put(visits, visitsKey);
}

function keyBytes(key: IDBValidKey | undefined): Uint8Array {
  const bytes: unknown = Array.isArray(key) ? key[1] : undefined;
  return bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : new Uint8Array(0);
}

async function write(transaction: IDBTransaction, edits: Iterable<Edit>): Promise<number> {
  const rows = transaction.objectStore(rowsName);
  let byteLength = 0;
  let count = 0;
  for (const { table, key, bytes } of edits) {
    const place = [table, key];
    const request = bytes === undefined ? rows.delete(place) : rows.put(bytes, place);
    if (bytes !== undefined) byteLength += key.length + bytes.length;
    if (++count % sliceLength === 0) await answered(request as IDBRequest<unknown>);
  }
  return byteLength;
}
