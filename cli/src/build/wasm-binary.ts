// As much of the binary form of a module as a build needs: where its functions are, and a section more at its end.

const headerBytes = 8;
const customSectionId = 0;
const codeSectionId = 10;

/** Reads a number in LEB128; returns it and where the next byte is. */
function readNumber(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0;
  let factor = 1;
  for (let i = at; ; i++, factor *= 0x80) {
    const byte = bytes[i] ?? 0;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return [value, i + 1];
  }
}

function numberBytes(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}

/** Where the functions of a valid module begin, in bytes from its first; the last entry is the end of the last one. */
export function functionStarts(program: Uint8Array): number[] {
  let at = headerBytes;
  while (at < program.length) {
    const id = program[at];
    const [length, start] = readNumber(program, at + 1);
    if (id === codeSectionId) return startsIn(program, start);
    at = start + length;
  }
  return [];
}

function startsIn(program: Uint8Array, codeAt: number): number[] {
  const [count, first] = readNumber(program, codeAt);
  const starts: number[] = [];
  let at = first;
  for (let i = 0; i < count; i++) {
    const [length, start] = readNumber(program, at);
    starts.push(start);
    at = start + length;
  }
  return [...starts, at];
}

/** A module with a custom section behind all it has. */
export function withCustomSection(
  program: Uint8Array,
  name: string,
  content: Uint8Array,
): Uint8Array {
  const nameBytes = Buffer.from(name);
  const nameLength = numberBytes(nameBytes.length);
  const length = numberBytes(nameLength.length + nameBytes.length + content.length);
  const head = [customSectionId, ...length, ...nameLength];
  return Buffer.concat([program, Uint8Array.from(head), nameBytes, content]);
}
