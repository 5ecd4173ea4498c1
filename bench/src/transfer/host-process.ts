// The process of the host.
import { type RunningServer, startServer } from "@lightcone/host";
import type { StageTimes } from "../profile/stages.ts";
import { ProcessProfiler } from "../profile/process-profiler.ts";
import { answerParent, cpuMicros } from "../remote.ts";

/** `start` first, `stop` last; a profile between `startProfile` and `stopProfile`. */
export type HostMethods = {
  start: { params: { readonly dataDir: string }; result: { readonly address: string } };
  stop: { params: null; result: null };
  cpuMicros: { params: null; result: number };
  startProfile: { params: null; result: null };
  /** The thread of the sockets, then those of databases. */
  stopProfile: { params: null; result: readonly StageTimes[] };
};

let server: RunningServer | undefined;
const profiler = new ProcessProfiler();

answerParent<HostMethods>({
  start: async ({ dataDir }) => {
    server = await startServer({ listenAddr: "127.0.0.1:0", dataDir });
    return { address: server.address };
  },
  stop: async () => {
    await server?.close();
    return null;
  },
  cpuMicros,
  startProfile: async () => {
    await profiler.start();
    return null;
  },
  stopProfile: () => profiler.stop(),
});
