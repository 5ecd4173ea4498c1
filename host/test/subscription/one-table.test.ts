// Random subscriptions, each to the rows of one table; see run-mode.ts.
import { testMode } from "./run-mode.ts";

testMode("one table", { subscriptions: 2000, changes: 50_000 });
