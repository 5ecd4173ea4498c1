// Measures operations on one table after another, and checks that each did what is counted.
import { assert } from "@lightcone/abi";
import { cpuMicros } from "../remote.ts";
import { rowValue } from "../rows.ts";
import { collectGarbage, type MemorySample, sampleMemory } from "./memory.ts";
import type { Operation, Scenario } from "./scenario.ts";
import { rangeKeyCount, type Subject } from "./subject.ts";

export interface OperationTiming {
  readonly windowSeconds: number;
  readonly warmUpSeconds: number;
}

/** What one operation came to: a rate in rows a second, or bytes or megabytes. */
export interface Measured {
  readonly operation: Operation;
  readonly value: number;
  readonly settings: Readonly<Record<string, number | string>>;
}

/** Rows in a batch, which is a transaction of ours; of mixed operations, one in ten of them. */
const batchRowCount = 10_000;
const mixedGroupRowCount = 10;
const mixedReadCount = 8;

/** Then a batch of half the rows has as many deletions as insertions, and no group crosses a half. */
const rowCountUnit = 4 * mixedGroupRowCount;

/** How many rows of the whole a check reads. */
const checkedRowCount = 10_000;

interface Taken {
  readonly seconds: number;
  /** CPU time of all threads, which suffers less from other programs than seconds do. */
  readonly cpuMicros: number;
}

interface Window extends Taken {
  readonly rowCount: number;
}

export class OperationRuns {
  readonly #scenario: Scenario;
  readonly #makeSubject: () => Subject;
  readonly #insertKeys: Uint32Array;
  /** All keys in an order that was drawn. */
  readonly #keys: Uint32Array;
  readonly #rowCount: number;
  readonly #timing: OperationTiming;
  #subject: Subject;
  /** Where the next batch begins in `#keys`. */
  #position = 0;
  #version = 0;
  /** Where in the second half of `#keys` the row is that mixed operations delete next. */
  #moved = 0;
  /** Of what was read, so that no reading can be left undone. */
  #sum = 0;

  constructor(
    scenario: Scenario,
    makeSubject: () => Subject,
    keys: { readonly insert: Uint32Array; readonly drawn: Uint32Array },
    timing: OperationTiming,
  ) {
    this.#scenario = scenario;
    this.#makeSubject = makeSubject;
    this.#insertKeys = keys.insert;
    this.#keys = keys.drawn;
    this.#rowCount = keys.drawn.length;
    this.#timing = timing;
    assert(this.#rowCount % rowCountUnit === 0, `rows are a multiple of ${rowCountUnit}`);
    this.#subject = makeSubject();
  }

  /** Runs what is wanted of the scenario's operations, in its order. */
  run(isWanted: (operation: Operation) => boolean): Measured[] {
    const before = sampleMemory();
    const { inserted, after } = this.#insertAll();
    const measured: Measured[] = [];
    for (const operation of this.#scenario.operations) {
      if (!isWanted(operation)) continue;
      if (operation === "insert") measured.push(rate(operation, inserted));
      else if (operation === "bytes-per-row" || operation === "js-heap-mb") {
        measured.push(memoryFigure(operation, before, after, this.#rowCount));
      } else measured.push(rate(operation, this.#measure(operation)));
    }
    this.#subject.close();
    if (Number.isNaN(this.#sum)) throw new Error("verification failed: a value is no number");
    return measured;
  }

  /** Fills tables until that took long enough; the last stays. Memory is that after the first. */
  #insertAll(): { readonly inserted: Window; readonly after: MemorySample } {
    let inserted: Window = { rowCount: 0, seconds: 0, cpuMicros: 0 };
    let after: MemorySample | undefined;
    do {
      if (after !== undefined) this.#renew();
      const subject = this.#subject;
      const taken = this.#timed(() => {
        for (let from = 0; from < this.#rowCount; from += batchRowCount) {
          const to = Math.min(from + batchRowCount, this.#rowCount);
          this.#batch(() => {
            subject.insert(this.#insertKeys, from, to);
          });
        }
      });
      inserted = added(inserted, this.#rowCount, taken);
      after ??= sampleMemory();
      this.#checkRowCount();
    } while (inserted.seconds < this.#timing.windowSeconds);
    this.#checkValues(0, Math.min(checkedRowCount, this.#rowCount), 0);
    return { inserted, after };
  }

  #renew(): void {
    this.#subject.close();
    this.#subject = this.#makeSubject();
    collectGarbage();
  }

  #measure(operation: Exclude<Operation, "insert" | "bytes-per-row" | "js-heap-mb">): Window {
    const { warmUpSeconds, windowSeconds } = this.#timing;
    collectGarbage();
    if (operation === "delete") return this.#measureDelete();
    const steps = {
      "point-read": () => this.#readBatch(),
      "range-scan": () => this.#scanBatch(),
      update: () => this.#updateBatch(),
      mixed: () => this.#mixedBatch(),
    };
    const step = steps[operation];
    this.#position = 0;
    if (operation === "range-scan") this.#checkScan();
    this.#window(warmUpSeconds, step);
    const window = this.#window(windowSeconds, step);
    this.#checkRowCount();
    if (operation === "update") {
      this.#checkValues(this.#position - this.#batchRowCount, this.#position, this.#version);
    }
    return window;
  }

  /** Takes steps until the time is over, in one transaction where the subject wants that. */
  #window(seconds: number, step: () => number): Window {
    let rowCount = 0;
    const taken = this.#timed(() => {
      const end = performance.now() + seconds * 1000;
      do rowCount += step();
      while (performance.now() < end);
    });
    return { rowCount, ...taken };
  }

  #timed(work: () => void): Taken {
    const isOnce = this.#subject.commits === "once";
    const cpuBefore = cpuMicros();
    const start = performance.now();
    if (isOnce) this.#subject.begin();
    work();
    if (isOnce) this.#subject.commit();
    return {
      seconds: (performance.now() - start) / 1000,
      cpuMicros: cpuMicros() - cpuBefore,
    };
  }

