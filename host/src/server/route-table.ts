// Every route of the HTTP API.
import type { Route } from "./router.ts";
import { backupRoutes } from "./routes/backup.ts";
import { callRoutes } from "./routes/call.ts";
import { databaseRoutes } from "./routes/database.ts";
import { deletionRoutes } from "./routes/deletion.ts";
import { grantRoutes } from "./routes/grants.ts";
import { healthRoutes } from "./routes/health.ts";
import { identityRoutes } from "./routes/identity.ts";
import { logRoutes } from "./routes/logs.ts";
import { moduleRoutes } from "./routes/module.ts";
import { nameRoutes } from "./routes/names.ts";
import { publishRoutes } from "./routes/publish.ts";
import { queryRoutes } from "./routes/query.ts";
import { subscribeRoutes } from "./routes/subscribe.ts";
import { versionRoutes } from "./routes/versions.ts";

export const routes: readonly Route[] = [
  ...healthRoutes,
  ...identityRoutes,
  ...publishRoutes,
  ...databaseRoutes,
  ...deletionRoutes,
  ...versionRoutes,
  ...grantRoutes,
  ...nameRoutes,
  ...backupRoutes,
  ...callRoutes,
  ...queryRoutes,
  ...logRoutes,
  ...subscribeRoutes,
  ...moduleRoutes,
];
