// The query parameters of publishing (http-and-auth.md section 4.1).
import { LightconeError } from "@lightcone/abi";
import { type DatabaseRef, parseDatabaseRef } from "../database-name.ts";
import { badQuery, queryFlag, queryText, queryVariant } from "../query.ts";

/** Greatest `num_replicas`. */
const replicaCountMax = 255;

export type HostType = "Wasm" | "Js";

export interface PublishQuery {
  /** Drop all data first. */
  readonly clear: boolean;
  readonly hostType: HostType;
  readonly policy: "Compatible" | "BreakClients";
  /**
   * As given out by pre_publish. Where credentials are in the query as well, it is their parameter
   * that wins.
   */
  readonly migrationToken: string | undefined;
  readonly hasParent: boolean;
  /** What the new database shall belong to: only its existence is looked at. */
  readonly relatedDatabases: readonly DatabaseRef[];
}

/**
 * LC_REQUEST_INVALID for a bad value. Unknown parameters are ignored, and so is the wish to wait
 * longer.
 */
export function parsePublishQuery(query: URLSearchParams): PublishQuery {
  checkReplicaCount(queryText(query, "num_replicas"));
  const parent = queryText(query, "parent");
  const organization = queryText(query, "organization") ?? queryText(query, "org");
  return {
    clear: queryFlag(query, "clear", false),
    hostType: queryVariant(query, "host_type", ["Wasm", "Js"]) ?? "Wasm",
    policy: queryVariant(query, "policy", ["Compatible", "BreakClients"]) ?? "Compatible",
    migrationToken: queryText(query, "token"),
    hasParent: parent !== undefined,
    relatedDatabases: [parent, organization].flatMap((text) =>
      text === undefined ? [] : [parseDatabaseRef(text)],
    ),
  };
}

function checkReplicaCount(text: string | undefined): void {
  if (text === undefined) return;
  if (!/^\d{1,9}$/.test(text)) {
    throw badQuery(`num_replicas: expected a whole number, given \`${text}\``);
  }
  if (Number(text) <= replicaCountMax) return;
  throw new LightconeError(
    "LC_REQUEST_INVALID",
    `Replication factor ${Number(text)} out of bounds`,
  );
}

/** LC_NOT_YET for programs in JavaScript. */
export function requireWasm(hostType: HostType): void {
  if (hostType === "Wasm") return;
  throw new LightconeError("LC_NOT_YET", "this version runs Wasm modules, not yet those of Js");
}
