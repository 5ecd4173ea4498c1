// What becomes of a statement: most go to the database, some are answered here.
import type { CatalogTable, Column } from "./contract.ts";
import { planCatalog } from "./catalog.ts";
import { localColumn, type LocalRow } from "./local-rows.ts";
import type { BoundValue } from "./parameter-value.ts";
import { planScalar, type ScalarContext } from "./scalar.ts";
import { firstWord, parseUtility, type Utility } from "./utility.ts";

/** Rows that are made here; `tables` reads the database's catalog. */
export interface LocalPlan {
  readonly kind: "local";
  readonly columns: readonly Column[];
  readonly parameterOids: readonly number[];
  rows(
    context: ScalarContext,
    values: readonly BoundValue[],
    tables: () => Promise<readonly CatalogTable[]>,
  ): readonly LocalRow[] | Promise<readonly LocalRow[]>;
}

export type Plan =
  | { readonly kind: "empty" }
  | {
      readonly kind: "utility";
      readonly utility: Exclude<Utility, { kind: "show" | "showAll" }>;
    }
  | LocalPlan
  | { readonly kind: "sql"; readonly isWrite: boolean };

const writeWords = new Set(["INSERT", "UPDATE", "DELETE", "SET"]);

/** Longer statements are none of those that are answered here, and need not be looked at. */
const localLengthMax = 16 * 1024;

function planShow(utility: Extract<Utility, { kind: "show" | "showAll" }>): LocalPlan {
  if (utility.kind === "show") {
    return {
      kind: "local",
      columns: [localColumn(utility.name.toLowerCase(), "text")],
      parameterOids: [],
      rows: ({ settings }) => [[settings.get(utility.name)]],
    };
  }
  return {
    kind: "local",
    columns: ["name", "setting", "description"].map((name) => localColumn(name, "text")),
    parameterOids: [],
    rows: ({ settings }) => settings.all.map(([name, value]) => [name, value, ""]),
  };
}

/** Plans one statement, without blanks around it. `types` are those given for its parameters. Throws PgFault. */
export function planStatement(text: string, types: readonly number[]): Plan {
  if (text === "") return { kind: "empty" };
  const sql: Plan = { kind: "sql", isWrite: writeWords.has(firstWord(text)) };
  if (text.length > localLengthMax) return sql;
  const utility = parseUtility(text);
  if (utility !== undefined) {
    return utility.kind === "show" || utility.kind === "showAll"
      ? planShow(utility)
      : { kind: "utility", utility };
  }
  const scalar = planScalar(text, types);
  if (scalar !== undefined) {
    const { columns, parameterOids } = scalar;
    const rows: LocalPlan["rows"] = (context, values) => [scalar.row(context, values)];
    return { kind: "local", columns, parameterOids, rows };
  }
  return planCatalog(text) ?? sql;
}
