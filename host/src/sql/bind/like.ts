// LIKE on the bytes of a text: `%` stands for any characters, `_` for one, all else for itself, letter case included.
import { LightconeError } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";

const anyOne = -1;
const anyMany = -2;

/** A compiled pattern. */
export interface LikePattern {
  /** As written, for EXPLAIN. */
  readonly text: string;
  /** Bytes to be found, or `anyOne` and `anyMany`. */
  readonly steps: Int16Array;
  /** The bytes that every text which fits begins with. */
  readonly prefix: Uint8Array;
  /** Whether only the prefix itself fits. */
  readonly isExact: boolean;
}

/** Throws LC_LIMIT for a long pattern. `escape` is one character, or undefined: then there is none. */
export function compileLike(text: string, escape: string | undefined): LikePattern | undefined {
  const steps: number[] = [];
  const encoder = new TextEncoder();
  let isEscaped = false;
  for (const character of text) {
    if (!isEscaped && character === escape) {
      isEscaped = true;
      continue;
    }
    if (!isEscaped && character === "%") {
      if (steps[steps.length - 1] !== anyMany) steps.push(anyMany);
    } else if (!isEscaped && character === "_") steps.push(anyOne);
    else steps.push(...encoder.encode(character));
    isEscaped = false;
  }
  if (isEscaped) return undefined;
  if (steps.length > limit.likeBytesMax) {
    const message = `a pattern of LIKE has at most ${limit.likeBytesMax} bytes`;
    throw new LightconeError("LC_LIMIT", message);
  }
  const wild = steps.findIndex((step) => step < 0);
  const prefix = Uint8Array.from(wild < 0 ? steps : steps.slice(0, wild));
  return { text, steps: Int16Array.from(steps), prefix, isExact: wild < 0 };
}

/** The start of the character behind the one at `at`: bytes 10xxxxxx go on with a character. */
function nextCharacter(bytes: Uint8Array, at: number, end: number): number {
  let next = at + 1;
  while (next < end && ((bytes[next] as number) & 0xc0) === 0x80) next++;
  return next;
}

function repeatedTooMuch(): LightconeError {
  const message = `LIKE has to look at more than ${limit.likeRepeatedBytesMax} bytes of a text again; write a shorter pattern`;
  return new LightconeError("LC_LIMIT", message);
}

/**
 * Whether the text in `bytes[start, end)` fits. After a mismatch only the last `%` takes in more, which is enough. Throws LC_LIMIT
 * for a long text that is gone over again and again.
 */
export function matchesLike(
  { steps }: LikePattern,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  let at = start;
  let step = 0;
  let manyStep = -1;
  let manyAt = 0;
  let repeated = 0;
  while (at < end) {
    const wanted = steps[step];
    if (wanted === anyMany) {
      manyStep = step++;
      manyAt = at;
    } else if (wanted === anyOne) {
      at = nextCharacter(bytes, at, end);
      step++;
    } else if (wanted === bytes[at]) {
      at++;
      step++;
    } else if (manyStep >= 0) {
      repeated += at - manyAt;
      if (repeated > limit.likeRepeatedBytesMax) throw repeatedTooMuch();
      manyAt = nextCharacter(bytes, manyAt, end);
      at = manyAt;
      step = manyStep + 1;
    } else return false;
  }
  while (steps[step] === anyMany) step++;
  return step === steps.length;
}
