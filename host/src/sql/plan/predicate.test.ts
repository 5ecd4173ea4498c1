// Random predicates over random rows: what the compiled predicate says, with and without an index, is what a plain evaluator
// says of the decoded values.
import {
  type AlgebraicType,
  bytesType,
  ConnectionId,
  connectionIdType,
  Identity,
  identityType,
  primitive,
  type PrimitiveKind,
  Timestamp,
  timestampType,
  toHex,
  Uuid,
  uuidType,
  type Value,
} from "@lightcone/abi";
import fc from "fast-check";
import { test } from "tap";
import { Datastore } from "../../datastore/datastore.ts";
import {
  compileSingle,
  insertRows,
  makeTable,
  outcomeOf,
  sender,
  visitor,
} from "../test-tables.ts";
import { runTableQuery } from "../run.ts";

/** A type with its values, few enough for equal ones to meet, and how a literal spells them. */
interface Domain {
  readonly type: AlgebraicType;
  readonly values: readonly Value[];
  /** Undefined where no literal stands for the value. */
  readonly spell: (value: Value) => string | undefined;
  /** What orders the values: numbers, big integers, or text that orders as they do. */
  readonly key: (value: Value) => number | bigint | string;
}

function integers(kind: PrimitiveKind, bits: number, isSigned: boolean): Domain {
  const top = 2n ** BigInt(isSigned ? bits - 1 : bits);
  const edges = [0n, 1n, 2n, 127n, top / 2n, top / 2n + 1n, top - 2n, top - 1n];
  const all = isSigned ? [...edges, -1n, -2n, -top, -top + 1n, -(top / 2n)] : edges;
  const isWide = bits >= 64;
  return {
    type: primitive(kind),
    values: all.map((value) => (isWide ? value : Number(value))),
    spell: String,
    key: (value) => value as number | bigint,
  };
}

/** NaN is greatest and equal to itself; minus zero is zero. */
function floatKey(value: Value): number {
  const number = value as number;
  return Number.isNaN(number) ? Number.MAX_VALUE : Math.max(-1e300, Math.min(1e300, number)) + 0;
}

function floats(kind: "f32" | "f64"): Domain {
  const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
  return {
    type: primitive(kind),
    values: [0, -0, 1, -1, 0.5, -1.5, 1024, infinity, -infinity, nan],
    spell: (value) => {
      const number = value as number;
      if (Number.isNaN(number)) return undefined;
      if (Number.isFinite(number)) return Object.is(number, -0) ? "-0.0" : String(number);
      return number > 0 ? "1e999" : "-1e999";
    },
    key: floatKey,
  };
}

function hexKey(value: bigint): string {
  return value.toString(16).padStart(64, "0");
}

const utf8 = new TextEncoder();

const domains: Readonly<Record<string, Domain>> = {
  u8: integers("u8", 8, false),
  i8: integers("i8", 8, true),
  u16: integers("u16", 16, false),
  i16: integers("i16", 16, true),
  u32: integers("u32", 32, false),
  i32: integers("i32", 32, true),
  u64: integers("u64", 64, false),
  i64: integers("i64", 64, true),
  u128: integers("u128", 128, false),
  i128: integers("i128", 128, true),
  u256: integers("u256", 256, false),
  i256: integers("i256", 256, true),
  f32: floats("f32"),
  f64: floats("f64"),
  bool: {
    type: primitive("bool"),
    values: [true, false],
    spell: (value) => (value === true ? "TRUE" : "FALSE"),
    key: Number,
  },
  string: {
    type: primitive("string"),
    values: ["", "a", "ab", "b", "it's", "ö", "𝄞", "\uffee", "7"],
    spell: (value) => `'${(value as string).replaceAll("'", "''")}'`,
    key: (value) => toHex(utf8.encode(value as string)),
  },
  bytes: {
    type: bytesType,
    values: [[], [0], [1], [1, 0], [255], [0, 255]].map((bytes) => Uint8Array.from(bytes)),
    spell: (value) => `X'${toHex(value as Uint8Array)}'`,
    key: (value) => toHex(value as Uint8Array),
  },
  identity: {
    type: identityType,
    values: [Identity.zero, sender, new Identity(2n ** 256n - 1n), new Identity(256n)],
    spell: (value) => `0x${(value as Identity).toHex()}`,
    key: (value) => hexKey((value as Identity).value),
  },
  connection: {
    type: connectionIdType,
    values: [ConnectionId.zero, new ConnectionId(1n), new ConnectionId(2n ** 128n - 1n)],
    spell: (value) => `'0x${(value as ConnectionId).toHex()}'`,
    key: (value) => hexKey((value as ConnectionId).value),
  },
  uuid: {
    type: uuidType,
    values: [new Uuid(0n), new Uuid(1n), new Uuid(2n ** 127n)],
    spell: (value) => `'${(value as Uuid).toString()}'`,
    key: (value) => hexKey((value as Uuid).value),
  },
  time: {
    type: timestampType,
    values: [0n, 1_000n, -1_000n, 1_700_000_000_123_000n].map((micros) => new Timestamp(micros)),
    spell: (value) => `'${(value as Timestamp).toDate().toISOString()}'`,
    key: (value) => (value as Timestamp).micros,
  },
};

