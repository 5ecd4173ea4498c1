// Random queries on random tables, small enough for rows to meet and near enough to what subscriptions take.
import { present } from "@lightcone/abi";
import type { Rng } from "@lightcone/fixtures/rng";
import { isSenderKind, type KindName, kinds } from "./kinds.ts";
import {
  type ColumnRef,
  type Condition,
  type Operator,
  type Query,
  type Script,
  sourceColumns,
} from "./script.ts";

type Sources = Pick<Script, "tables" | "views">;

/** What a query may be made of. */
export interface QueryLimits {
  readonly from: readonly number[];
  readonly relationCount: number;
  /** Whether every relation is the same table. */
  readonly isSelfJoin: boolean;
  readonly allowsSender: boolean;
}

/** A random condition on some relations. */
class ConditionMaker {
  readonly #rng: Rng;
  readonly #kinds: readonly (readonly KindName[])[];
  readonly #allowsSender: boolean;

  constructor(rng: Rng, sources: Sources, from: readonly number[], allowsSender: boolean) {
    this.#rng = rng;
    this.#kinds = from.map((source) => sourceColumns(sources, source).map(({ kind }) => kind));
    this.#allowsSender = allowsSender;
  }

  kindOf({ relation, column }: ColumnRef): KindName {
    return present(this.#kinds[relation]?.[column], "a column");
  }

  /** Columns of a relation that SQL compares, of one kind if given. */
  columns(relation: number, kind?: KindName): ColumnRef[] {
    return (this.#kinds[relation] ?? []).flatMap((each, column) =>
      kinds[each].isComparable && (kind === undefined || each === kind)
        ? [{ relation, column }]
        : [],
    );
  }

  comparison(): Condition {
    const rng = this.#rng;
    const candidates = this.#kinds.flatMap((_, relation) => this.columns(relation));
    if (candidates.length === 0) return { kind: "constant", value: true };
    const left = rng.pick(candidates);
    const kind = this.kindOf(left);
    if (kind === "bool" && rng.nextBelow(3) === 0) return { kind: "flag", column: left };
    const operator: Operator =
      rng.nextBelow(2) === 0 ? "=" : rng.pick(["<", "<=", ">", ">=", "<>"] as const);
    const isTurned = rng.nextBelow(4) === 0;
    const compared = (right: Extract<Condition, { kind: "compare" }>["right"]): Condition => ({
      kind: "compare",
      left,
      operator,
      right,
      isTurned,
    });
    if (this.#allowsSender && isSenderKind(kind) && rng.nextBelow(2) === 0) {
      return compared("sender");
    }
    if (rng.nextBelow(6) === 0) {
      return compared(rng.pick(this.columns(rng.nextBelow(this.#kinds.length), kind).concat(left)));
    }
    const spelt = kinds[kind].cells.flatMap(({ literal }, cell) =>
      literal === undefined ? [] : [cell],
    );
    return compared({ cell: rng.pick(spelt) });
  }

  condition(depth: number): Condition {
    const rng = this.#rng;
    const dice = rng.nextBelow(depth > 0 ? 10 : 6);
    if (dice < 6) return this.comparison();
    if (dice === 6 && rng.nextBelow(4) === 0) {
      return { kind: "constant", value: rng.nextBelow(3) > 0 };
    }
    if (dice === 7 && rng.nextBelow(3) === 0) {
      return { kind: "same", left: this.comparison(), right: this.comparison() };
    }
    const parts = Array.from({ length: 2 + rng.nextBelow(2) }, () => this.condition(depth - 1));
    return { kind: dice === 6 ? "and" : "or", parts };
  }

  where(): Condition | null {
    const parts = Array.from({ length: this.#rng.nextBelow(3) }, () => this.condition(2));
    const [first] = parts;
    return parts.length > 1 ? { kind: "and", parts } : (first ?? null);
  }
}

/** Columns that a table is indexed by alone. */
function indexedColumns({ tables }: Sources, source: number): Set<number> {
  const singles = (tables[source]?.indexes ?? []).filter((index) => index.length === 2);
  return new Set(singles.map(([, column]) => column as number));
}

function randomJoin(
  rng: Rng,
  maker: ConditionMaker,
  sources: Sources,
  from: readonly number[],
  relation: number,
): Query["joins"][number] {
  const pairs = from
    .slice(0, relation)
    .flatMap((_, outer) =>
      maker
        .columns(outer)
        .flatMap((left) =>
          maker.columns(relation, maker.kindOf(left)).map((right) => ({ left, right })),
        ),
    );
  // Without an index a subscription is refused, which says nothing about its changes.
  const indexed = indexedColumns(sources, from[relation] ?? 0);
  const watched = pairs.filter(({ right }) => indexed.has(right.column));
  const chosen = watched.length > 0 && rng.nextBelow(8) > 0 ? watched : pairs;
  if (chosen.length === 0 || rng.nextBelow(20) === 0) return null;
  const { left, right } = rng.pick(chosen);
  return rng.nextBelow(2) === 0 ? { left, right } : { left: right, right: left };
}

export function randomQuery(rng: Rng, sources: Sources, limits: QueryLimits): Query {
  const { relationCount, isSelfJoin, allowsSender } = limits;
  const first = rng.pick(limits.from);
  const from = Array.from({ length: relationCount }, (_, i) =>
    i === 0 || isSelfJoin ? first : rng.pick(limits.from),
  );
  const maker = new ConditionMaker(rng, sources, from, allowsSender);
  return {
    from,
    joins: from.slice(1).map((_, i) => randomJoin(rng, maker, sources, from, i + 1)),
    where: maker.where(),
    returned: rng.nextBelow(relationCount),
    style: rng.nextBelow(6),
  };
}

/** A condition on the rows of one source. */
export function randomCondition(
  rng: Rng,
  sources: Sources,
  source: number,
  allowsSender: boolean,
): Condition {
  return new ConditionMaker(rng, sources, [source], allowsSender).condition(1);
}
