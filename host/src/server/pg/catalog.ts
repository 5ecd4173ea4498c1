// Questions about PostgreSQL's catalog, which there is none of: those that psql and its like send are recognised, from a list, and
// answered from the database's own tables.
import { type Facts, findCatalogEntry } from "./catalog-entries.ts";
import { PgFault } from "./fault.ts";
import { localColumn, type LocalRow } from "./local-rows.ts";
import type { LocalPlan } from "./plan.ts";
import { normalised } from "./split.ts";

/** What is selected: how the answer calls it, and what of a row it is. */
interface SelectedItem {
  readonly heading: string;
  /** By what `Facts` may know it. */
  readonly keys: readonly string[];
}

/** Positions of a character outside of quotes and parentheses. */
function topLevel(text: string, isWanted: (at: number) => boolean): number[] {
  const found: number[] = [];
  let depth = 0;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (quote !== "") {
      if (character === quote) quote = "";
    } else if (character === "'" || character === '"') quote = character;
    else if (character === "(") depth++;
    else if (character === ")") depth--;
    else if (depth === 0 && isWanted(at)) found.push(at);
  }
  return found;
}

const aliasForm = /^(.*?)\s+as\s+(?:"([^"]*)"|(\w+))$/s;

/** An expression as `Facts` spells it. */
function keyOf(expression: string): string {
  return expression.replaceAll("pg_catalog.", "").replace(/\s+/g, "");
}

function itemOf(text: string): SelectedItem {
  const found = aliasForm.exec(text);
  const expression = found?.[1] ?? text;
  const heading = found?.[2] ?? found?.[3] ?? /\w+$/.exec(expression)?.[0] ?? "?column?";
  return { heading, keys: [keyOf(expression), heading.toLowerCase()] };
}

/** The select list of a normalised text, or undefined for what is no SELECT with FROM. */
function selectList(text: string): readonly SelectedItem[] | undefined {
  if (!text.startsWith("select ")) return undefined;
  const [from] = topLevel(text, (at) => text.startsWith(" from ", at));
  if (from === undefined) return undefined;
  const list = text.slice("select ".length, from);
  const commas = topLevel(list, (at) => list.charAt(at) === ",");
  return [...commas, list.length].map((end, i) => {
    const start = i === 0 ? 0 : (commas[i - 1] as number) + 1;
    return itemOf(list.slice(start, end).trim());
  });
}

function rowOf(items: readonly SelectedItem[], facts: Facts): LocalRow {
  return items.map(({ keys }) => {
    const known = keys.find((key) => facts.has(key));
    return known === undefined ? null : (facts.get(known) ?? null);
  });
}

/**
 * The plan of a question about the catalog; undefined for a statement that asks for something else. Throws PgFault 0A000 for
 * one that is not in the list.
 */
export function planCatalog(text: string): LocalPlan | undefined {
  if (!/\bpg_|\binformation_schema\b/i.test(text)) return undefined;
  const plain = normalised(text);
  if (!/\b(?:from|join) (?:pg_catalog\.|pg_|information_schema\.)/.test(plain)) return undefined;
  const items = selectList(plain);
  const rows = items && findCatalogEntry(plain);
  if (items === undefined || rows === undefined) {
    throw new PgFault(
      "0A000",
      "this question about PostgreSQL's catalog is not among those that are answered here",
      "Those of psql's \\d, \\dt, \\di, \\dv, \\l, \\dn and \\du are.",
    );
  }
  return {
    kind: "local",
    columns: items.map(({ heading }) => localColumn(heading, "text")),
    parameterOids: [],
    rows: async (context, _values, tables) => {
      const facts = rows(await tables(), context);
      return facts.map((each) => rowOf(items, each));
    },
  };
}