/** Each type twice: at a constant place in the row, and behind a column of varying length. */
const fixedNames = Object.keys(domains).filter((name) => name !== "string" && name !== "bytes");
const columnNames = [...fixedNames, "string", "bytes", ...fixedNames.map((name) => `${name}_late`)];

function domainOf(column: string): Domain {
  return domains[column.replace("_late", "")] as Domain;
}

type Row = Readonly<Record<string, Value>>;

interface Clause {
  readonly sql: string;
  readonly evaluate: (row: Row) => boolean;
}

const operators = ["=", "<>", "!=", "<", "<=", ">", ">="] as const;

function holds(operator: (typeof operators)[number], a: unknown, b: unknown): boolean {
  const [x, y] = [a as number, b as number];
  switch (operator) {
    case "=":
      return x === y;
    case "<":
      return x < y;
    case "<=":
      return x <= y;
    case ">":
      return x > y;
    case ">=":
      return x >= y;
    default:
      return x !== y;
  }
}

const anyColumn = fc.constantFrom(...columnNames);
const anyOperator = fc.constantFrom(...operators);

const withLiteral: fc.Arbitrary<Clause> = fc
  .tuple(anyColumn, anyOperator, fc.nat(), fc.boolean())
  .map(([column, operator, choice, isMirrored]) => {
    const { values, spell, key } = domainOf(column);
    const spellable = values.filter((value) => spell(value) !== undefined);
    const value = spellable[choice % spellable.length];
    const spelled = spell(value) as string;
    return isMirrored
      ? {
          sql: `${spelled} ${operator} ${column}`,
          evaluate: (row) => holds(operator, key(value), key(row[column])),
        }
      : {
          sql: `t.${column}${operator}${spelled}`,
          evaluate: (row) => holds(operator, key(row[column]), key(value)),
        };
  });

const betweenColumns: fc.Arbitrary<Clause> = fc
  .tuple(fc.constantFrom(...fixedNames), anyOperator, fc.boolean())
  .map(([name, operator, isSame]) => {
    const [left, right] = [name, isSame ? name : `${name}_late`];
    const { key } = domainOf(name);
    return {
      sql: `"${left}" ${operator} "${right}"`,
      evaluate: (row) => holds(operator, key(row[left]), key(row[right])),
    };
  });

const simple: fc.Arbitrary<Clause> = fc.constantFrom<Clause>(
  { sql: "bool", evaluate: (row) => row["bool"] === true },
  { sql: "(bool_late)", evaluate: (row) => row["bool_late"] === true },
  { sql: "TRUE", evaluate: () => true },
  { sql: "false", evaluate: () => false },
  { sql: "identity = :sender", evaluate: (row) => (row["identity"] as Identity).equals(sender) },
);

function joinedBy(word: "AND" | "OR", parts: readonly Clause[]): Clause {
  return {
    sql: parts.map(({ sql }) => `(${sql})`).join(` ${word} `),
    evaluate: (row) =>
      word === "AND"
        ? parts.every(({ evaluate }) => evaluate(row))
        : parts.some(({ evaluate }) => evaluate(row)),
  };
}

