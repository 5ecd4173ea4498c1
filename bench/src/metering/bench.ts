// The benchmark `metering` and its cases; README.md tells what each is.
import type { Bench } from "../contract.ts";
import { bankCase } from "./bank-case.ts";
import { kernelCase } from "./kernel-case.ts";

export const meteringBench: Bench = {
  name: "metering",
  summary: "what modules pay for being metered",
  windowSeconds: 4,
  runs: [kernelCase(), bankCase()],
};
