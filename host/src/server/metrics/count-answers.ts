// Counts answers of the HTTP side, under the database that each is about.
import { LightconeError } from "@lightcone/abi";
import type { Answered, HttpOptions } from "../http.ts";
import { findDatabase } from "../resolve.ts";
import { parseDatabaseRef } from "../database-name.ts";
import type { Services } from "../router.ts";
import { noDatabase } from "./metrics.ts";

/** The identity of the database in a path; none if there is no such database. */
function databaseIn({ found }: Answered, { control }: Services): string {
  const text = found?.params["db"];
  if (text === undefined) return noDatabase;
  try {
    return findDatabase(control, parseDatabaseRef(text))?.identity.toHex() ?? noDatabase;
  } catch (thrown) {
    if (thrown instanceof LightconeError) return noDatabase;
    throw thrown;
  }
}

/** For `HttpOptions.onAnswer`. */
export function countAnswers(services: Services): Required<HttpOptions>["onAnswer"] {
  const { metrics } = services;
  return (answered) => {
    const { found, status, byteCount } = answered;
    metrics.answered(found?.route, status);
    const counts = metrics.database(databaseIn(answered, services));
    counts.httpBytes += byteCount;
    if (found?.route.path.endsWith("/subscribe") !== true || status < 400) return;
    const isRefused = status === 401 || status === 403;
    counts.addRejection(isRefused ? "authorization_failed" : "websocket_upgrade_error");
  };
}
