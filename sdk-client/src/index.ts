// All that a user of this package sees. The second half is what generated bindings are made of.
export { type Clockwork, defaultReconnect, type ReconnectOptions } from "./backoff.ts";
export type { ConnectionBuilder } from "./builder.ts";
export type { DbConnection } from "./connection.ts";
export type { ConnectionStatus, DisconnectedEvent, EventContext, Stop } from "./event.ts";
export type { Persistence, PersistenceHost } from "./persistence.ts";
export type { CallResult } from "./request.ts";
export type { SqlRow } from "./sql-row.ts";
export type { Subscription, SubscriptionCallbacks } from "./subscription.ts";
export type { EventTable, KeyedTable, Table, TableChange, UniqueTable } from "./table.ts";
export { memoryTokenStore, type TokenStore } from "./token.ts";
export type { Socket, SocketAddress, SocketEvents, Transport } from "./transport.ts";
export {
  ConnectionId,
  type ErrorCode,
  Identity,
  LightconeError,
  TimeDuration,
  Timestamp,
  Uuid,
} from "@lightcone/abi";

export { connectionBuilder } from "./builder.ts";
export type { ModuleSchema, ModuleTypes, ReducerSchema, TableSchema } from "./schema.ts";
export type { ScheduleAt, Unit } from "./value.ts";
export {
  array,
  bytesType,
  connectionIdType,
  identityType,
  option,
  primitive,
  product,
  ref,
  scheduleAtType,
  sum,
  timeDurationType,
  timestampType,
  type Typespace,
  unitType,
  uuidType,
} from "@lightcone/abi";
