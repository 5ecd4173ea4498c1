// JSON text, aware of integers that a JavaScript number cannot hold: they become bigint, and bigint
// becomes bare digits.
import { LightconeError } from "../error.ts";

/** Parsed JSON. Objects have no prototype, so that any key is just a key. */
export type JsonValue =
  null | boolean | number | bigint | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Most levels of arrays and objects in one text. */
export const jsonDepthMax = 256;

/** Most characters of one number: turning digits into a bigint costs the square of them. */
export const jsonNumberLengthMax = 1000;

/**
 * Parses one JSON value. Integers beyond 2^53 become bigint, all other numbers number. Throws
 * LC_JSON_DECODE with line and column for what is not JSON, text after the value, a key that comes
 * twice, and nesting beyond jsonDepthMax.
 */
export function parseJson(text: string): JsonValue {
  return new JsonParser(text).parse();
}

/**
 * Writes JSON without white space; bigint as bare digits. Numbers that JSON does not have become
 * null.
 */
export function stringifyJson(value: JsonValue): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (isJsonArray(value)) return `[${value.map(stringifyJson).join(",")}]`;
  const members = Object.entries(value).map(
    ([key, member]) => `${JSON.stringify(key)}:${stringifyJson(member)}`,
  );
  return `{${members.join(",")}}`;
}

export function isJsonArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

export function isJsonObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const whitespace = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const word = /true|false|null/y;

const words: Readonly<Record<string, JsonValue>> = { true: true, false: false, null: null };

class JsonParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): JsonValue {
    const value = this.#value();
    this.#skipWhitespace();
    if (this.#at < this.#text.length) this.#fail("text after the value");
    return value;
  }

  #fail(what: string): never {
    const before = this.#text.slice(0, this.#at);
    const lineStart = before.lastIndexOf("\n") + 1;
    const line = before.split("\n").length;
    const place = `line ${line}, column ${this.#at - lineStart + 1}`;
    throw new LightconeError("LC_JSON_DECODE", `invalid JSON at ${place}: ${what}`);
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return undefined;
    this.#at = pattern.lastIndex;
    return found;
  }

  #skipWhitespace(): void {
    this.#match(whitespace);
  }

  /** Whether `character` comes next; if so it is taken. */
  #take(character: string): boolean {
    this.#skipWhitespace();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #value(): JsonValue {
    this.#skipWhitespace();
    const character = this.#text[this.#at];
    if (character === "{") return this.#nested(() => this.#object());
    if (character === "[") return this.#nested(() => this.#array());
    if (character === '"') return this.#string();
    if (character === undefined) return this.#fail("the text ends where a value should be");
    if (character === "-" || (character >= "0" && character <= "9")) return this.#number();
    const found = this.#match(word);
    return found === undefined ? this.#fail("expected a value") : (words[found[0]] as JsonValue);
  }

  #nested<T>(parse: () => T): T {
    if (this.#depth === jsonDepthMax) this.#fail(`nested over ${jsonDepthMax} levels deep`);
    this.#depth++;
    this.#at++;
    const value = parse();
    this.#depth--;
    return value;
  }

  #array(): JsonValue[] {
    const values: JsonValue[] = [];
    if (this.#take("]")) return values;
    do values.push(this.#value());
    while (this.#take(","));
    if (!this.#take("]")) this.#fail("expected , or ] in an array");
    return values;
  }

  #object(): JsonObject {
    const members = Object.create(null) as Record<string, JsonValue>;
    if (this.#take("}")) return members;
    do {
      this.#skipWhitespace();
      if (this.#text[this.#at] !== '"') this.#fail("expected a key in quotes");
      const keyAt = this.#at;
      const key = this.#string();
      if (key in members) {
        this.#at = keyAt;
        this.#fail(`the key ${JSON.stringify(key)} comes twice`);
      }
      if (!this.#take(":")) this.#fail("expected : after a key");
      members[key] = this.#value();
    } while (this.#take(","));
    if (!this.#take("}")) this.#fail("expected , or } in an object");
    return members;
  }

  #string(): string {
    const start = this.#at;
    const text = this.#text;
    let hasEscape = false;
    let at = start + 1;
    // The character after a backslash is judged by JSON.parse; here it must only not be taken for
    // the closing quote.
    for (; text[at] !== '"'; at++) {
      if (!(text.charCodeAt(at) >= 0x20)) {
        this.#at = Math.min(at, text.length);
        this.#fail("a string does not end, or has a raw control character");
      }
      if (text[at] !== "\\") continue;
      hasEscape = true;
      at++;
    }
    this.#at = at + 1;
    if (!hasEscape) return text.slice(start + 1, at);
    try {
      return JSON.parse(text.slice(start, at + 1)) as string;
    } catch {
      this.#at = start;
      return this.#fail("a string has an invalid escape");
    }
  }

  #number(): number | bigint {
    const found = this.#match(number);
    if (found === undefined) return this.#fail("expected digits");
    const [digits, fraction, exponent] = found;
    if (digits.length > jsonNumberLengthMax) {
      this.#fail(`a number has over ${jsonNumberLengthMax} characters`);
    }
    const value = Number(digits);
    const isInteger = fraction === undefined && exponent === undefined;
    return isInteger && !Number.isSafeInteger(value) ? BigInt(digits) : value;
  }
}
