// The argument of a decorator: an object literal whose keys and values are known.
import {
  type ArrayLiteralExpression,
  type DecoratorNode,
  type Expression,
  literalKind,
  nodeKind,
  type Range,
} from "../compiler.ts";
import {
  decoratorArgs,
  decoratorName,
  isIdentifier,
  isLiteral,
  isObject,
  isString,
} from "./ast.ts";
import type { Faults } from "./fault.ts";

/** What a value may be: a text, a text or an identifier, true or false, several of `name`. */
export type OptionKind = "text" | "name" | "flag" | "names";

interface Option {
  readonly value: string | boolean | readonly string[];
  readonly range: Range;
}

/** The options of one decorator. */
export class Options {
  readonly #found = new Map<string, Option>();

  text(key: string): string | undefined {
    const value = this.#found.get(key)?.value;
    return typeof value === "string" ? value : undefined;
  }

  flag(key: string): boolean {
    return this.#found.get(key)?.value === true;
  }

  names(key: string): readonly string[] | undefined {
    const value = this.#found.get(key)?.value;
    return typeof value === "object" ? value : undefined;
  }

  range(key: string): Range | undefined {
    return this.#found.get(key)?.range;
  }

  set(key: string, option: Option): void {
    this.#found.set(key, option);
  }
}

/** Reads the options of `decorator`; `kinds` says which there are. */
export function readOptions(
  decorator: DecoratorNode,
  kinds: Readonly<Record<string, OptionKind>>,
  faults: Faults,
): Options {
  const options = new Options();
  const name = decoratorName(decorator);
  const [argument, ...others] = decoratorArgs(decorator);
  if (argument === undefined) return options;
  const keys = Object.keys(kinds);
  const known = keys.length === 0 ? "It takes none" : `Options are: ${keys.join(", ")}`;
  if (!isObject(argument) || others.length > 0) {
    faults.add(
      decorator.range,
      `@${name} takes one object with options`,
      keys.length === 0 ? `Write @${name}` : `Write @${name}({ ${keys[0]}: … })`,
    );
    return options;
  }
  argument.names.forEach((key, i) => {
    const kind = Object.hasOwn(kinds, key.text) ? kinds[key.text] : undefined;
    if (kind === undefined) {
      faults.add(key.range, `@${name} has no option '${key.text}'`, known);
      return;
    }
    const node = argument.values[i] ?? key;
    const value = optionValue(node, kind);
    if (value === undefined) {
      faults.add(node.range, `Option '${key.text}' of @${name} is ${wanted[kind]}`, "Write that");
    } else {
      options.set(key.text, { value, range: node.range });
    }
  });
  return options;
}

const wanted: Readonly<Record<OptionKind, string>> = {
  text: "a text in quotes",
  name: "a name, plain or in quotes",
  flag: "true or false",
  names: 'a list of names in quotes, like ["a", "b"]',
};

function optionValue(
  node: Expression,
  kind: OptionKind,
): string | boolean | readonly string[] | undefined {
  if (kind === "flag") {
    if ((node.kind as number) === nodeKind.True) return true;
    return (node.kind as number) === nodeKind.False ? false : undefined;
  }
  if (kind === "names") {
    if (!isArray(node)) return undefined;
    const names = node.elementExpressions.map((each) => optionValue(each, "name"));
    return names.every((each) => typeof each === "string") ? names : undefined;
  }
  if (isString(node)) return node.value;
  return kind === "name" && isIdentifier(node) ? node.text : undefined;
}

function isArray(node: Expression): node is ArrayLiteralExpression {
  return isLiteral(node) && (node.literalKind as number) === literalKind.Array;
}
