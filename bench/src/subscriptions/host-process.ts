// The process of the host.
import { type RunningServer, startServer } from "@lightcone/host";
import { answerParent, cpuMicros } from "../remote.ts";

/** `start` first, `stop` last. */
export type HostMethods = {
  start: { params: { readonly dataDir: string }; result: { readonly address: string } };
  stop: { params: null; result: null };
  cpuMicros: { params: null; result: number };
  /** Bytes of physical memory: those now, and the most there ever were. */
  memory: { params: null; result: { readonly nowBytes: number; readonly peakBytes: number } };
};

let server: RunningServer | undefined;

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
  memory: () => ({
    nowBytes: process.memoryUsage.rss(),
    peakBytes: process.resourceUsage().maxRSS * 1024,
  }),
});
