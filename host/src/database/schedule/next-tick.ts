// When an interval comes round again. All times are microseconds since the Unix epoch as numbers, exact up to 2^53, which is
// the year 2255; what lies beyond is never reached.

/** An interval of zero asks for calls as fast as possible: one in each turn. */
export const intervalMicrosMin = 1;

/** The first of `anchor + interval`, `anchor + 2 * interval`, … that lies strictly after `now`: what was missed is skipped. */
export function nextTick(anchorMicros: number, intervalMicros: number, nowMicros: number): number {
  const elapsed = nowMicros - anchorMicros;
  if (elapsed < 0) return anchorMicros + intervalMicros;
  // A remainder is exact where a quotient is rounded.
  return nowMicros - (elapsed % intervalMicros) + intervalMicros;
}
