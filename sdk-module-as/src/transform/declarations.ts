// What an editor needs to know of the generated tables: the classes without their bodies, added to the
// types of `ctx.db` and `ctx.from`. The compiler does not read it.
import { posix } from "node:path";
import type { GeneratedFiles } from "./generate.ts";
import { libraryName } from "./library.ts";
import type { ModuleModel } from "./model.ts";

/** The classes that stand in for those of the library's placeholder. */
const replaced: readonly string[] = ["Tables", "ReadOnlyTables", "QueryTables"];

/** The text of a declaration file in `folder`, a path as the compiler's sources have them. */
export function declarationText(
  model: ModuleModel,
  { tables }: GeneratedFiles,
  folder: string,
): string {
  const classes = tables
    .split(/^(?=export class )/m)
    .filter((each) => each.startsWith("export class "));
  const own: string[] = [];
  const added: string[] = [];
  for (const text of classes) {
    const name = /^export class (\w+)/.exec(text)?.[1] ?? "";
    const members = signatures(text);
    if (replaced.includes(name)) {
      added.push(`  interface ${name} {`, ...members.map((line) => `  ${line}`), "  }");
    } else {
      const header = text
        .slice(0, text.indexOf("{"))
        .replace("export class", "export declare class");
      own.push(`${header}{`, ...members, "}");
    }
  }
  return [
    "// Generated when the module was compiled, for editors alone.",
    ...model.types.map(
      ({ name, source }) =>
        `import { ${name} as $${name} } from "${from(folder, source.internalPath)}";`,
    ),
    `import { BoundKind, Column, ConnectionId, I128, I256, Identity, InsertError, Option, Query, Range, Result, RowIter, ScheduleAt, TimeDuration, Timestamp, U128, U256, Unit, Uuid } from "${libraryName}";`,
    ...own,
    `declare module "${libraryName}/assembly/context/tables" {`,
    ...added,
    "}",
    "",
  ].join("\n");
}

// The lines of a class that are one level deep, with a stop in the place of their bodies.
function signatures(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    if (/^ {2}\/\*\*/.test(line)) return [line];
    const found = /^ {2}((?:get )?\w+\(.*\)(?:: .*)?) \{$/.exec(line);
    return found?.[1] === undefined ? [] : [`  ${found[1]};`];
  });
}

function from(folder: string, internalPath: string): string {
  if (internalPath.startsWith("~lib/")) return internalPath.slice("~lib/".length);
  const path = posix.relative(folder, internalPath);
  return path.startsWith(".") ? path : `./${path}`;
}
