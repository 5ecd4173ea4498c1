// Follows the tables of one connection and keeps what is stored equal to them.
//
//     loading ──rows shown, or none──▶ waiting for the first connection ──▶ keeping ──any failure──▶ off
//
// Changes are queued as they come, and stored together: in a moment when the page is idle, at most once a second. What
// a page that is closed has not stored is missing next time, which the server's answer then mends.
import { LightconeError, messageOf, type ProductValue } from "@lightcone/abi";
import type { Stop } from "../event.ts";
import type { PersistenceHost } from "../persistence.ts";
import type { TableChange } from "../table.ts";
import { digest } from "./digest.ts";
import { type Edit, RowCodec, tableRows } from "./row-codec.ts";
import { type Mark, StoredRows } from "./stored-rows.ts";

export interface KeeperOptions {
  readonly name: string;
  readonly version: number;
  readonly rowCountMax: number;
  readonly byteLengthMax: number;
}

/** From one time of storing to the next. */
const intervalMs = 1000;

/** Queued rows beyond which everything is stored anew instead: the queue must not outgrow the rows. */
const queueLengthMax = 20_000;

interface QueuedChange {
  readonly codec: RowCodec;
  readonly change: TableChange<ProductValue>;
}

export class RowKeeper {
  readonly #host: PersistenceHost;
  readonly #options: KeeperOptions;
  readonly #codecs: readonly RowCodec[];
  readonly #schema: string;
  readonly #stored: Promise<StoredRows>;
  readonly #stops: Stop[] = [];
  #stopTimer: Stop | undefined;
  #mark: Mark | undefined;
  #queue: QueuedChange[] = [];
  #queueLength = 0;
  /** Whether what is stored is not what the queue's changes are changes of. */
  #isAllDue = true;
  #byteLength = 0;
  #isOff = false;
  #storing: Promise<void> | undefined;

  constructor(host: PersistenceHost, options: KeeperOptions) {
    this.#host = host;
    this.#options = options;
    this.#stored = StoredRows.open(options.name);
    this.#codecs = host.tables.map((each) => new RowCodec(each, host.types));
    const tables = host.tables.map(({ schema }) => schema);
    this.#schema = JSON.stringify([options.version, host.types, tables]);
    host.tables.forEach(({ table }, i) => {
      const codec = this.#codecs[i] as RowCodec;
      const stop = table.onChange((change, { kind }) => {
        if (kind !== "cached") this.#enqueue({ codec, change });
      });
      this.#stops.push(stop);
    });
  }

  /** Never rejects. */
  async run(): Promise<void> {
    try {
      const stored = await this.#stored;
      const startMark = this.#markOf(await this.#host.startToken);
      await this.#show(stored, startMark);
      if (!this.#isOff) await stored.enter();
      const token = await this.#token();
      if (token === undefined || this.#isOff) return;
      this.#mark = this.#markOf(token);
      if (this.#mark?.owner !== startMark?.owner) this.#isAllDue = true;
      this.#schedule();
      this.#storeWhenHidden();
    } catch (thrown) {
      this.#turnOff(thrown);
    }
  }

  /** Removes the rows and keeps none any more. */
  async clear(): Promise<void> {
    this.#stop();
    await this.#storing;
    // Where the store never opened, there is nothing to remove.
    const stored = await this.#stored.catch(() => undefined);
    await stored?.clear();
  }

  /** Undefined if the connection was closed before it was there. */
  async #token(): Promise<string | undefined> {
    try {
      return await this.#host.token;
    } catch {
      return undefined;
    }
  }

  #markOf(token: string | undefined): Mark | undefined {
    if (token === undefined) return undefined;
    const { serverUrl, databaseName } = this.#host;
    const owner = digest([serverUrl, databaseName, token].join("\n"));
    return { owner, schema: this.#schema };
  }

  async #show(stored: StoredRows, mark: Mark | undefined): Promise<void> {
    const names = this.#host.tables.map(({ schema }) => schema.name);
    const loaded = await stored.load(mark, names);
    if (loaded === undefined || this.#isOff) return;
    let byteLength = 0;
    for (const rows of loaded.values()) for (const row of rows) byteLength += row.length;
    try {
      const tables = Array.from(loaded, ([name, rows]) => tableRows(name, rows));
      this.#isAllDue = byteLength === 0 || !this.#host.showCached(tables);
      this.#byteLength = byteLength;
    } catch (thrown) {
      // Rows that do not decode are stored anew with all others.
      this.#host.report(failure("rows of an earlier visit do not decode", thrown));
    }
  }

  #enqueue(queued: QueuedChange): void {
    const { inserted, deleted, updated } = queued.change;
    this.#queueLength += inserted.length + deleted.length + updated.length;
    if (this.#isAllDue || this.#queueLength > queueLengthMax) {
      this.#isAllDue = true;
      this.#queue = [];
      this.#queueLength = 0;
    } else this.#queue.push(queued);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#stopTimer !== undefined || this.#isOff || this.#mark === undefined) return;
    this.#stopTimer = this.#host.clockwork.setTimer(
      () => whenIdle(() => this.#store()),
      intervalMs,
    );
  }

  #storeWhenHidden(): void {
    const { document } = globalThis;
    const storeIfHidden = (): void => {
      if (document.visibilityState === "hidden") this.#store();
    };
    document?.addEventListener("visibilitychange", storeIfHidden);
    this.#stops.push(() => document?.removeEventListener("visibilitychange", storeIfHidden));
  }

