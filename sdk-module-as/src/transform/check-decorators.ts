// Decorators that nobody knows, or that stand where they mean nothing: they would be ignored silently.
import { customDecorator, type DecoratorNode, type Node, type Source } from "../compiler.ts";
import { decoratorName, isClass, isEnum, isField, isFunction, isVariables, walk } from "./ast.ts";
import type { Faults } from "./fault.ts";

type Place = "class" | "field" | "function" | "variable" | "enum";

const places: Readonly<Record<string, readonly Place[]>> = {
  table: ["class"],
  struct: ["class"],
  sum: ["class"],
  index: ["class", "field"],
  unique: ["class", "field"],
  primaryKey: ["field"],
  autoInc: ["field"],
  defaultValue: ["field"],
  reducer: ["function"],
  init: ["function"],
  clientConnected: ["function"],
  clientDisconnected: ["function"],
  view: ["function"],
  procedure: ["function"],
  httpHandler: ["function"],
  rowFilter: ["variable"],
};

/** Decorators whose class must have @table. */
const needTable: readonly string[] = ["index", "unique", "primaryKey", "autoInc", "defaultValue"];
const repeatable: readonly string[] = ["index", "unique", "httpHandler"];

export function checkDecorators(source: Source, faults: Faults): void {
  for (const statement of source.statements) {
    checkNode(statement, true, faults);
    if (isClass(statement)) {
      const isTable = names(statement).includes("table");
      checkTableOnly(statement, isTable, faults);
      for (const member of statement.members) {
        checkNode(member, true, faults);
        checkTableOnly(member, isTable, faults);
      }
    } else {
      walk(statement, (node) => {
        if (node !== statement && (isFunction(node) || isClass(node)))
          checkNode(node, false, faults);
      });
    }
  }
}

function decoratorsOf(node: Node): readonly DecoratorNode[] {
  return (node as unknown as { decorators?: DecoratorNode[] | null }).decorators ?? [];
}

function names(node: Node): string[] {
  return decoratorsOf(node).map(decoratorName);
}

function placeOf(node: Node): Place | undefined {
  if (isClass(node)) return "class";
  if (isField(node)) return "field";
  if (isFunction(node)) return "function";
  if (isEnum(node)) return "enum";
  return isVariables(node) ? "variable" : undefined;
}

function checkNode(node: Node, isTopLevel: boolean, faults: Faults): void {
  const seen = new Set<string>();
  const place = placeOf(node);
  for (const decorator of decoratorsOf(node)) {
    const name = decoratorName(decorator);
    const allowed = Object.hasOwn(places, name) ? places[name] : undefined;
    if (allowed === undefined) {
      if ((decorator.decoratorKind as number) === customDecorator) unknown(decorator, name, faults);
      continue;
    }
    if (place === undefined || !allowed.includes(place) || !isTopLevel) {
      faults.add(
        decorator.range,
        `@${name} stands before ${place === undefined ? "something else" : `a ${place}`}${isTopLevel ? "" : " within another declaration"}`,
        `It belongs before a ${allowed.join(" or a ")} at the top level of a file`,
      );
    }
    if (seen.has(name) && !repeatable.includes(name)) {
      faults.add(decorator.range, `@${name} stands here twice`, "Keep one");
    }
    seen.add(name);
  }
}

function checkTableOnly(node: Node, isTable: boolean, faults: Faults): void {
  if (isTable) return;
  for (const decorator of decoratorsOf(node)) {
    const name = decoratorName(decorator);
    if (!needTable.includes(name)) continue;
    faults.add(
      decorator.range,
      `@${name} is used in a class that is no table`,
      "Put @table before the class, or remove the decorator",
    );
  }
}

function unknown(decorator: DecoratorNode, name: string, faults: Faults): void {
  const close = Object.keys(places).find((each) => isClose(each, name));
  faults.add(
    decorator.range,
    `Decorator @${name} is unknown`,
    close === undefined
      ? `There are: @${Object.keys(places).join(", @")}`
      : `Did you mean @${close}?`,
  );
}

// The same letters but for case and separators, or one of them the beginning of the other.
function isClose(known: string, given: string): boolean {
  const a = known.toLowerCase();
  const b = given.toLowerCase().replaceAll("_", "");
  return a === b || a.startsWith(b) || b.startsWith(a);
}
