// Random subscriptions, to tables of which rules let through some rows; see run-mode.ts.
import { testMode } from "./run-mode.ts";

testMode("row rules", { joins: 500, subscriptions: 2000, changes: 20_000 });
