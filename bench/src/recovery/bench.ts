// The benchmark `recovery` and its cases; README.md tells what each is.
import type { Bench } from "../contract.ts";
import { recoveryCase } from "./recovery-case.ts";

const rowCount = 1_000_000;

export const recoveryBench: Bench = {
  name: "recovery",
  summary: "how long a database takes to come back, ours and from files of peers",
  windowSeconds: 1,
  runs: [
    recoveryCase({ name: "single-row/1M", kind: "single-row", rowCount, unit: "commits/s" }),
    recoveryCase({ name: "bulk/1M", kind: "bulk", rowCount, unit: "rows/s" }),
    recoveryCase({ name: "snapshot/10M", kind: "snapshot", rowCount: 10_000_000, unit: "rows/s" }),
    recoveryCase({ name: "sqlite/read-all/1M", kind: "sqlite", rowCount, unit: "rows/s" }),
    recoveryCase({ name: "map/json-lines/1M", kind: "json-lines", rowCount, unit: "rows/s" }),
  ],
};
