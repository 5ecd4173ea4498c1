// The process of the module `cell`: rows by the ten thousand, written and read by a reducer.
import { setImmediate as nextTurn } from "node:timers/promises";
import { Writer } from "@lightcone/abi";
import { callCommits, type Engine, openEngine } from "../open-engine.ts";
import { answerParent, cpuMicros } from "../remote.ts";
import { cellCount, cellsPerCall } from "./cell-settings.ts";
import type { OperationTiming } from "./run-operations.ts";

export type CellMethods = {
  insert: { params: CellParams; result: CellWindow };
  scan: { params: CellParams; result: CellWindow };
};

export interface CellWindow {
  readonly rowCount: number;
  readonly seconds: number;
  /** Of all threads. */
  readonly cpuMicros: number;
}

interface CellParams {
  readonly directory: string;
  readonly timing: OperationTiming;
}

/** What the `x` of all cells add up to: three times their ids. */
const cellSum = (3 * cellCount * (cellCount - 1)) / 2;

type Parameter = { readonly u32: number } | { readonly u64: number };

function call(engine: Engine, name: string, parameters: readonly Parameter[]): void {
  const args = new Writer();
  for (const parameter of parameters) {
    if ("u32" in parameter) args.u32(parameter.u32);
    else args.u64(BigInt(parameter.u64));
  }
  const isCommitted = callCommits(engine, name, args.memory, 0, args.length);
  if (!isCommitted) throw new Error(`verification failed: ${name} was not committed`);
}

/** Inserts all cells and waits until they are durable. */
async function insertAll(engine: Engine): Promise<void> {
  const { service } = engine;
  for (let first = 0; first < cellCount; first += cellsPerCall) {
    call(engine, "insert_cells", [{ u64: first }, { u32: cellsPerCall }]);
    service.endTurn();
    await nextTurn();
    if (service.isBackpressured) await service.database.log.flush();
  }
  await service.database.log.flush();
}

function scanAll(engine: Engine): void {
  call(engine, "scan_cells", [{ u64: cellCount }, { u64: cellSum }]);
}

async function measureInsert({ directory, timing }: CellParams): Promise<CellWindow> {
  const engine = await openEngine(directory, "cell", () => undefined);
  // The first time is the warm-up.
  await insertAll(engine);
  const window = { rowCount: 0, seconds: 0, cpuMicros: 0 };
  while (window.seconds < timing.windowSeconds) {
    scanAll(engine);
    call(engine, "clear_cells", []);
    await engine.service.database.log.flush();
    const cpuBefore = cpuMicros();
    const start = performance.now();
    await insertAll(engine);
    window.seconds += (performance.now() - start) / 1000;
    window.cpuMicros += cpuMicros() - cpuBefore;
    window.rowCount += cellCount;
  }
  scanAll(engine);
  await engine.service.close("measured");
  return window;
}

function scanFor(engine: Engine, seconds: number): CellWindow {
  const cpuBefore = cpuMicros();
  const start = performance.now();
  let rowCount = 0;
  do {
    scanAll(engine);
    rowCount += cellCount;
  } while (performance.now() - start < seconds * 1000);
  return {
    rowCount,
    seconds: (performance.now() - start) / 1000,
    cpuMicros: cpuMicros() - cpuBefore,
  };
}

async function measureScan({ directory, timing }: CellParams): Promise<CellWindow> {
  const engine = await openEngine(directory, "cell", () => undefined);
  await insertAll(engine);
  scanFor(engine, timing.warmUpSeconds);
  const window = scanFor(engine, timing.windowSeconds);
  await engine.service.close("measured");
  return window;
}

answerParent<CellMethods>({ insert: measureInsert, scan: measureScan });
