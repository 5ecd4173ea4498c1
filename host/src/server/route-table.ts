// Every route of the HTTP API.
import type { Route } from "./router.ts";
import { authPolicyRoutes } from "./routes/auth-policy.ts";
import { backupRoutes } from "./routes/backup.ts";
import { callRoutes } from "./routes/call.ts";
import { databaseRoutes } from "./routes/database.ts";
import { deletionRoutes } from "./routes/deletion.ts";
import { energyRoutes } from "./routes/energy.ts";
import { grantRoutes } from "./routes/grants.ts";
import { healthRoutes } from "./routes/health.ts";
import { identityRoutes } from "./routes/identity.ts";
import { logRoutes } from "./routes/logs.ts";
import { mcpRoutes } from "./routes/mcp.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { moduleRoutes } from "./routes/module.ts";
import { nameRoutes } from "./routes/names.ts";
import { openApiRoute } from "./routes/openapi.ts";
import { publishRoutes } from "./routes/publish.ts";
import { queryRoutes } from "./routes/query.ts";
import { subscribeRoutes } from "./routes/subscribe.ts";
import { versionRoutes } from "./routes/versions.ts";

export const routes: readonly Route[] = [
  ...healthRoutes,
  ...metricsRoutes,
  ...identityRoutes,
  ...energyRoutes,
  ...publishRoutes,
  ...databaseRoutes,
  ...deletionRoutes,
  ...versionRoutes,
  ...grantRoutes,
  ...nameRoutes,
  ...authPolicyRoutes,
  ...backupRoutes,
  ...callRoutes,
  ...queryRoutes,
  ...logRoutes,
  ...subscribeRoutes,
  ...mcpRoutes,
  ...moduleRoutes,
  openApiRoute(() => routes),
];
