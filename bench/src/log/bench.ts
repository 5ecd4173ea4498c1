// The benchmark `log` and its cases; README.md tells what each is.
import type { Bench } from "../contract.ts";
import { diskCase, logCase, sqliteCase } from "./log-case.ts";

export const logBench: Bench = {
  name: "log",
  summary: "commits that are durable, ours and of better-sqlite3",
  windowSeconds: 3,
  runs: [...[1, 16, 256].map(logCase), sqliteCase(), diskCase()],
};
