// Commits of one row each that are durable before they count, with a fixed number under way.
import { LoggedTable } from "../logged-table.ts";

/** More than any run commits. */
const rowCountMax = 100_000_000;

export interface CommitWindow {
  readonly commitCount: number;
  readonly seconds: number;
}

export class CommitRun {
  readonly #table: LoggedTable;
  readonly #inFlightCount: number;
  #durableOffset = 0;
  #wake: (() => void) | undefined;
  #nextKey = 0;

  private constructor(table: LoggedTable, inFlightCount: number) {
    this.#table = table;
    this.#inFlightCount = inFlightCount;
  }

  static async open(directory: string, inFlightCount: number): Promise<CommitRun> {
    let run: CommitRun | undefined;
    const table = await LoggedTable.create(directory, rowCountMax, (offset) => {
      run?.onDurable(offset);
    });
    run = new CommitRun(table, inFlightCount);
    return run;
  }

  /** How many rows were committed in all. */
  get rowCount(): number {
    return this.#nextKey;
  }

  onDurable(offset: number): void {
    this.#durableOffset = offset;
    this.#wake?.();
  }

  /** Commits for so many seconds, and waits until that is durable, which counts as time too. */
  async run(seconds: number): Promise<CommitWindow> {
    const firstKey = this.#nextKey;
    const start = performance.now();
    do {
      // The transaction with offset 0 made the table, so a row's key is one less than its offset.
      while (this.#nextKey - this.#durableOffset < this.#inFlightCount) {
        this.#table.insert(this.#nextKey++, 1);
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    } while (performance.now() - start < seconds * 1000);
    await this.#table.log.flush();
    return {
      commitCount: this.#nextKey - firstKey,
      seconds: (performance.now() - start) / 1000,
    };
  }

  async close(): Promise<void> {
    await this.#table.log.close();
  }
}
