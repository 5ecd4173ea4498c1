// Random subscriptions, joins of two tables among them; see run-mode.ts.
import { testMode } from "./run-mode.ts";

testMode("join", { joins: 1000, changes: 20_000 });
