// Words and modules that only some places may use: clock, chance, disk, waiting, Node itself.

import { breach, breaches } from "./breach.ts";
import { importsOf } from "./import.ts";
import { type Source, isTest } from "./source.ts";

interface Restriction {
  readonly rule: string;
  readonly within: RegExp;
  readonly except?: RegExp;
  readonly words?: RegExp;
  readonly modules?: RegExp;
}

const base = /^host\/src\/base\//;

/** Code that also runs in a browser, without the two files that exist for Node. */
const portable = /^(?:abi|sdk-client)\/src\//;
const forNode = /^sdk-client\/src\/(?:codegen\/|.*\bnode\b[^/]*\.ts$)/;

const restrictions: readonly Restriction[] = [
  {
    rule: "time comes from base, handed down as a parameter",
    within: /^host\/src\//,
    except: base,
    words: /\bDate\s*\.\s*now\b|\bDate\s*\(\s*\)|\bperformance\b|\bprocess\s*\.\s*hrtime\b/g,
    modules: /^node:perf_hooks$/,
  },
  {
    rule: "chance comes from base, handed down as a parameter",
    within: /^host\/src\//,
    except: base,
    words: /\bMath\s*\.\s*random\b|\bcrypto\s*\.\s*(?:random|getRandom)\w*/g,
    modules: /^node:crypto$/,
  },
  {
    rule: "the disk is reached through base/disk",
    within: /^host\/src\//,
    except: base,
    modules: /^node:fs(?:\/promises)?$/,
  },
  {
    rule: "timers belong to base and server",
    within: /^host\/src\//,
    except: /^host\/src\/(?:base|server)\//,
    words: /\bset(?:Timeout|Interval|Immediate)\b/g,
    modules: /^node:timers(?:\/promises)?$/,
  },
  {
    rule: "sockets and threads belong to server",
    within: /^host\/src\//,
    except: /^host\/src\/(?:base|server)\//,
    modules: /^node:(?:net|tls|http|https|http2|dgram|worker_threads|child_process|cluster)$/,
  },
  {
    rule: "nothing waits between begin and commit",
    within: /^host\/src\/(?:(?:datastore|sql|subscription)\/|database\/call\.ts$)/,
    words: /\b(?:async|await)\b/g,
  },
  {
    rule: "this also runs in a browser",
    within: portable,
    except: forNode,
    words:
      /(?<![.\w])(?:process|Buffer|require|__dirname|__filename|setImmediate|global)\b(?!\s*:)/g,
    modules: /^node:/,
  },
];

export function restrictionBreaches(source: Source): string[] {
  if (isTest(source)) return [];
  return restrictions.flatMap(({ rule, within, except, words, modules }) => {
    if (!within.test(source.path) || except?.test(source.path) === true) return [];
    const byWord = words === undefined ? [] : breaches(source, source.code, words, rule);
    const byModule = importsOf(source)
      .filter(({ specifier }) => modules?.test(specifier) === true)
      .map(({ specifier, offset }) => breach(source, offset, `${specifier}: ${rule}`));
    return [...byWord, ...byModule];
  });
}

/** A default export has no name that a search could find. */
export function defaultExportBreaches(source: Source): string[] {
  return breaches(source, source.code, /\bexport\s+default\b|\bas\s+default\b/g, "name the export");
}

/** What is left for later is written where the project keeps it, and named here by number. */
export function laterBreaches(source: Source): string[] {
  return [
    ...breaches(source, source.comments, /\bTODO\b(?!\(#\d+\))/g, "write it as TODO(#n)"),
    ...breaches(source, source.comments, /\b(?:FIXME|HACK|XXX)\b/g, "mend it, or write TODO(#n)"),
  ];
}
