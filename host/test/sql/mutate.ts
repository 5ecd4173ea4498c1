// Texts that are nearly SQL: something of a text left out, doubled, moved, misspelt or put in.
import type { Rng } from "@lightcone/fixtures/rng";

const junk = [
  ..."( ) * , . ; = <> != <= >= + - / % || :: ' \" -- /* */ : $1 ? \\ ` @ # ~ { [ & ^ ! | \0".split(
    " ",
  ),
  "\ud800",
  "\u00a0",
  "\u{1d11e}",
  "\u2028",
  ...(
    "SELECT FROM WHERE AND OR NOT LIMIT AS JOIN ON COUNT TRUE NULL :sender x' X'0f' 0x 1e999999 'x' t u a " +
    "zqhidden zqsecret GROUP BY ORDER IN LIKE IS BETWEEN UNION DISTINCT VALUES SET HAVING OFFSET EXPLAIN"
  ).split(" "),
];

function tokensOf(text: string): string[] {
  return text.match(/\s+|\w+|'[^']*'|"[^"]*"|./gsu) ?? [];
}

/** A word with a letter lost, doubled, changed or in the wrong place. */
function misspelt(rng: Rng, word: string): string {
  const at = rng.nextBelow(word.length);
  const [before, letter, after] = [word.slice(0, at), word.charAt(at), word.slice(at + 1)];
  return rng.pick([
    before + after,
    before + letter + letter + after,
    `${before}${rng.pick(["x", "_", "E", "0", "é"])}${after}`,
    before + after.slice(0, 1) + letter + after.slice(1),
    word.toUpperCase(),
  ]);
}

function mutateOnce(rng: Rng, text: string, other: () => string): string {
  const tokens = tokensOf(text);
  if (tokens.length === 0) return rng.pick(junk);
  const at = rng.nextBelow(tokens.length);
  const token = tokens[at] as string;
  switch (rng.nextBelow(8)) {
    case 0:
      tokens.splice(at, 1 + rng.nextBelow(3));
      break;
    case 1:
      tokens.splice(at, 0, token);
      break;
    case 2:
      tokens.splice(rng.nextBelow(tokens.length), 0, ...tokens.splice(at, 1));
      break;
    case 3:
      tokens[at] = rng.pick(junk);
      break;
    case 4:
      tokens.splice(at, 0, rng.pick(["", " "]) + rng.pick(junk) + rng.pick(["", " "]));
      break;
    case 5:
      tokens[at] = misspelt(rng, token);
      break;
    case 6:
      return text.slice(0, rng.nextBelow(text.length + 1));
    default: {
      const others = tokensOf(other());
      return [...tokens.slice(0, at), ...others.slice(rng.nextBelow(others.length + 1))].join("");
    }
  }
  return tokens.join("");
}

/** A text changed in a place or several. */
export function mutate(rng: Rng, text: string, other: () => string): string {
  let mutated = text;
  for (let count = 1 + rng.nextBelow(rng.nextBelow(4) === 0 ? 8 : 2); count > 0; count--) {
    mutated = mutateOnce(rng, mutated, other);
  }
  return mutated;
}
