// The benchmark `subscriptions` and its cases; README.md tells what each is.
import type { Bench } from "../contract.ts";
import { fanOutEngineCase, growthCase, semijoinCase } from "./engine-case.ts";
import { fanOutCase, firstRowsCase, subscribeCase } from "./sockets-case.ts";
import { growthKinds } from "./settings.ts";

export const subscriptionsBench: Bench = {
  name: "subscriptions",
  summary: "what watching costs: changes for thousands of clients, first results",
  windowSeconds: 4,
  runs: [
    ...growthKinds.map(growthCase),
    semijoinCase(),
    fanOutEngineCase(),
    fanOutCase(),
    subscribeCase(),
    firstRowsCase(),
  ],
};
