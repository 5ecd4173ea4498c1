// The engine without a server, for benchmarks and tests. Not a stable interface.
export { type Clock, ManualClock, systemClock } from "./base/clock.ts";
export { systemPause } from "./base/pause.ts";
export { nodeDisk } from "./base/disk/node.ts";
export type { Disk } from "./base/disk/contract.ts";
export { admitCall, runCall } from "./database/call.ts";
export { type Client, makeClient } from "./database/client.ts";
export { Database, logDirectory } from "./database/database.ts";
export { Datastore } from "./datastore/datastore.ts";
export type { ReplayVisitor } from "./log/contract.ts";
export { scanLog } from "./log/scan.ts";
export { DatabaseService } from "./session/service.ts";
export { openSlab, type SealedSlab } from "./session/slab.ts";
