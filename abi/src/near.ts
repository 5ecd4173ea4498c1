// The name that a misspelt one was likely to be.

/** Shorter names are near to everything. */
const lengthMin = 3;
const lengthMax = 64;

/** How many letters may be wrong. */
function distanceMax(name: string): number {
  return name.length < 6 ? 1 : 2;
}

/**
 * Letters to add, remove, replace or exchange with their neighbour so that `a` becomes `b` (the restricted Damerau-Levenshtein
 * distance).
 */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + cost,
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (beforeLast[j - 2] as number) + 1);
      }
      row.push(least);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] as number;
}

/** The candidate that `name` is likely to stand for, or undefined: one in other letter cases first, then the nearest. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > lengthMax) return undefined;
  const folded = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = name.length < lengthMin ? 0 : distanceMax(name);
  for (const candidate of candidates) {
    if (candidate === name || Math.abs(candidate.length - name.length) > bestDistance) continue;
    const found = distance(folded, candidate.toLowerCase());
    if (found > bestDistance || (found === bestDistance && best !== undefined)) continue;
    best = candidate;
    bestDistance = found;
  }
  return best;
}

/** What a message adds where a name is near: `; did you mean \`owner\`?`, or nothing. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const near = nearest(name, candidates);
  return near === undefined ? "" : `; did you mean \`${near}\`?`;
}
