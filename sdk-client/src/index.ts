// All that a user of this package sees. The second half is what generated bindings are made of.
export { type Clockwork, defaultReconnect, type ReconnectOptions } from "./backoff.ts";
export type { ConnectionBuilder } from "./builder.ts";
export type { DbConnection, QueryInput } from "./connection.ts";
export type { ConnectionStatus, DisconnectedEvent, EventContext, Stop } from "./event.ts";
export type { Persistence, PersistenceHost } from "./persistence.ts";
export {
  type Column,
  type Columns,
  type Condition,
  type JoinColumn,
  type JoinCondition,
  type Literal,
  type Query,
  type Sender,
  sender,
  type TableQuery,
} from "./query.ts";
export type { CallResult, OfflineQueueOptions } from "./request.ts";
export type { Bounds, RowIndex } from "./row-index.ts";
export type { SqlRow } from "./sql-row.ts";
export type { Subscription, SubscriptionCallbacks, SubscriptionState } from "./subscription.ts";
export type {
  EventTable,
  IndexedTable,
  KeyedTable,
  Table,
  TableChange,
  UniqueTable,
} from "./table.ts";
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
export { queryTables } from "./query.ts";
export { rowIndexes } from "./row-index.ts";
export type {
  ModuleSchema,
  ModuleTypes,
  ProcedureSchema,
  ReducerSchema,
  TableSchema,
} from "./schema.ts";
export type { ColumnKind } from "./sql-text.ts";
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
