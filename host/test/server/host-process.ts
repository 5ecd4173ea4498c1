// A host in a process of its own, for tests: `node host-process.js DATA_DIR CALL_TIME_LIMIT_MS CALL_BUDGET_MS [SNAPSHOT_EVERY]`. Prints its
// address when it answers; SIGTERM closes it.
import { assert } from "@lightcone/abi";
import { startServer } from "../../src/index.ts";

const [dataDir, callTimeLimitMs, callBudgetMs, snapshotEvery] = process.argv.slice(2);
assert(dataDir !== undefined, "host-process.js needs a data directory");
const server = await startServer({
  listenAddr: "127.0.0.1:0",
  dataDir,
  callTimeLimitMs: Number(callTimeLimitMs),
  modules: { callBudgetMillis: Number(callBudgetMs) },
  ...(snapshotEvery === undefined
    ? {}
    : { snapshots: { intervalCommits: Number(snapshotEvery), prune: "delete" as const } }),
  report: () => undefined,
});
process.stdout.write(`${server.address}\n`);
process.on("SIGTERM", () => {
  void server.close();
});
