// The process that writes or recovers. A database that starts is a new process, whose code nothing
// has compiled yet: so a recovery is measured as the first thing that one does.
import { answerParent, cpuMicros } from "../remote.ts";
import { type StoreKind, stores } from "./store.ts";

interface StoreParams {
  readonly kind: StoreKind;
  readonly directory: string;
  readonly rowCount: number;
}

export interface RecoveryTime {
  readonly seconds: number;
  /** Of all threads. */
  readonly cpuSeconds: number;
}

export type StoreMethods = {
  write: { params: StoreParams; result: null };
  recover: { params: StoreParams; result: RecoveryTime };
};

answerParent<StoreMethods>({
  write: async ({ kind, directory, rowCount }) => {
    await stores[kind].write(directory, rowCount);
    return null;
  },
  recover: async ({ kind, directory, rowCount }) => {
    const cpuBefore = cpuMicros();
    const start = performance.now();
    const verify = await stores[kind].recover(directory, rowCount);
    const seconds = (performance.now() - start) / 1000;
    const cpuSeconds = (cpuMicros() - cpuBefore) / 1e6;
    verify();
    return { seconds, cpuSeconds };
  },
});