const { clause } = fc.letrec<{ clause: Clause }>((tie) => ({
  clause: fc.oneof(
    { maxDepth: 4, depthSize: "medium" },
    withLiteral,
    betweenColumns,
    simple,
    fc
      .tuple(
        fc.constantFrom("AND" as const, "OR" as const),
        fc.array(tie("clause"), { minLength: 2, maxLength: 3 }),
      )
      .map(([word, parts]) => joinedBy(word, parts)),
    fc.tuple(tie("clause"), anyOperator, tie("clause")).map(([left, operator, right]) => ({
      sql: `(${left.sql}) ${operator} (${right.sql})`,
      evaluate: (row: Row): boolean =>
        holds(operator, Number(left.evaluate(row)), Number(right.evaluate(row))),
    })),
  ),
}));

const anyRow: fc.Arbitrary<Row> = fc
  .array(fc.nat(), { minLength: columnNames.length, maxLength: columnNames.length })
  .map((choices) =>
    Object.fromEntries(
      columnNames.map((column, i) => {
        const { values } = domainOf(column);
        return [column, values[(choices[i] as number) % values.length]];
      }),
    ),
  );

/** Every value of every type occurs. */
const edgeRows: readonly Row[] = Array.from({ length: 13 }, (_, i) =>
  Object.fromEntries(
    columnNames.map((column, position) => {
      const { values } = domainOf(column);
      return [column, values[(i + position) % values.length]];
    }),
  ),
);

const indexed = ["u32", "string", "f64", "identity", "i64_late"];

/** A table with the rows, each under its number. */
function openRows(rows: readonly Row[]): Datastore {
  const datastore = new Datastore();
  const tx = datastore.begin();
  const columns = Object.fromEntries(columnNames.map((name) => [name, domainOf(name).type]));
  const table = makeTable(datastore, tx, {
    name: "t",
    columns: { ...columns, number: primitive("u32") },
    indexes: indexed.map((name) => [columnNames.indexOf(name)]),
  });
  insertRows(
    tx,
    table,
    rows.map((row, number) => [...columnNames.map((name) => row[name]), number]),
  );
  datastore.commit(tx);
  datastore.release(tx);
  return datastore;
}

function numbersFound(datastore: Datastore, where: string): string {
  return outcomeOf(() => {
    const text = `SELECT * FROM t WHERE ${where}`;
    const query = compileSingle(text, datastore, visitor, "oneOff");
    const { rows, layout } = query.table;
    const numbers: number[] = [];
    runTableQuery(query, (row) => {
      const page = rows.page(row);
      const at = layout.columnStart(columnNames.length, page, rows.start(row));
      numbers.push(new DataView(page.buffer, page.byteOffset).getUint32(at, true));
    });
    return numbers.sort((a, b) => a - b).join();
  });
}

function numbersExpected(rows: readonly Row[], { evaluate }: Clause): string {
  return rows.flatMap((row, number) => (evaluate(row) ? [number] : [])).join();
}

void test("[SQL7] every literal of every type against every value", async (t) => {
  const datastore = openRows(edgeRows);
  const faults: string[] = [];
  let count = 0;
  for (const column of columnNames) {
    const { values, spell, key } = domainOf(column);
    for (const value of values) {
      const spelled = spell(value);
      for (const operator of spelled === undefined ? [] : operators) {
        const where = `${column} ${operator} ${spelled}`;
        const evaluate = (row: Row): boolean => holds(operator, key(row[column]), key(value));
        const expected = numbersExpected(edgeRows, { sql: where, evaluate });
        const found = numbersFound(datastore, where);
        if (found !== expected) faults.push(`${where}: ${found}, expected ${expected}`);
        count++;
      }
    }
  }
  t.same(faults, []);
  t.ok(count > 1500, `${count} comparisons`);
});

void test("[SQL9] random predicates over random rows", async (t) => {
  fc.assert(
    fc.property(
      fc.array(anyRow, { maxLength: 12 }),
      fc.array(clause, { minLength: 6, maxLength: 6 }),
      (given, clauses) => {
        const rows = [...edgeRows, ...given];
        const datastore = openRows(rows);
        for (const each of clauses) {
          const found = numbersFound(datastore, each.sql);
          const expected = numbersExpected(rows, each);
          if (found !== expected) throw new Error(`${each.sql}: ${found}, expected ${expected}`);
        }
      },
    ),
    { numRuns: 80 },
  );
  t.pass("no difference");
});
