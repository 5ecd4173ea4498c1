// The rows of one owner in IndexedDB.
//
//     about   "mark" → Mark                      whose rows these are, and of which schema
//     rows    [table, key] → the row's bytes     empty where the key is the row
//
// Each step is one transaction that begins with the mark, so two pages cannot mix what belongs to two owners: the one
// that finds another's mark leaves the rows alone.
import { answered, committed, openDatabase } from "./indexed-db.ts";
import type { Edit } from "./row-codec.ts";

/** Rows are shown to those with an equal mark only. */
export interface Mark {
  /** A digest of server, database and token. */
  readonly owner: string;
  /** Types and keys of all tables, as text. */
  readonly schema: string;
}

/** Stored rows by table. */
export type LoadedRows = ReadonlyMap<string, readonly Uint8Array[]>;

const aboutName = "about";
const rowsName = "rows";
const markKey = "mark";

/** Rows that are encoded and stored before the page may do something else. */
const sliceLength = 200;

export class StoredRows {
  readonly #database: IDBDatabase;
  /** Whether the mark has been ours: then we take it from nobody else any more. */
  #isClaimed = false;

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
      if (mark !== undefined && (await isMarked(transaction, mark))) {
        return readTables(transaction.objectStore(rowsName), tables);
      }
      clearAll(transaction);
      return undefined;
    });
  }

  /**
   * Stores these rows and no others. Answers how many bytes they have; undefined, and nothing is changed, if the rows were
   * ours and are another owner's by now.
   */
  replace(mark: Mark, edits: Iterable<Edit>): Promise<number | undefined> {
    return this.#step(async (transaction) => {
      if (this.#isClaimed && !(await isMarked(transaction, mark))) return undefined;
      this.#isClaimed = true;
      clearAll(transaction);
      transaction.objectStore(aboutName).put(mark, markKey);
      return write(transaction, edits);
    });
  }

  /** Answers the length of what was stored; undefined, and nothing is changed, if the rows are another owner's by now. */
  change(mark: Mark, edits: Iterable<Edit>): Promise<number | undefined> {
    return this.#step(async (transaction) => {
      this.#isClaimed = true;
      return (await isMarked(transaction, mark)) ? write(transaction, edits) : undefined;
    });
  }

  /** Removes everything and closes the store. */
  async clear(): Promise<void> {
    await this.load(undefined, []);
    this.#database.close();
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

function clearAll(transaction: IDBTransaction): void {
  transaction.objectStore(aboutName).clear();
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

async function isMarked(transaction: IDBTransaction, { owner, schema }: Mark): Promise<boolean> {
  const found = (await answered(transaction.objectStore(aboutName).get(markKey))) as
    Mark | undefined;
  return found?.owner === owner && found.schema === schema;
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