  #batch(work: () => void): void {
    const isEach = this.#subject.commits === "each batch";
    if (isEach) this.#subject.begin();
    work();
    if (isEach) this.#subject.commit();
  }

  /** The next `count` keys: their start in `#keys`. */
  #take(count: number): number {
    if (this.#position + count > this.#rowCount) this.#position = 0;
    const start = this.#position;
    this.#position += count;
    return start;
  }

  get #batchRowCount(): number {
    return Math.min(batchRowCount, this.#rowCount / 2);
  }

  #readBatch(): number {
    const count = this.#batchRowCount;
    const from = this.#take(count);
    this.#sum += this.#subject.read(this.#keys, from, from + count);
    return count;
  }

  #scanBatch(): number {
    const count = Math.max(1, Math.floor(this.#batchRowCount / rangeKeyCount));
    const from = this.#take(count);
    this.#sum += this.#scan(from, from + count);
    let rowCount = 0;
    for (let i = from; i < from + count; i++) {
      rowCount += Math.min(rangeKeyCount, this.#rowCount - (this.#keys[i] as number));
    }
    return rowCount;
  }

  #scan(from: number, to: number): number {
    const { scan } = this.#subject;
    if (scan === undefined) throw new Error("a range scan needs an order");
    return scan(this.#keys, from, to);
  }

  #updateBatch(): number {
    const count = this.#batchRowCount;
    const from = this.#take(count);
    const version = ++this.#version;
    this.#batch(() => {
      this.#subject.update(this.#keys, from, from + count, version);
    });
    return count;
  }

  /**
   * Groups of ten operations, a transaction of ours each: eight reads, an update, and in turn the
   * deletion of a row and its return. Reads and updates keep to the first half of the keys drawn,
   * deletions to the second.
   */
  #mixedBatch(): number {
    const subject = this.#subject;
    const keys = this.#keys;
    const version = ++this.#version;
    const half = this.#rowCount / 2;
    const groupCount = this.#batchRowCount / mixedGroupRowCount;
    for (let group = 0; group < groupCount; group++) {
      const from = this.#take(mixedGroupRowCount) % half;
      const updated = from + mixedReadCount;
      const moved = half + this.#moved;
      const isDeletion = group % 2 === 0;
      if (!isDeletion) this.#moved = (this.#moved + 1) % half;
      this.#batch(() => {
        this.#sum += subject.read(keys, from, updated);
        subject.update(keys, updated, updated + 1, version);
        if (isDeletion) subject.delete(keys, moved, moved + 1);
        else subject.insert(keys, moved, moved + 1);
      });
    }
    return groupCount * mixedGroupRowCount;
  }

  /** Deletes rows in an order that was drawn; what is deleted too soon comes back, uncounted. */
  #measureDelete(): Window {
    const { windowSeconds } = this.#timing;
    const subject = this.#subject;
    let window: Window = { rowCount: 0, seconds: 0, cpuMicros: 0 };
    for (;;) {
      let to = 0;
      const end = performance.now() + (windowSeconds - window.seconds) * 1000;
      const taken = this.#timed(() => {
        for (; to < this.#rowCount && performance.now() < end; to += batchRowCount) {
          const from = to;
          const last = Math.min(from + batchRowCount, this.#rowCount);
          this.#batch(() => {
            subject.delete(this.#keys, from, last);
          });
        }
      });
      const deleted = Math.min(to, this.#rowCount);
      window = added(window, deleted, taken);
      check("rows left", subject.rowCount, this.#rowCount - deleted);
      if (window.seconds >= windowSeconds) return window;
      this.#insertAgain(deleted);
    }
  }

  #insertAgain(count: number): void {
    this.#timed(() => {
      for (let from = 0; from < count; from += batchRowCount) {
        const to = Math.min(from + batchRowCount, count);
        this.#batch(() => {
          this.#subject.insert(this.#keys, from, to);
        });
      }
    });
  }

  #checkRowCount(): void {
    check("rows", this.#subject.rowCount, this.#rowCount);
  }

  #checkScan(): void {
    const { shape } = this.#scenario;
    const [start = 0] = this.#keys;
    const end = Math.min(start + rangeKeyCount, this.#rowCount);
    let expected = 0;
    for (let key = start; key < end; key++) expected += rowValue(shape, key, 0, this.#rowCount);
    this.#timed(() => {
      check("the sum of a range", this.#scan(0, 1), expected);
    });
  }

  #checkValues(from: number, to: number, version: number): void {
    const { shape } = this.#scenario;
    let expected = 0;
    for (let i = from; i < to; i++) {
      expected += rowValue(shape, this.#keys[i] as number, version, this.#rowCount);
    }
    this.#timed(() => {
      check("the sum of values", this.#subject.read(this.#keys, from, to), expected);
    });
  }
}

