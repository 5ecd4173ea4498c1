// The benchmark `publish` and its cases; README.md tells what each is.
import type { Bench } from "../contract.ts";
import { timesCase } from "./times-case.ts";
import { variantCase } from "./variant-case.ts";

export const publishBench: Bench = {
  name: "publish",
  summary: "programs that are published, and who notices",
  windowSeconds: 8,
  runs: [timesCase(), variantCase()],
};
