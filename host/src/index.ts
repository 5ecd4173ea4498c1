// All that a user of this package sees.
export { describeModule } from "./module/describe.ts";
export { type AuthOptions, rotateSigningKeys } from "./server/auth/setup.ts";
export type { AuthPolicy } from "./server/auth/policy.ts";
export type { TrafficLimits } from "./server/limits/traffic.ts";
export type { TlsPaths } from "./server/tls.ts";
export { type RunningServer, type ServerOptions, startServer } from "./server/server.ts";
export type {
  DumpedCall,
  DumpedChange,
  DumpedTransaction,
  DumpedValue,
} from "./log/inspect/dump.ts";
export type { Finding, LogReport, SegmentReport } from "./log/inspect/check.ts";
export type { RepairPlan } from "./log/inspect/repair.ts";
export type { LogSummary } from "./log/inspect/summary.ts";
export { type LogPlace, type OfflineLog, openOfflineLog } from "./server/offline-log.ts";
