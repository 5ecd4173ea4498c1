// Every error code means something to a reader, and some test has seen it.

import { breach } from "./breach.ts";
import { type Source, isTest } from "./source.ts";

const home = "abi/src/error.ts";

/** The table of codes is read as text, so that a code without a use still counts. */
export function errorCodeBreaches(sources: readonly Source[]): string[] {
  const source = sources.find(({ path }) => path === home);
  if (source === undefined) return [];
  const rows = Array.from(source.text.matchAll(/^ +(LC_[A-Z0-9_]+):\s*(?:"([^"]*)")?/gm));
  if (rows.length === 0) return [breach(source, 0, "holds no table of error codes any more")];
  const tests = sources.filter(isTest);
  return rows.flatMap(({ index, 1: code = "", 2: meaning = "" }) => {
    const seen = tests.some(({ text }) => new RegExp(`\\b${code}\\b`).test(text));
    return [
      ...(meaning.length >= 10 ? [] : [breach(source, index, `${code} is not documented`)]),
      ...(seen ? [] : [breach(source, index, `${code} is in no test`)]),
    ];
  });
}
