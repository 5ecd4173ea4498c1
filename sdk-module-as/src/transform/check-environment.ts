// Uses of what a browser or Node has and a host has not: a module with them would not load.
import type { Node, PropertyAccessExpression, Source } from "../compiler.ts";
import { nodeKind } from "../compiler.ts";
import { isIdentifier, walk } from "./ast.ts";
import type { Faults } from "./fault.ts";
import type { Names } from "./names.ts";

const logInstead = "Use log.info and its kin, which write to the database's log";

/** `*` stands for every member. */
const instead: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Math: { random: "Use ctx.random, whose numbers follow from the call" },
  NativeMath: { random: "Use ctx.random, whose numbers follow from the call" },
  Date: { now: "Use ctx.timestamp, the time of the call" },
  performance: { now: "Use log.timer to measure, and ctx.timestamp for the time" },
  console: { "*": logInstead },
  process: { "*": "Read from tables and arguments: a module has no surroundings" },
  crypto: { "*": "Use ctx.random or ctx.newUuidV4, which are not for secrets" },
};

export function checkEnvironment(source: Source, names: Names, faults: Faults): void {
  for (const statement of source.statements) {
    walk(statement, (node) => {
      if (!isAccess(node) || !isIdentifier(node.expression)) return;
      const object = node.expression.text;
      const members = Object.hasOwn(instead, object) ? instead[object] : undefined;
      const fix = members?.[node.property.text] ?? members?.["*"];
      // A class of the module's may have such a name.
      if (fix === undefined || names.meaning(source, [object]) !== undefined) return;
      faults.add(node.range, `'${object}.${node.property.text}' does not exist in a module`, fix);
    });
  }
}

function isAccess(node: Node): node is PropertyAccessExpression {
  return (node.kind as number) === nodeKind.PropertyAccess;
}
