// What a program sees that has a database in its own process: `@lightcone/host/embedded`.
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
export type { CallResult, EmbeddedClient } from "./embedded/client.ts";
export {
  type EmbeddedDatabase,
  openDatabase,
  type OpenDatabaseOptions,
} from "./embedded/database.ts";
export type { Fields } from "./embedded/field-codec.ts";
export type { LogLine } from "./embedded/log-line.ts";
export type { Program } from "./embedded/program.ts";
export type { TableChange } from "./embedded/row-set.ts";
export type { ChangeListener, EmbeddedSubscription } from "./embedded/subscription.ts";
export type { AnyModule, ModuleTypes } from "./embedded/types.ts";
