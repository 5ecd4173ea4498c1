// What tests of a module see: `@lightcone/host/testing`.
export {
  ConnectionId,
  Identity,
  LightconeError,
  TimeDuration,
  Timestamp,
  Uuid,
} from "@lightcone/abi";
export type { ProductValue, Value } from "@lightcone/abi";
export { type CallerOptions, identityOf } from "./embedded/caller.ts";
export type { CallResult } from "./embedded/client.ts";
export type { Fields } from "./embedded/field-codec.ts";
export type { LogLine } from "./embedded/log-line.ts";
export type { Program } from "./embedded/program.ts";
export type { TableChange } from "./embedded/row-set.ts";
export type { AnyModule, ModuleTypes } from "./embedded/types.ts";
export {
  type ForkOptions,
  openTestDatabase,
  type OpenTestDatabaseOptions,
  type TestDatabase,
} from "./testing/app.ts";
export type { TestClient, TestSubscription } from "./testing/client.ts";
export type { TestClock } from "./testing/clock.ts";
export type { Coverage, FunctionCoverage } from "./testing/coverage.ts";
export type { ExpectedRequest, HttpHandler, SentRequest } from "./testing/http.ts";
export type { NewRow, TestTable } from "./testing/tables.ts";
