// Names of a module's objects: conversion of case and the names that nobody gave (module-def.md
// section 6).
import { type AlgebraicType, type Element, specialKind, type Typespace } from "../sats/type.ts";
import type { IndexAlgorithm } from "./def.ts";
import { nameLengthMax } from "./limit.ts";

const separator = /[_\- ]/u;
const upper = /\p{Uppercase}/u;
const lower = /\p{Lowercase}/u;
const digit = /[0-9]/u;
const letter = /\p{Alphabetic}/u;

/**
 * The words of a name: split at separators, where case or kind of character changes; empty ones
 * vanish.
 */
export function splitWords(name: string): string[] {
  const words: string[] = [];
  let word = "";
  const characters = Array.from(name);
  for (const [i, character] of characters.entries()) {
    if (separator.test(character)) {
      words.push(word);
      word = "";
      continue;
    }
    if (word !== "" && startsWord(characters[i - 1] ?? "", character, characters[i + 1] ?? "")) {
      words.push(word);
      word = "";
    }
    word += character;
  }
  words.push(word);
  return words.filter((each) => each !== "");
}

function startsWord(before: string, character: string, after: string): boolean {
  if (digit.test(character)) return letter.test(before);
  if (digit.test(before)) return letter.test(character);
  if (!upper.test(character)) return false;
  // "aB" breaks before B; a run of capitals breaks before its last one where a small letter
  // follows: "HTTPServer".
  return lower.test(before) || (upper.test(before) && lower.test(after));
}

function capitalized(word: string): string {
  const [first = "", ...rest] = Array.from(word);
  return first.toUpperCase() + rest.join("").toLowerCase();
}

/** `PlayerState` becomes `player_state`. */
export function snakeCase(name: string): string {
  return splitWords(name)
    .map((word) => word.toLowerCase())
    .join("_");
}

/** `PlayerState` becomes `playerState`. */
export function camelCase(name: string): string {
  const [first = "", ...rest] = splitWords(name);
  return first.toLowerCase() + rest.map(capitalized).join("");
}

/** `player_state` becomes `PlayerState`. */
export function pascalCase(name: string): string {
  return splitWords(name).map(capitalized).join("");
}

/**
 * The typespace with canonical names: fields in snake_case, variants in camelCase, special types as
 * they are.
 */
export function canonicalTypespace(types: Typespace): Typespace {
  return types.map(canonicalType);
}

function canonicalType(type: AlgebraicType): AlgebraicType {
  if (type.kind === "array") return { kind: "array", element: canonicalType(type.element) };
  const special = specialKind(type);
  const keepsNames = special !== undefined;
  if (type.kind === "product") {
    return { kind: "product", elements: renamed(type.elements, keepsNames ? asIs : snakeCase) };
  }
  if (type.kind === "sum") {
    return { kind: "sum", variants: renamed(type.variants, keepsNames ? asIs : camelCase) };
  }
  return type;
}

function asIs(name: string): string {
  return name;
}

function renamed(elements: readonly Element[], rename: (name: string) => string): Element[] {
  return elements.map(({ name, type }) => ({
    name: name === undefined ? undefined : rename(name),
    type: canonicalType(type),
  }));
}

/** The name of an index that was given none. */
export function indexName(
  table: string,
  columns: readonly string[],
  algorithm: IndexAlgorithm["kind"],
): string {
  return `${table}_${columns.join("_")}_idx_${algorithm}`;
}

/** The name of a unique constraint that was given none. */
export function constraintName(table: string, columns: readonly string[]): string {
  return `${table}_${columns.join("_")}_key`;
}

/** The name of a sequence that was given none. */
export function sequenceName(table: string, column: string): string {
  return `${table}_${column}_seq`;
}

/** The name of a schedule that was given none. */
export function scheduleName(table: string): string {
  return `${table}_sched`;
}

/** What a name must be to name a table, column, function or type; undefined if it is that. */
export function identifierFault(name: string): string | undefined {
  if (name === "") return "is empty";
  // Rows become objects in JavaScript, where this one is no ordinary key.
  if (name === "__proto__") return "is reserved";
  if (name.length > nameLengthMax) return `is over ${nameLengthMax} characters long`;
  if (name.normalize("NFC") !== name) return "is not in Unicode normal form C";
  if (!/^[\p{XID_Start}_]\p{XID_Continue}*$/u.test(name)) {
    return "must start with a letter or _ and go on with letters, digits or _";
  }
  return undefined;
}