  get #isDue(): boolean {
    return this.#isAllDue || this.#queue.length > 0;
  }

  #store(): void {
    if (this.#isOff || !this.#isDue || this.#storing !== undefined) return;
    this.#stopTimer?.();
    this.#storing = this.#storeQueued().then(
      () => {
        this.#storing = undefined;
        this.#stopTimer = undefined;
        if (this.#isDue) this.#schedule();
      },
      (thrown: unknown) => {
        this.#storing = undefined;
        this.#turnOff(thrown);
      },
    );
  }

  async #storeQueued(): Promise<void> {
    const stored = await this.#stored;
    const mark = this.#mark;
    if (mark === undefined) return;
    this.#checkRowCount();
    const queue = this.#queue;
    const isAll = this.#isAllDue;
    this.#queue = [];
    this.#queueLength = 0;
    this.#isAllDue = false;
    const byteLength = isAll
      ? await stored.replace(mark, this.#allRows())
      : await stored.change(mark, editsOf(queue));
    if (byteLength === undefined) {
      // Another page has another owner's rows here now.
      this.#stop();
      return;
    }
    this.#byteLength = isAll ? byteLength : this.#byteLength + byteLength;
    // Rows that were replaced were counted twice: before anything is refused, all are counted anew.
    if (this.#byteLength > this.#options.byteLengthMax) this.#isAllDue = true;
  }

  #checkRowCount(): void {
    const { rowCountMax } = this.#options;
    let rowCount = 0;
    for (const { table } of this.#host.tables) rowCount += table.count();
    if (rowCount > rowCountMax) throw tooMuch(`${rowCountMax} rows`);
  }

  // Lists of rows are taken at once, so that what is stored in slices is the state of one moment.
  *#allRows(): Generator<Edit, undefined, undefined> {
    const tables = this.#host.tables.map(({ table }) => [...table]);
    let byteLength = 0;
    for (const [i, codec] of this.#codecs.entries()) {
      for (const row of tables[i] ?? []) {
        const edit = codec.put(row);
        byteLength += edit.key.length + (edit.bytes?.length ?? 0);
        if (byteLength > this.#options.byteLengthMax) {
          throw tooMuch(`${this.#options.byteLengthMax} bytes`);
        }
        yield edit;
      }
    }
    return undefined;
  }

  #stop(): void {
    this.#isOff = true;
    this.#queue = [];
    this.#stopTimer?.();
    for (const stop of this.#stops) stop();
  }

  /** The connection goes on without. What is stored is removed if it still can be, since it grows old. */
  #turnOff(thrown: unknown): void {
    if (this.#isOff) return;
    this.#host.report(failure("rows are not kept for the next visit", thrown));
    this.clear().catch(() => undefined);
  }
}

function tooMuch(amount: string): Error {
  return new Error(`there are more than ${amount}`);
}

function failure(what: string, thrown: unknown): LightconeError {
  return new LightconeError("LC_PERSISTENCE", `${what}: ${messageOf(thrown)}`);
}

function* editsOf(queue: readonly QueuedChange[]): Generator<Edit, undefined, undefined> {
  for (const { codec, change } of queue) {
    for (const row of change.deleted) yield codec.remove(row);
    // The key is the primary key, which stayed.
    for (const [, after] of change.updated) yield codec.put(after);
    for (const row of change.inserted) yield codec.put(row);
  }
  return undefined;
}

function whenIdle(run: () => void): void {
  // Safari has no idle times.
  if (typeof requestIdleCallback === "function") requestIdleCallback(run, { timeout: intervalMs });
  else run();
}
