// Parameters of a query string. Unknown ones are ignored; a bad one is LC_REQUEST_INVALID in the
// words of the reference.
import { LightconeError } from "@lightcone/abi";

export function badQuery(reason: string): LightconeError {
  return new LightconeError("LC_REQUEST_INVALID", `Failed to deserialize query string: ${reason}`);
}

/** The one value of a parameter. */
export function queryText(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name);
  if (values.length > 1) throw badQuery(`duplicate field \`${name}\``);
  return values[0];
}

export function queryFlag(query: URLSearchParams, name: string, byDefault: boolean): boolean {
  const text = queryText(query, name);
  if (text === undefined) return byDefault;
  if (text === "true" || text === "false") return text === "true";
  throw badQuery(`${name}: expected true or false, given \`${text}\``);
}

/** A whole number from 0 on. */
export function queryCount(query: URLSearchParams, name: string): number | undefined {
  const text = queryText(query, name);
  if (text === undefined) return undefined;
  const count = Number(text);
  if (!/^\d{1,10}$/.test(text) || count > 0xffff_ffff) {
    throw badQuery(`${name}: expected a whole number, given \`${text}\``);
  }
  return count;
}

/** One of several words. */
export function queryVariant<Word extends string>(
  query: URLSearchParams,
  name: string,
  words: readonly Word[],
): Word | undefined {
  const text = queryText(query, name);
  if (text === undefined) return undefined;
  const word = words.find((one) => one === text);
  if (word !== undefined) return word;
  const expected = words.map((one) => `\`${one}\``).join(" or ");
  throw badQuery(`${name}: unknown variant \`${text}\`, expected ${expected}`);
}
