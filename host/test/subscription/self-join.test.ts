// Random subscriptions, each of a table with itself; see run-mode.ts.
import { testMode } from "./run-mode.ts";

testMode("self-join", { joins: 2000, changes: 20_000 });
