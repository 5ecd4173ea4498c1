// Which views a text reads, so that their rows can be made before it is run.
import { LightconeError } from "@lightcone/abi";
import type { ReadView } from "../../datastore/datastore.ts";
import { anyParameters } from "../parse/parameter.ts";
import { parseStatement } from "../parse/parse.ts";
import { allTableTexts, isAllTables } from "../table-query.ts";
import type { Select, Statement } from "../parse/tree.ts";
import { readRowRules } from "./rule-rows.ts";
import type { SqlCaller } from "./visibility.ts";

function selectOf(text: string): Select | undefined {
  let statement: Statement;
  try {
    statement = parseStatement(text, "wide", anyParameters);
  } catch (thrown) {
    // Whoever runs the text is told what is wrong with it.
    if (thrown instanceof LightconeError) return undefined;
    throw thrown;
  }
  return statement.kind === "select" ? statement : undefined;
}

function collectViews(text: string, view: ReadView, caller: SqlCaller, found: Set<string>): void {
  const select = selectOf(text);
  if (select === undefined) return;
  for (const { table } of [select.from, ...select.joins.map(({ right }) => right)]) {
    const name = view.tableByName(table.text)?.schema.name;
    if (name !== undefined && caller.view(name) !== undefined) found.add(name);
  }
}

/**
 * The names in the database of all views that a SELECT or a subscription's text reads for `caller`, row rules included. A
 * text that does not parse reads none.
 */
export function viewsOf(text: string, view: ReadView, caller: SqlCaller): ReadonlySet<string> {
  const found = new Set<string>();
  const texts = isAllTables(text) ? allTableTexts(view, caller) : [text];
  for (const each of texts) collectViews(each, view, caller, found);
  if (!caller.isOwner) {
    for (const { sql } of readRowRules(view)) collectViews(sql, view, caller, found);
  }
  return found;
}
