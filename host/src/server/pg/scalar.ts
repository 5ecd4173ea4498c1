// SELECT without FROM, as far as clients send it to see whether and where they are connected: `SELECT 1`, `SELECT version()`.
import { LightconeError } from "@lightcone/abi";
import { type Token, tokenize } from "../../sql/parse/lex.ts";
import { binaryText } from "./binary-text.ts";
import { timestampText } from "./calendar.ts";
import type { Column } from "./contract.ts";
import { PgFault } from "./fault.ts";
import { Format } from "./frontend.ts";
import { localColumn, type LocalRow, type LocalValue } from "./local-rows.ts";
import type { BoundValue } from "./parameter-value.ts";
import { type PgTypeName, pgTypes } from "./pg-type.ts";
import { serverVersion, type Settings } from "./settings.ts";

/** What the answers are about. */
export interface ScalarContext {
  readonly database: string;
  readonly user: string;
  readonly processId: number;
  readonly settings: Settings;
  readonly nowMicros: bigint;
}

export interface ScalarPlan {
  readonly columns: readonly Column[];
  readonly parameterOids: readonly number[];
  row(context: ScalarContext, values: readonly BoundValue[]): LocalRow;
}

type Evaluate = (context: ScalarContext, values: readonly BoundValue[]) => LocalValue;

interface Item {
  readonly name: string;
  readonly type: PgTypeName;
  readonly evaluate: Evaluate;
}

interface Builtin {
  readonly type: PgTypeName;
  readonly evaluate: (context: ScalarContext, given: readonly string[]) => LocalValue;
}

const now: Builtin = {
  type: "timestamptz",
  evaluate: ({ nowMicros }) => timestampText(nowMicros),
};
const database: Builtin = { type: "text", evaluate: (context) => context.database };
const user: Builtin = { type: "text", evaluate: (context) => context.user };
const schema: Builtin = { type: "text", evaluate: () => "public" };

/** Functions, which stand before parentheses. */
const functions: Readonly<Record<string, Builtin>> = {
  version: {
    type: "text",
    evaluate: () => `PostgreSQL ${serverVersion} on a host of modules, not PostgreSQL itself`,
  },
  current_database: database,
  current_schema: schema,
  current_setting: {
    type: "text",
    evaluate: ({ settings }, [name = ""]) => settings.get(name),
  },
  set_config: {
    type: "text",
    evaluate: ({ settings }, [name = "", value = ""]) => {
      settings.set(name, value);
      return settings.get(name);
    },
  },
  now,
  clock_timestamp: now,
  pg_backend_pid: { type: "int4", evaluate: ({ processId }) => String(processId) },
  pg_is_in_recovery: { type: "bool", evaluate: () => "f" },
};

/** The same without parentheses. */
const words: Readonly<Record<string, Builtin>> = {
  current_user: user,
  session_user: user,
  user,
  current_role: user,
  current_catalog: database,
  current_schema: schema,
  current_timestamp: now,
};

const castTypes: ReadonlyMap<string, PgTypeName> = new Map<string, PgTypeName>(
  Object.entries({
    text: "text",
    varchar: "varchar",
    name: "text",
    regclass: "text",
    bool: "bool",
    boolean: "bool",
    int: "int4",
    int2: "int2",
    int4: "int4",
    integer: "int4",
    smallint: "int2",
    bigint: "int8",
    int8: "int8",
    float8: "float8",
    numeric: "numeric",
    timestamptz: "timestamptz",
  }),
);

/** What a client must not see as a value of that type. */
const forms: Readonly<Partial<Record<PgTypeName, RegExp>>> = {
  bool: /^[tf]$/,
  int2: /^-?\d{1,5}$/,
  int4: /^-?\d{1,10}$/,
  int8: /^-?\d{1,19}$/,
  numeric: /^[+-]?\d*\.?\d*(?:e[+-]?\d+)?$/i,
};

function checked(text: LocalValue, type: PgTypeName): LocalValue {
  if (text === null) return null;
  const value = type === "bool" ? (text.trim().toLowerCase()[0] ?? "") : text;
  if (forms[type]?.test(value) !== false) return value;
  throw new PgFault("22P02", `invalid input syntax for type ${pgTypes[type].name}: "${text}"`);
}

/** Thrown by the parser for what it does not know: the database's SQL may. */
class Unknown extends Error {}

class ScalarParser {
  readonly #tokens: readonly Token[];
  readonly #given: readonly number[];
  readonly parameterOids: number[] = [];
  #at = 0;

  constructor(tokens: readonly Token[], given: readonly number[]) {
    this.#tokens = tokens;
    this.#given = given;
  }

