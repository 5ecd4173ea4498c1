// The imports of a source file, as the tidy rules need them: what is named, and where it leads.

import { posix } from "node:path";
import type { Source } from "./source.ts";

export interface Import {
  readonly specifier: string;
  readonly offset: number;
}

// In the code text the specifier between the quotes is blank; it is read from the full text.
const importForms = [
  /\b(?:import|export)\b[^;"'`()]*?\bfrom\s*(["'])( *)\1/g,
  /\bimport\s*(["'])( *)\1/g,
  /\bimport\s*\(\s*(["'])( *)\1/g,
];

export function importsOf(source: Source): Import[] {
  return importForms.flatMap((form) =>
    Array.from(source.code.matchAll(form), (match) => {
      const offset = match.index + match[0].lastIndexOf(match[2] ?? "", match[0].length - 2);
      return { specifier: source.text.slice(offset, offset + (match[2] ?? "").length), offset };
    }),
  );
}

/** The path from the root that a relative import leads to. */
export function targetOf(source: Source, { specifier }: Import): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return posix.normalize(posix.join(posix.dirname(source.path), specifier));
}

/** The package that is named, without the path inside it. Node's own modules are none. */
export function packageOf({ specifier }: Import): string | undefined {
  if (/^(?:\.|#|node:)/.test(specifier)) return undefined;
  return /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0];
}
