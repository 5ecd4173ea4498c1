// One broken rule at one place, in words that say where and which.

import { type Source, lineAt } from "./source.ts";

export function breach(source: Source, offset: number, rule: string): string {
  return `${source.path}:${lineAt(source, offset)}: ${rule}`;
}

/** Each place where the pattern matches in the given text of the source. */
export function breaches(source: Source, text: string, pattern: RegExp, rule: string): string[] {
  return Array.from(text.matchAll(pattern), (match) =>
    breach(source, match.index, `${match[0].trim()}: ${rule}`),
  );
}
