// A log that keeps nothing: for databases that live in memory alone, and for tests that decide when
// a transaction is durable.
import { assert, type LightconeError } from "@lightcone/abi";
import { FlushWaiters } from "./flush-waiters.ts";
import type { Log, LoggedTable, LogListener, RecordInputs } from "./contract.ts";

/** A log without a disk. */
export class MemoryLog implements Log {
  readonly #listener: LogListener | undefined;
  #nextOffset = 0;
  #durableOffset = -1;
  readonly #waiters = new FlushWaiters();
  #failure: LightconeError | undefined;

  /**
   * Without a listener every transaction counts as durable at once. With one, `makeDurable` and
   * `fail` decide, and tell it.
   */
  constructor(listener?: LogListener) {
    this.#listener = listener;
  }

  readonly segmentOffset = 0;

  /** Whether the owner is to be held back; set by a test. */
  isBackpressured = false;

  readonly waitingBytes = 0;

  get nextOffset(): number {
    return this.#nextOffset;
  }

  get durableOffset(): number {
    return this.#durableOffset;
  }

  /** Each transaction is a group. */
  get groupStart(): number {
    return this.#nextOffset;
  }

  append(_inputs: RecordInputs | undefined, _tables: readonly LoggedTable[]): number {
    if (this.#failure !== undefined) throw this.#failure;
    const offset = this.#nextOffset++;
    if (this.#listener === undefined) this.#durableOffset = offset;
    return offset;
  }

  /** Makes everything up to and including `offset` durable. */
  makeDurable(offset: number): void {
    assert(this.#listener !== undefined, "a log without a listener is durable by itself");
    assert(this.#durableOffset < offset && offset < this.#nextOffset, "no such transaction waits");
    this.#durableOffset = offset;
    this.#listener.onDurable(offset);
    this.#waiters.settle(offset);
  }

  /** Fails as a log on a broken disk does. */
  fail(error: LightconeError): void {
    assert(this.#failure === undefined, "a log fails once");
    this.#failure = error;
    this.#listener?.onFailure(error);
    this.#waiters.fail(error);
  }

  async flush(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const offset = this.#nextOffset - 1;
    if (offset !== this.#durableOffset) await this.#waiters.wait(offset);
  }

  async close(): Promise<void> {
    await this.flush();
  }
}