function check(what: string, found: number, expected: number): void {
  if (found !== expected) {
    throw new Error(`verification failed: ${what}: ${found}, expected ${expected}`);
  }
}

function added(window: Window, rowCount: number, { seconds, cpuMicros: micros }: Taken): Window {
  return {
    rowCount: window.rowCount + rowCount,
    seconds: window.seconds + seconds,
    cpuMicros: window.cpuMicros + micros,
  };
}

function rate(operation: Operation, { rowCount, seconds, cpuMicros: micros }: Window): Measured {
  return {
    operation,
    value: rowCount / seconds,
    settings: {
      seconds: Number(seconds.toFixed(2)),
      cpuNanosPerRow: Math.round((micros * 1000) / rowCount),
    },
  };
}

/** Rows are counted in the physical memory they took; what is in buffers or objects is told beside. */
function memoryFigure(
  operation: "bytes-per-row" | "js-heap-mb",
  before: MemorySample,
  after: MemorySample,
  rowCount: number,
): Measured {
  const perRow = (bytes: number): number => Number((bytes / rowCount).toFixed(2));
  if (operation === "js-heap-mb") {
    return { operation, value: after.heapBytes / 1e6, settings: { of: "all live objects" } };
  }
  return {
    operation,
    value: perRow(after.rssBytes - before.rssBytes),
    settings: {
      of: "physical memory",
      buffers: perRow(after.bufferBytes - before.bufferBytes),
      objects: perRow(after.heapBytes - before.heapBytes),
    },
  };
}
