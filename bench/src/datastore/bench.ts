// The benchmark `datastore` and its cases; README.md tells what each is.
import type { Bench } from "../contract.ts";
import { cellCase } from "./cell-case.ts";
import { scenarios } from "./scenario.ts";
import { tableCase } from "./table-case.ts";

export const datastoreBench: Bench = {
  name: "datastore",
  summary: "rows in memory, ours and in better-sqlite3 and a Map, and what they take",
  windowSeconds: 1,
  // Peers stand beside what is compared with them, so that both meet the machine in the same state.
  runs: [...scenarios.map(tableCase), cellCase("insert"), cellCase("scan")],
};
