// The narrower language of subscriptions, one-off queries and row rules: SELECT of whole rows of one table
// (sql-and-subscriptions.md section 2.1).
import { LightconeError } from "@lightcone/abi";
import { faultAt } from "../fault.ts";
import { parseStatement } from "./parse.ts";
import type { Select } from "./tree.ts";

/** Parses `text`; refuses what general SQL has and queries for whole rows have not. `place` is said of LIMIT. */
export function parseWholeRowSelect(text: string, place: string): Select {
  if (text === "") throw new LightconeError("LC_SQL_SYNTAX", "SubscriptionError: Empty string");
  const statement = parseStatement(text);
  if (statement.kind !== "select") {
    throw faultAt("LC_SQL_UNSUPPORTED", "Unsupported: Non-SELECT queries", text, statement.at);
  }
  const { projection, limit } = statement;
  if (projection.kind !== "all") {
    const message =
      "Column projections are not supported in subscriptions; Subscriptions must return a table type";
    throw faultAt("LC_SQL_UNSUPPORTED", message, text, projection.at);
  }
  if (limit !== undefined) {
    throw faultAt("LC_SQL_UNSUPPORTED", `Unsupported: LIMIT in ${place}`, text, limit.at);
  }
  return statement;
}
