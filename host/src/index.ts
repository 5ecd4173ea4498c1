// All that a user of this package sees.
export { describeModule } from "./module/describe.ts";
export { type RunningServer, type ServerOptions, startServer } from "./server/server.ts";
