// The query parameters of publishing (http-and-auth.md section 4.1).
import { LightconeError } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
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
  /** How long the answer may wait until the program is durable. */
  readonly confirmationMillis: number;
  /** What the new database shall belong to: only its existence is looked at. */
  readonly relatedDatabases: readonly DatabaseRef[];
}

/** LC_REQUEST_INVALID for a bad value. Unknown parameters are ignored. */
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
    confirmationMillis: parseConfirmation(queryText(query, "update_confirmation_timeout")),
    relatedDatabases: [parent, organization].flatMap((text) =>
      text === undefined ? [] : [parseDatabaseRef(text)],
    ),
  };
}

const millisByUnit: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
};

/** Milliseconds of a text like `500ms` or `1m 30s`, up to the greatest that may be asked for. */
function parseConfirmation(text: string | undefined): number {
  if (text === undefined) return limit.publishWaitMillisDefault;
  const parts = [...text.matchAll(/(\d{1,9}) ?([a-z]+) ?/gy)];
  const millis = parts.map(([, digits, unit = ""]) => Number(digits) * (millisByUnit[unit] ?? NaN));
  const sum = millis.reduce((total, one) => total + one, 0);
  const isWhole = parts.map(([part]) => part).join("").length === text.length;
  if (!isWhole || text === "" || Number.isNaN(sum)) {
    throw badQuery(
      `update_confirmation_timeout: expected a duration such as 5s, given \`${text}\``,
    );
  }
  return Math.min(sum, limit.publishWaitMillisMax);
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
