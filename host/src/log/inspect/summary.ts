// What a log consists of, segment by segment.
import type { Disk } from "../../base/disk/contract.ts";
import { decodeInputs } from "../record.ts";
import { checkLog, type LogReport, type SegmentReport } from "./check.ts";
import { SchemaReplay } from "./schema-replay.ts";

/** The calls of one segment. */
interface CallSummary {
  firstMicros: bigint | undefined;
  lastMicros: bigint | undefined;
  /** How often each reducer was called; "" stands for transactions that are no calls. */
  readonly countByReducer: Map<string, number>;
}

export interface LogSummary {
  readonly report: LogReport;
  /** In the order of `report.segments`. */
  readonly calls: readonly CallSummary[];
}

/** Reads the log in a directory. Throws LC_DISK only. */
export async function summarizeLog(disk: Disk, directory: string): Promise<LogSummary> {
  const counter = new CallCounter();
  const bySegment = new Map<SegmentReport, CallSummary>();
  const report = await checkLog({
    disk,
    directory,
    visitor: counter,
    onSegment: (segment) => bySegment.set(segment, counter.begin()),
  });
  const calls = report.segments.map((segment) => bySegment.get(segment) ?? newSummary());
  return { report, calls };
}

function newSummary(): CallSummary {
  return { firstMicros: undefined, lastMicros: undefined, countByReducer: new Map() };
}

class CallCounter extends SchemaReplay {
  #summary = newSummary();
  #reducer = "";

  /** Begins a new summary and returns it. */
  begin(): CallSummary {
    this.#summary = newSummary();
    return this.#summary;
  }

  override onTransaction(offset: number): void {
    super.onTransaction(offset);
    this.#reducer = "";
  }

  override onInputs(bytes: Uint8Array, start: number, end: number): void {
    const { name, timestampMicros } = decodeInputs(bytes, start, end);
    this.#reducer = new TextDecoder().decode(name);
    const summary = this.#summary;
    const { firstMicros, lastMicros } = summary;
    if (firstMicros === undefined || timestampMicros < firstMicros) {
      summary.firstMicros = timestampMicros;
    }
    if (lastMicros === undefined || timestampMicros > lastMicros) {
      summary.lastMicros = timestampMicros;
    }
  }

  override onTransactionEnd(offset: number): void {
    super.onTransactionEnd(offset);
    const { countByReducer } = this.#summary;
    countByReducer.set(this.#reducer, (countByReducer.get(this.#reducer) ?? 0) + 1);
  }
}
