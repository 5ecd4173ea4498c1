// Random subscriptions, to views of the sender's and of nobody's, rows and queries; see run-mode.ts.
import { testMode } from "./run-mode.ts";

testMode("views", { viewRuns: 100_000, changes: 20_000 });
