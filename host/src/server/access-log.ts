// Every request as an event, for whoever looks into a problem. Query strings are left out, since they may hold tokens.
import type { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../base/clock.ts";
import { clientAddress } from "./limits/address.ts";
import type { Logger } from "./logger.ts";

export interface AccessLogOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly trustsProxy: boolean;
}

/** Logs at debug; a host that does not log that much pays nothing. */
export function logAccess(
  server: EventEmitter,
  { logger, clock, trustsProxy }: AccessLogOptions,
): void {
  if (!logger.has("debug")) return;
  const fieldsOf = (request: IncomingMessage): Record<string, string> => ({
    method: request.method ?? "",
    path: (request.url ?? "").split("?", 1).join(""),
    client: clientAddress(request, trustsProxy),
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const start = clock.nowMillis();
    const fields = fieldsOf(request);
    response.once("close", () => {
      const millis = Math.round(clock.nowMillis() - start);
      const isWhole = response.writableFinished;
      logger.log("debug", "request", { ...fields, status: response.statusCode, millis, isWhole });
    });
  });
  server.on("upgrade", (request: IncomingMessage) => {
    const start = clock.nowMillis();
    const fields = fieldsOf(request);
    logger.log("debug", "upgrade", fields);
    request.socket.once("close", () => {
      const millis = Math.round(clock.nowMillis() - start);
      logger.log("debug", "upgraded_connection_closed", { ...fields, millis });
    });
  });
}