  get #next(): Token {
    return this.#tokens[this.#at] as Token;
  }

  #accept(key: string): boolean {
    if (this.#next.key !== key) return false;
    this.#at++;
    return true;
  }

  #take(): Token {
    const token = this.#next;
    if (token.kind !== "end") this.#at++;
    return token;
  }

  items(): Item[] {
    this.#take();
    const items: Item[] = [];
    do items.push(this.#item());
    while (this.#accept(","));
    if (this.#next.kind !== "end") throw new Unknown();
    return items;
  }

  #item(): Item {
    const item = this.#sum();
    const isNamed = this.#accept("AS");
    const { kind } = this.#next;
    if (kind !== "word" && kind !== "quoted") {
      if (isNamed) throw new Unknown();
      return item;
    }
    return { ...item, name: this.#take().text };
  }

  /** Whole numbers added up. */
  #sum(): Item {
    const first = this.#cast(this.#primary());
    if (this.#next.key !== "+") return first;
    const parts = [first];
    while (this.#accept("+")) parts.push(this.#cast(this.#primary()));
    if (parts.some(({ type }) => type !== "int4" && type !== "int8")) throw new Unknown();
    return {
      name: "?column?",
      type: first.type,
      evaluate: (context, values) => {
        const sum = parts.reduce((all, part) => {
          return all + BigInt(part.evaluate(context, values) ?? "0");
        }, 0n);
        return checked(String(sum), first.type);
      },
    };
  }

  #primary(): Item {
    const { kind, text, key } = this.#take();
    switch (kind) {
      case "string":
        return constant(text, "text");
      case "number":
        return number(text);
      case "parameter":
        return this.#parameter(text);
      case "word":
        return this.#word(text, key);
      default:
        if (key !== "-" || this.#next.kind !== "number") throw new Unknown();
        return number(`-${this.#take().text}`);
    }
  }

  #word(text: string, key: string): Item {
    if (key === "NULL") return constant(null, "text");
    if (key === "TRUE" || key === "FALSE") {
      return { ...constant(key === "TRUE" ? "t" : "f", "bool"), name: "bool" };
    }
    let name = text.toLowerCase();
    if (name === "pg_catalog" && this.#accept(".")) name = this.#take().text.toLowerCase();
    const isCall = this.#accept("(");
    const table = isCall ? functions : words;
    const builtin = Object.hasOwn(table, name) ? table[name] : undefined;
    if (builtin === undefined) throw new Unknown();
    const given = isCall ? this.#arguments() : [];
    return { name, type: builtin.type, evaluate: (context) => builtin.evaluate(context, given) };
  }

  /** Constants up to the closing parenthesis. */
  #arguments(): string[] {
    const given: string[] = [];
    while (!this.#accept(")")) {
      const { kind, text } = this.#take();
      if (kind !== "string" && kind !== "word" && kind !== "number") throw new Unknown();
      given.push(text);
      if (!this.#accept(",") && this.#next.key !== ")") throw new Unknown();
    }
    return given;
  }

  #parameter(text: string): Item {
    const count = Number(/^\$([1-9]\d{0,4})$/.exec(text)?.[1] ?? Number.NaN);
    if (!(count <= 0xffff)) throw new Unknown();
    while (this.parameterOids.length < count) {
      this.parameterOids.push(this.#given[this.parameterOids.length] ?? 0);
    }
    const position = count - 1;
    const type = this.#next.key === "::" ? this.#castType(this.#at + 1) : "text";
    if (this.parameterOids[position] === 0) this.parameterOids[position] = pgTypes[type].oid;
    return {
      name: "?column?",
      type,
      evaluate: (_context, values) => parameterText(values[position], type),
    };
  }

  #castType(at: number): PgTypeName {
    const type = castTypes.get(this.#tokens[at]?.text.toLowerCase() ?? "");
    if (type === undefined) throw new Unknown();
    return type;
  }

  #cast(item: Item): Item {
    let result = item;
    while (this.#accept("::")) {
      const type = this.#castType(this.#at);
      const name = this.#take().text.toLowerCase();
      const { evaluate } = result;
      result = {
        name: result.name === "?column?" ? name : result.name,
        type,
        evaluate: (context, values) => checked(evaluate(context, values), type),
      };
    }
    return result;
  }
}

function constant(text: LocalValue, type: PgTypeName): Item {
  return { name: "?column?", type, evaluate: () => text };
}

function number(text: string): Item {
  if (!/^-?\d{1,18}$/.test(text)) return constant(text, "numeric");
  const isSmall = Math.abs(Number(text)) <= 0x7fffffff;
  return constant(text, isSmall ? "int4" : "int8");
}

function parameterText(value: BoundValue | undefined, type: PgTypeName): LocalValue {
  if (value?.bytes === undefined) return null;
  const { bytes, format, oid } = value;
  const text =
    format === Format.text
      ? new TextDecoder().decode(bytes)
      : binaryText(bytes, oid === 0 ? pgTypes[type].oid : oid);
  if (text === undefined) throw new PgFault("22P03", "incorrect binary data format in a parameter");
  return checked(text, type);
}

/** The plan of a SELECT without FROM, or undefined for anything else. `given` are the types of its parameters, 0 for open ones. */
export function planScalar(text: string, given: readonly number[]): ScalarPlan | undefined {
  if (!/^select\b/i.test(text)) return undefined;
  try {
    const tokens = tokenize(text);
    if (tokens.some(({ key }) => key === "FROM")) return undefined;
    const parser = new ScalarParser(tokens, given);
    const items = parser.items();
    return {
      columns: items.map(({ name, type }) => localColumn(name, type)),
      parameterOids: parser.parameterOids.map((oid) => (oid === 0 ? pgTypes.text.oid : oid)),
      row: (context, values) => items.map(({ evaluate }) => evaluate(context, values)),
    };
  } catch (thrown) {
    if (thrown instanceof Unknown || thrown instanceof LightconeError) return undefined;
    throw thrown;
  }
}
