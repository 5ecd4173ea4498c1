// What values of options can be: how each is read from text, which flags, variables and files have in common.
import { parseByteSize } from "../byte-size.ts";
import { parseDurationMs, parseSecondsMs } from "../duration.ts";
import { CommandError } from "../exit.ts";

/**
 * How it stands on the command line: with a value; without one, where files and variables say true or false; or with a value and
 * as often as there are values, which commas part in a variable and an array holds in a file.
 */
type Form = "value" | "switch" | "list";

export interface Kind<T> {
  /** How the documentation calls it. */
  readonly title: string;
  readonly form: Form;
  /** `name` is how the value was given, for the refusal. */
  readonly read: (text: string, name: string) => T;
}

function kind<T>(
  title: string,
  read: (text: string, name: string) => T,
  form: Form = "value",
): Kind<T> {
  return { title, read, form };
}

function refuse(name: string, text: string, fault: string, advice: string): CommandError {
  return new CommandError("usage", `${name} ${text}: ${fault}`, advice);
}

export const text: Kind<string> = kind("text", (given) => given);

export const trueOrFalse: Kind<boolean> = kind(
  "true or false",
  (given, name) => {
    if (given === "true" || given === "false") return given === "true";
    throw refuse(name, given, "this is neither true nor false", "Write true or false.");
  },
  "switch",
);

/** Texts without commas. */
export const list: Kind<readonly string[]> = kind(
  "list of texts",
  (given) =>
    given
      .split(",")
      .map((one) => one.trim())
      .filter((one) => one !== ""),
  "list",
);

export const port: Kind<number> = kind("port", (given, name) => {
  if (/^\d{1,5}$/.test(given) && Number(given) <= 65_535) return Number(given);
  throw refuse(name, given, "this is no port", "Write 5432, for instance.");
});

/** A whole number above zero, of what `of` says. */
export function count(of: string): Kind<number> {
  return kind("whole number", (given, name) => {
    const number = Number(given);
    if (/^\d+$/.test(given) && number > 0 && Number.isSafeInteger(number)) return number;
    const advice = "Write a whole number above zero, such as 1000000.";
    throw refuse(name, given, `this is no number of ${of}`, advice);
  });
}

/** The same or 0, which is no limit. */
export function countOrNone(of: string): Kind<number> {
  return kind("whole number", (given, name) => (given === "0" ? 0 : count(of).read(given, name)));
}

/** In milliseconds. */
export const duration: Kind<number> = kind("time", parseDurationMs);

/** In milliseconds; 0 is allowed. */
export const durationOrNone: Kind<number> = kind("time", (given, name) =>
  given === "0" ? 0 : parseDurationMs(given, name),
);

/** In milliseconds; a number without a unit is one of seconds. */
export const seconds: Kind<number> = kind("time", parseSecondsMs);

export const byteSize: Kind<number> = kind("memory", parseByteSize);

export function choice<const Word extends string>(words: readonly Word[], of: string): Kind<Word> {
  return kind(words.join(", "), (given, name) => {
    const word = words.find((one) => one === given);
    if (word !== undefined) return word;
    throw refuse(name, given, `there is no such ${of}`, `Choose one of ${words.join(", ")}.`);
  });
}
