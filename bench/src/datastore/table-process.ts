// The process of one table: cases must not share a heap, nor what the compiler learned of another.
import { answerParent } from "../remote.ts";
import type { RowShape } from "../rows.ts";
import { ascendingKeys, shuffledKeys } from "./keys.ts";
import { LightconeSubject } from "./lightcone-subject.ts";
import { MapSubject } from "./map-subject.ts";
import { type Measured, OperationRuns, type OperationTiming } from "./run-operations.ts";
import type { Operation, Scenario } from "./scenario.ts";
import { makeTexts, SqliteSubject } from "./sqlite-subject.ts";
import type { Subject } from "./subject.ts";

export type TableMethods = {
  run: {
    params: {
      readonly scenario: Scenario;
      readonly operations: readonly Operation[];
      readonly timing: OperationTiming;
    };
    result: readonly Measured[];
  };
};

/** A table small enough that it is over soon, and large enough that all code is compiled then. */
const warmUpRowCount = 40_000;
const warmUpTiming: OperationTiming = { windowSeconds: 0.2, warmUpSeconds: 0 };

const subjectMakers: Readonly<Record<Scenario["engine"], (scenario: Scenario) => () => Subject>> = {
  lightcone:
    ({ shape, index, rowCount }) =>
    () =>
      new LightconeSubject(shape, index, rowCount),
  sqlite: ({ shape, rowCount }) => {
    const texts = textsOf(shape, rowCount);
    return () => new SqliteSubject(shape, texts);
  },
  map: ({ shape, rowCount }) => {
    const texts = textsOf(shape, rowCount);
    return () => new MapSubject(shape, texts);
  },
};

function textsOf(shape: RowShape, rowCount: number): string[] {
  return shape === "strings" ? makeTexts(rowCount) : [];
}

function runs(scenario: Scenario, timing: OperationTiming): OperationRuns {
  const { rowCount, order } = scenario;
  const drawn = shuffledKeys(rowCount, "draw");
  const insert = order === "random" ? shuffledKeys(rowCount, "insert") : ascendingKeys(rowCount);
  const makeSubject = subjectMakers[scenario.engine](scenario);
  return new OperationRuns(scenario, makeSubject, { insert, drawn }, timing);
}

answerParent<TableMethods>({
  run: ({ scenario, operations, timing }) => {
    const isWanted = (operation: Operation): boolean => operations.includes(operation);
    runs({ ...scenario, rowCount: warmUpRowCount }, warmUpTiming).run(isWanted);
    return runs(scenario, timing).run(isWanted);
  },
});
