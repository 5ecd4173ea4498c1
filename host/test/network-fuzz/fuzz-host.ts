// The host that is fuzzed, in a process of its own: that of other tests, which besides speaks PostgreSQL's protocol and writes down where.
//
//   node fuzz-host.js DATA_DIR CALL_TIME_LIMIT_MS CALL_BUDGET_MS SNAPSHOT_EVERY
import { writeFileSync } from "node:fs";
import { assert } from "@lightcone/abi";
import { startServer } from "../../src/index.ts";
import { pgAddressFile } from "./pg-address.ts";

const [dataDir, callTimeLimitMs, callBudgetMs, snapshotEvery] = process.argv.slice(2);
assert(dataDir !== undefined, "fuzz-host.js needs a data directory");
const server = await startServer({
  listenAddr: "127.0.0.1:0",
  pgListenAddr: "127.0.0.1:0",
  dataDir,
  callTimeLimitMs: Number(callTimeLimitMs),
  modules: { callBudgetMillis: Number(callBudgetMs) },
  snapshots: { intervalCommits: Number(snapshotEvery), prune: "delete" },
  report: () => undefined,
});
writeFileSync(pgAddressFile(dataDir), `${server.pgAddress}`);
process.stdout.write(`${server.address}\n`);
process.on("SIGTERM", () => {
  void server.close();
});
