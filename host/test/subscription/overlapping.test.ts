// Random subscriptions, several in a set, several sets and clients that come and go; see run-mode.ts.
import { testMode } from "./run-mode.ts";

testMode("overlapping", { joins: 1000, events: 10_000, subscriptions: 5000 });
