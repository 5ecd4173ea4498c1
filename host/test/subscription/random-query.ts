// Random schemas, queries and rules, small enough for rows to meet.
import type { Rng } from "@lightcone/fixtures/rng";
import type {
  Cell,
  ColumnRef,
  ModelColumn,
  ModelCondition,
  ModelQuery,
  ModelRule,
  ModelTable,
} from "./model-query.ts";

/** Hex of the identities that rows may name; the first two are callers. */
export const identities: readonly string[] = ["1", "2", "3"].map((digit) =>
  digit.padStart(64, "0"),
);

/** What the hidden column of views holds. */
export const viewKeys: readonly string[] = ["7", "8"];

const domains: Readonly<Record<ModelColumn["kind"], readonly Cell[]>> = {
  u32: [0, 1, 2, 3],
  string: ["", "x", "yy"],
  identity: identities,
  f64: [0, -0, 1, -1.5],
  hash: viewKeys,
};

const columns = (text: string): ModelColumn[] =>
  text.split(" ").map((part) => {
    const [name = "", kind = "u32"] = part.split(":");
    return { name, kind: kind as ModelColumn["kind"] };
  });

/** Tables in the order in which rules may speak of them: of themselves and of those before. */
export const modelTables: readonly ModelTable[] = [
  { name: "c", columns: columns("k v"), isView: false },
  { name: "b", columns: columns("id a_id v f:f64"), isView: false },
  { name: "a", columns: columns("id k v who:identity s:string"), isView: false },
  { name: "w", columns: columns("arg_hash:hash id k"), isView: true },
];

export function randomCell(rng: Rng, { name, kind }: ModelColumn): Cell {
  return name === "id" ? rng.nextBelow(8) : rng.pick(domains[kind]);
}

function namedColumns({ columns: all, isView }: ModelTable): number[] {
  return all.map((_, i) => i).slice(isView ? 1 : 0);
}

function columnsOfKind(table: ModelTable, kind: ModelColumn["kind"]): number[] {
  return namedColumns(table).filter((column) => table.columns[column]?.kind === kind);
}

function randomColumn(rng: Rng, tables: readonly ModelTable[], relation: number): ColumnRef {
  return { relation, column: rng.pick(namedColumns(tables[relation] as ModelTable)) };
}

function randomComparison(rng: Rng, tables: readonly ModelTable[]): ModelCondition {
  const left = randomColumn(rng, tables, rng.nextBelow(tables.length));
  const column = tables[left.relation]?.columns[left.column] as ModelColumn;
  const isOrdered = column.kind !== "identity";
  const operator = isOrdered && rng.nextBelow(2) === 0 ? rng.pick(["<", ">=", "<>"] as const) : "=";
  if (column.kind === "identity" && rng.nextBelow(2) === 0) {
    return { kind: "compare", left, operator, right: "sender" };
  }
  const relation = rng.nextBelow(tables.length);
  const others = columnsOfKind(tables[relation] as ModelTable, column.kind);
  if (others.length > 0 && rng.nextBelow(4) === 0) {
    return { kind: "compare", left, operator, right: { relation, column: rng.pick(others) } };
  }
  // What is spelt -0 is read as the number.
  const value = randomCell(rng, column);
  return { kind: "compare", left, operator, right: { value } };
}

function randomConditions(rng: Rng, tables: readonly ModelTable[]): ModelCondition[] {
  return Array.from({ length: rng.nextBelow(3) }, (): ModelCondition => {
    if (rng.nextBelow(4) > 0) return randomComparison(rng, tables);
    return { kind: "or", parts: [randomComparison(rng, tables), randomComparison(rng, tables)] };
  });
}

function randomJoin(
  rng: Rng,
  tables: readonly ModelTable[],
  relation: number,
): ModelQuery["joins"][number] {
  const left = randomColumn(rng, tables, rng.nextBelow(relation));
  const kind = tables[left.relation]?.columns[left.column]?.kind ?? "u32";
  const fitting = columnsOfKind(tables[relation] as ModelTable, kind);
  if (fitting.length === 0) return undefined;
  const right = { relation, column: rng.pick(fitting) };
  return rng.nextBelow(2) === 0 ? { left, right } : { left: right, right: left };
}

/** A query on `relationCount` of the tables. */
export function randomQuery(
  rng: Rng,
  from: readonly ModelTable[],
  relationCount: number,
): ModelQuery {
  const first = rng.pick(from);
  const tables = Array.from({ length: relationCount }, (_, i) =>
    i === 0 || rng.nextBelow(3) === 0 ? first : rng.pick(from),
  );
  return {
    tables,
    joins: tables.slice(1).map((_, i) => randomJoin(rng, tables, i + 1)),
    conditions: randomConditions(rng, tables),
    returned: rng.nextBelow(relationCount),
  };
}

/** Up to two rules for some of the tables; none needs another that needs it. */
export function randomRules(rng: Rng): ModelRule[] {
  const rules: ModelRule[] = [];
  modelTables.forEach((table, position) => {
    if (table.isView || rng.nextBelow(3) > 0) return;
    for (let count = 1 + rng.nextBelow(2); count > 0; count--) {
      const earlier = modelTables.slice(0, position + 1);
      const query = randomQuery(rng, earlier, 1 + rng.nextBelow(2));
      if (query.tables[query.returned] === table) rules.push({ table: table.name, query });
    }
  });
  return rules;
}
