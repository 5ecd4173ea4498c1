// The tables that are measured and what each is measured for. A scenario is one table in a process
// of its own: filled, then read and changed.
import type { IndexKind, RowShape } from "../rows.ts";

/** In the order in which a scenario runs them. The last ones are seen, not run. */
const operations = [
  "insert",
  "bytes-per-row",
  "js-heap-mb",
  "point-read",
  "range-scan",
  "update",
  "mixed",
  "delete",
] as const;

export type Operation = (typeof operations)[number];

export interface Scenario {
  readonly engine: "lightcone" | "sqlite" | "map";
  readonly shape: RowShape;
  readonly index: IndexKind;
  /** The order in which keys are inserted; all other operations draw theirs. */
  readonly order: "ascending" | "random";
  readonly rowCount: number;
  readonly operations: readonly Operation[];
}

function sizeText({ shape, rowCount }: Scenario): string {
  const size = `${rowCount / 1_000_000}M`;
  return shape === "strings" ? `strings/${size}` : size;
}

/** The figure's name: `point-read/hash/10M`, `insert-random/1M`, `sqlite/update/strings/1M`. */
export function figureName(scenario: Scenario, operation: Operation): string {
  const { engine, index, order } = scenario;
  const parts: string[] = engine === "lightcone" ? [] : [engine];
  const isRandom = order === "random";
  parts.push(isRandom && operation === "insert" ? "insert-random" : operation);
  const namesIndex = index === "hash" || operation === "point-read";
  if (engine === "lightcone" && namesIndex) parts.push(index);
  if (isRandom && operation !== "insert") parts.push("insert-random");
  return [...parts, sizeText(scenario)].join("/");
}

const tree = { engine: "lightcone", index: "btree", order: "ascending" } as const;
const everything = operations;

/** All tables of one shape and size, ours first, those that they are compared with behind. */
function scenariosOf(shape: RowShape, rowCount: number): Scenario[] {
  const common = { shape, rowCount } as const;
  const unordered = operations.filter((each) => each !== "range-scan");
  const withoutHeap = operations.filter((each) => each !== "js-heap-mb");
  return [
    { ...common, ...tree, operations: everything },
    {
      ...common,
      ...tree,
      index: "hash",
      operations: ["insert", "bytes-per-row", "point-read", "update", "delete"],
    },
    {
      ...common,
      ...tree,
      order: "random",
      operations: ["insert", "bytes-per-row", "point-read"],
    },
    {
      ...common,
      ...tree,
      index: "hash",
      order: "random",
      operations: ["insert", "point-read"],
    },
    { ...common, ...tree, engine: "sqlite", operations: withoutHeap },
    { ...common, ...tree, engine: "sqlite", order: "random", operations: ["insert"] },
    { ...common, ...tree, engine: "map", operations: unordered },
    { ...common, ...tree, engine: "map", order: "random", operations: ["insert"] },
  ];
}

/** Keys in no order at the larger size alone; there it shows how far away memory is. */
export const scenarios: readonly Scenario[] = [
  ...scenariosOf("numbers", 1_000_000).filter(({ order }) => order === "ascending"),
  ...scenariosOf("strings", 1_000_000).filter(({ order }) => order === "ascending"),
  ...scenariosOf("numbers", 10_000_000),
];
