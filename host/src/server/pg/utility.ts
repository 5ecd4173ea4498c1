// Statements that clients send around those that they are for: transactions, settings, what they have prepared. Each is known by
// its words; none reaches the database.
import { PgFault } from "./fault.ts";

export type Utility =
  | { readonly kind: "begin" | "commit" | "rollback"; readonly tag: string }
  | { readonly kind: "set"; readonly name: string; readonly value: string | undefined }
  | { readonly kind: "show"; readonly name: string }
  | { readonly kind: "showAll" }
  | { readonly kind: "resetAll" }
  | { readonly kind: "discard"; readonly tag: string }
  /** Undefined: all. */
  | { readonly kind: "deallocate"; readonly name: string | undefined }
  /** Accepted, and nothing is done. */
  | { readonly kind: "nothing"; readonly tag: string };

/** Behind BEGIN and the like: what kind of transaction, all of which are one here. */
const modes =
  /^(?:work|transaction)?(?:\s*,?\s*(?:isolation\s+level\s+[a-z ]+?|read\s+(?:only|write)|(?:not\s+)?deferrable))*$/i;

const name = String.raw`(?:[A-Za-z_][\w.]*|"[^"]+")`;
const setForm = new RegExp(
  String.raw`^set\s+(?:(?:session|local)\s+)?(${name})\s*(?:=|\bto\b)\s*(.+)$`,
  "is",
);
const timeZoneForm = /^set\s+(?:(?:session|local)\s+)?time\s+zone\s+(.+)$/is;
const namesForm = /^set\s+(?:(?:session|local)\s+)?names\s+(.+)$/is;
const characteristicsForm =
  /^set\s+(?:(?:session\s+characteristics\s+as|local|session)\s+)?transaction\s/i;
const showForm = new RegExp(String.raw`^show\s+(${name})$`, "i");
const resetForm = new RegExp(String.raw`^reset\s+(${name})$`, "i");
const deallocateForm = new RegExp(String.raw`^deallocate\s+(?:prepare\s+)?(${name})$`, "i");

/** Settings of the database itself, which its own SQL knows. */
const databaseSettings = new Set(["row_limit"]);

function plain(text: string): string {
  const trimmed = text.trim();
  const quoted = /^'((?:[^']|'')*)'$/s.exec(trimmed) ?? /^"((?:[^"]|"")*)"$/s.exec(trimmed);
  return quoted === null ? trimmed : (quoted[1] as string).replace(/(['"])\1/g, "$1");
}

function settingValue(text: string): string | undefined {
  return /^default$/i.test(text.trim()) ? undefined : plain(text);
}

function parseSet(text: string): Utility | undefined {
  if (characteristicsForm.test(text)) return { kind: "nothing", tag: "SET" };
  const zone = timeZoneForm.exec(text);
  if (zone !== null)
    return { kind: "set", name: "timezone", value: settingValue(zone[1] as string) };
  const names = namesForm.exec(text);
  if (names !== null) {
    return { kind: "set", name: "client_encoding", value: settingValue(names[1] as string) };
  }
  const found = setForm.exec(text);
  if (found === null) return undefined;
  const setting = plain(found[1] as string);
  if (databaseSettings.has(setting)) return undefined;
  return { kind: "set", name: setting, value: settingValue(found[2] as string) };
}

function parseShow(text: string): Utility | undefined {
  if (/^show\s+all$/i.test(text)) return { kind: "showAll" };
  if (/^show\s+transaction\s+isolation\s+level$/i.test(text)) {
    return { kind: "show", name: "transaction_isolation" };
  }
  if (/^show\s+time\s+zone$/i.test(text)) return { kind: "show", name: "timezone" };
  const found = showForm.exec(text);
  if (found === null) return undefined;
  const setting = plain(found[1] as string);
  return databaseSettings.has(setting) ? undefined : { kind: "show", name: setting };
}

/** Longer words behind BEGIN are none that stand there. */
const modesLengthMax = 200;

function transaction(kind: "begin" | "commit" | "rollback", tag: string, rest: string): Utility {
  if (rest.length <= modesLengthMax && modes.test(rest)) return { kind, tag };
  throw new PgFault(
    "0A000",
    `${rest.slice(0, 60)} is not supported: there are no savepoints and no two phases`,
  );
}

function parseReset(text: string): Utility | undefined {
  if (/^reset\s+all$/i.test(text)) return { kind: "resetAll" };
  const found = resetForm.exec(text);
  return found === null
    ? undefined
    : { kind: "set", name: plain(found[1] as string), value: undefined };
}

function parseDeallocate(text: string): Utility | undefined {
  if (/^deallocate\s+(?:prepare\s+)?all$/i.test(text))
    return { kind: "deallocate", name: undefined };
  const found = deallocateForm.exec(text);
  return found === null ? undefined : { kind: "deallocate", name: plain(found[1] as string) };
}

function parseDiscard(text: string): Utility | undefined {
  const found = /^discard\s+(all|plans|temp|temporary|sequences)$/i.exec(text);
  if (found === null) return undefined;
  const what = (found[1] as string).toUpperCase();
  return what === "ALL"
    ? { kind: "discard", tag: "DISCARD ALL" }
    : { kind: "nothing", tag: `DISCARD ${what}` };
}

const parsers: Readonly<Record<string, (text: string, rest: string) => Utility | undefined>> = {
  BEGIN: (_text, rest) => transaction("begin", "BEGIN", rest),
  START: (_text, rest) =>
    /^transaction\b/i.test(rest) ? transaction("begin", "START TRANSACTION", rest) : undefined,
  COMMIT: (_text, rest) => transaction("commit", "COMMIT", rest),
  END: (_text, rest) => transaction("commit", "COMMIT", rest),
  ROLLBACK: (_text, rest) => transaction("rollback", "ROLLBACK", rest),
  ABORT: (_text, rest) => transaction("rollback", "ROLLBACK", rest),
  SET: parseSet,
  SHOW: parseShow,
  RESET: parseReset,
  DEALLOCATE: parseDeallocate,
  DISCARD: parseDiscard,
  UNLISTEN: () => ({ kind: "nothing", tag: "UNLISTEN" }),
};

/** The first word of a statement, in upper case. */
export function firstWord(text: string): string {
  return /^[A-Za-z]+/.exec(text)?.[0].toUpperCase() ?? "";
}

/** What a statement is that the database does not run; undefined for all others. Throws PgFault 0A000. */
export function parseUtility(text: string): Utility | undefined {
  const word = firstWord(text);
  const parse = Object.hasOwn(parsers, word) ? parsers[word] : undefined;
  return parse?.(text, text.slice(word.length).trim()) ?? undefined;
}
