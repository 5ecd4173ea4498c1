// Which seeds random tests run with: a fixed list, or what LIGHTCONE_SEEDS names ("7" or "1,2,3").

/** `count` seeds from 1 on, unless the environment names others. */
export function testSeeds(count: number): number[] {
  const named = process.env["LIGHTCONE_SEEDS"];
  if (named !== undefined) return named.split(",").map(Number);
  return Array.from({ length: count }, (_, i) => i + 1);
}
