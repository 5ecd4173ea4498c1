// Floats as the shortest decimals that are still the same number. Zero keeps its sign.

export function float8Text(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** For an f32: `0.1`, not 0.10000000149011612. */
export function float4Text(value: number): string {
  if (value === 0) return float8Text(value);
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}
