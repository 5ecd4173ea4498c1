// A host in a process of its own, for tests that kill it: `node host-process.js DATA_DIR`. Prints its address when it answers.
import { assert } from "@lightcone/abi";
import { startServer } from "../../src/index.ts";

const [dataDir] = process.argv.slice(2);
assert(dataDir !== undefined, "host-process.js needs a data directory");
const server = await startServer({ listenAddr: "127.0.0.1:0", dataDir, report: () => undefined });
process.stdout.write(`${server.address}\n`);
process.on("SIGTERM", () => {
  void server.close();
});
