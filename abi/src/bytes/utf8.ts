// UTF-8 without texts made of it: rows are checked in place, and texts compared by their bytes.

const utf8 = new TextEncoder();

/**
 * Whether `bytes[start, end)` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at
 * most U+10FFFF).
 */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    const lead = bytes[at] as number;
    if (lead < 0x80) {
      at++;
      continue;
    }
    const length = sequenceLength(lead);
    if (length === 0 || at + length > end) return false;
    const second = bytes[at + 1] as number;
    if (second < lowestSecond(lead) || second > highestSecond(lead)) return false;
    for (let i = at + 2; i < at + length; i++) {
      if (((bytes[i] as number) & 0xc0) !== 0x80) return false;
    }
    at += length;
  }
  return true;
}

function sequenceLength(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 0;
}

function lowestSecond(lead: number): number {
  if (lead === 0xe0) return 0xa0;
  return lead === 0xf0 ? 0x90 : 0x80;
}

function highestSecond(lead: number): number {
  if (lead === 0xed) return 0x9f;
  return lead === 0xf4 ? 0x8f : 0xbf;
}

/** The order of the texts' UTF-8 bytes; JavaScript's own is that of UTF-16. */
export function compareUtf8(a: string, b: string): number {
  const left = utf8.encode(a);
  const right = utf8.encode(b);
  const common = Math.min(left.length, right.length);
  for (let i = 0; i < common; i++) {
    const difference = (left[i] as number) - (right[i] as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
