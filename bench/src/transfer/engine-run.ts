// Drives an open bank in turns, as the host's own threads do: some calls, then whatever came of the
// disk.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { DatabaseService } from "@lightcone/host/engine";
import { cpuMicros } from "../remote.ts";

/** About what arrives from all clients while a turn runs. */
const callsPerTurn = 512;

/** Makes call number `i` and says whether it was committed. */
export type MakeCall = (i: number) => boolean;

export interface EngineWindow {
  /** Calls that were committed and are durable. */
  readonly committedCount: number;
  readonly refusedCount: number;
  /** From the first call until the last one was durable. */
  readonly seconds: number;
  readonly cpuMicrosPerCall: number;
}

export class EngineRun {
  readonly #service: DatabaseService;
  readonly #makeCall: MakeCall;
  #callCount = 0;

  constructor(service: DatabaseService, makeCall: MakeCall) {
    this.#service = service;
    this.#makeCall = makeCall;
  }

  /** Makes calls for so many seconds and waits until they are durable, which counts as time too. */
  async run(seconds: number): Promise<EngineWindow> {
    const service = this.#service;
    const firstCall = this.#callCount;
    const cpuBefore = cpuMicros();
    const start = performance.now();
    let committedCount = 0;
    do {
      committedCount += this.#turn();
      service.endTurn();
      await nextTurn();
      if (service.isBackpressured) await service.database.log.flush();
    } while (performance.now() - start < seconds * 1000);
    await service.database.log.flush();
    const callCount = this.#callCount - firstCall;
    return {
      committedCount,
      refusedCount: callCount - committedCount,
      seconds: (performance.now() - start) / 1000,
      cpuMicrosPerCall: (cpuMicros() - cpuBefore) / callCount,
    };
  }

  #turn(): number {
    let committedCount = 0;
    for (let i = 0; i < callsPerTurn; i++) {
      if (this.#makeCall(this.#callCount++)) committedCount++;
    }
    return committedCount;
  }
}
