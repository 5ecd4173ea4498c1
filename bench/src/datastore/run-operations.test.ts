import { test } from "tap";
import type { RowShape } from "../rows.ts";
import { sqliteLeftOut } from "../sqlite.ts";
import { ascendingKeys, shuffledKeys } from "./keys.ts";
import { LightconeSubject } from "./lightcone-subject.ts";
import { MapSubject } from "./map-subject.ts";
import { type Measured, OperationRuns } from "./run-operations.ts";
import type { Operation, Scenario } from "./scenario.ts";
import { makeTexts, SqliteSubject } from "./sqlite-subject.ts";
import type { Subject } from "./subject.ts";

const rowCount = 2000;

const all: readonly Operation[] = [
  "insert",
  "bytes-per-row",
  "js-heap-mb",
  "point-read",
  "range-scan",
  "update",
  "mixed",
  "delete",
];

function measure(
  shape: RowShape,
  makeSubject: () => Subject,
  operations: readonly Operation[],
): Measured[] {
  const scenario: Scenario = {
    engine: "lightcone",
    index: "btree",
    order: "ascending",
    shape,
    rowCount,
    operations,
  };
  const keys = { insert: ascendingKeys(rowCount), drawn: shuffledKeys(rowCount, "draw") };
  const timing = { windowSeconds: 0.003, warmUpSeconds: 0.001 };
  return new OperationRuns(scenario, makeSubject, keys, timing).run(() => true);
}

void test("every subject does every operation that it can", (t) => {
  const unordered = all.filter((operation) => operation !== "range-scan");
  for (const shape of ["numbers", "strings"] as const) {
    const texts = shape === "strings" ? makeTexts(rowCount) : [];
    const check = (
      name: string,
      makeSubject: () => Subject,
      operations: readonly Operation[],
    ): void => {
      const measured = measure(shape, makeSubject, operations);
      const title = `${name} ${shape}`;
      t.same(
        measured.map(({ operation }) => operation),
        operations,
        title,
      );
      for (const { operation, value } of measured) {
        // So few rows may fit into memory that the process had before.
        if (operation !== "bytes-per-row") t.ok(value > 0, `${title} ${operation}: ${value}`);
      }
    };
    check("btree", () => new LightconeSubject(shape, "btree", rowCount), all);
    check("hash", () => new LightconeSubject(shape, "hash", rowCount), unordered);
    check("map", () => new MapSubject(shape, texts), unordered);
    if (sqliteLeftOut() === undefined) check("sqlite", () => new SqliteSubject(shape, texts), all);
  }
  t.end();
});

void test("a subject that does less than it says fails the verification", (t) => {
  const check = (broken: Partial<Subject>, operation: Operation, message: RegExp): void => {
    const makeSubject = (): Subject => {
      const subject = new LightconeSubject("numbers", "btree", rowCount);
      return new Proxy<Subject>(subject, {
        get: (target, name: keyof Subject) => {
          const value = broken[name] ?? target[name];
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    };
    t.throws(() => measure("numbers", makeSubject, ["insert", operation]), message, operation);
  };
  const nothing = (): void => undefined;
  check({ rowCount: rowCount - 1 }, "point-read", /rows: 1999, expected 2000/);
  check({ insert: nothing }, "point-read", /rows: 0, expected 2000/);
  check({ read: () => 1 }, "point-read", /the sum of values: 1, expected/);
  check({ scan: () => 1 }, "range-scan", /the sum of a range: 1, expected/);
  check({ update: nothing }, "update", /the sum of values/);
  check({ delete: nothing }, "delete", /rows left: 2000, expected 0/);
  t.end();
});
