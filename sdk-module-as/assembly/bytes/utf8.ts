// Text of bytes that nobody has checked, such as the body of an HTTP response: what is not UTF-8
// becomes U+FFFD, one for each longest beginning of a sequence (Unicode, chapter 3.9, table 3-11).

const replacement: u32 = 0xfffd;

/** The text of the bytes. */
export function decodeUtf8Lossy(bytes: Uint8Array): string {
  const length = bytes.length;
  if (length == 0) return "";
  // A byte gives one UTF-16 unit at most.
  const units = changetype<string>(__new((<usize>length) << 1, idof<string>()));
  const start = changetype<usize>(units);
  const end = bytes.dataStart + length;
  let at = bytes.dataStart;
  let to = start;
  while (at < end) {
    const lead: u32 = load<u8>(at++);
    if (lead < 0x80) {
      store<u16>(to, <u16>lead);
      to += 2;
      continue;
    }
    let point = replacement;
    const rest = restOf(lead);
    if (rest != 0) {
      let found = 0;
      let value = lead & (0x3f >> rest);
      // Only the second byte has narrower bounds: no overlong forms, surrogates, or beyond U+10FFFF.
      let lowest: u32 = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
      let highest: u32 = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
      while (found < rest && at < end) {
        const next: u32 = load<u8>(at);
        if (next < lowest || next > highest) break;
        lowest = 0x80;
        highest = 0xbf;
        value = (value << 6) | (next & 0x3f);
        at++;
        found++;
      }
      if (found == rest) point = value;
    }
    if (point >= 0x10000) {
      const offset = point - 0x10000;
      store<u16>(to, <u16>(0xd800 + (offset >> 10)));
      store<u16>(to, <u16>(0xdc00 + (offset & 0x3ff)), 2);
      to += 4;
    } else {
      store<u16>(to, <u16>point);
      to += 2;
    }
  }
  const size = to - start;
  return size == (<usize>length) << 1 ? units : String.UTF16.decodeUnsafe(start, size);
}

/** How many bytes follow a lead byte; 0 if it is none. */
function restOf(lead: u32): i32 {
  if (lead >= 0xc2 && lead <= 0xdf) return 1;
  if (lead >= 0xe0 && lead <= 0xef) return 2;
  if (lead >= 0xf0 && lead <= 0xf4) return 3;
  return 0;
}

/** The UTF-8 bytes of a text; a lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text, false, String.UTF8.ErrorMode.REPLACE));
}
