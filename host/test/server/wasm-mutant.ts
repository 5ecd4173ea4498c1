// Broken copies of a module: bytes flipped, sections moved, sizes declared that nobody has.
import type { Random } from "../../src/base/random.ts";

interface Section {
  readonly id: number;
  readonly body: Uint8Array;
}

const headBytes = 8;
const memorySection = 5;
const tableSection = 4;
const codeSection = 10;
const dataSection = 11;

function readU32(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if ((byte & 0x80) === 0) return [value, at];
  }
}

function u32(value: number): number[] {
  const bytes: number[] = [];
  do {
    const low = value % 128;
    value = Math.floor(value / 128);
    bytes.push(value > 0 ? low | 0x80 : low);
  } while (value > 0);
  return bytes;
}

function sectionsOf(module: Uint8Array): Section[] {
  const sections: Section[] = [];
  for (let at = headBytes; at < module.length;) {
    const [length, start] = readU32(module, at + 1);
    sections.push({ id: module[at] as number, body: module.subarray(start, start + length) });
    at = start + length;
  }
  return sections;
}

function join(sections: readonly Section[]): Uint8Array {
  const head = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const parts = sections.flatMap(({ id, body }) => [[id, ...u32(body.length)], body]);
  return new Uint8Array(
    Buffer.concat([Buffer.from(head), ...parts.map((part) => Buffer.from(part))]),
  );
}

function replace(module: Uint8Array, id: number, body: readonly number[]): Uint8Array {
  const others = sectionsOf(module);
  return join(
    others.map((section) => (section.id === id ? { id, body: Uint8Array.from(body) } : section)),
  );
}

type Mutation = (module: Uint8Array, random: Random) => Uint8Array;

function position(random: Random, end: number): number {
  return random.u32() % end;
}

function flip(module: Uint8Array, random: Random, from: number, to: number): Uint8Array {
  const mutant = module.slice();
  for (let count = 1 + position(random, 8); count > 0; count--) {
    const at = from + position(random, to - from);
    mutant[at] = (mutant[at] as number) ^ (1 << position(random, 8));
  }
  return mutant;
}

/** Flips bits inside one section. */
function flipIn(id: number): Mutation {
  return (module, random) => {
    const section = sectionsOf(module).find((one) => one.id === id);
    if (section === undefined) return module;
    const from = section.body.byteOffset - module.byteOffset;
    return flip(module, random, from, from + section.body.length);
  };
}

/** Limits of memories and tables: a flag, the minimum, the maximum. */
const sizes: readonly (readonly number[])[] = [
  [0, ...u32(65_536)],
  [0, ...u32(65_537)],
  [1, ...u32(1), ...u32(0)],
  [1, ...u32(17), ...u32(65_536)],
  [0, ...u32(0xffff_ffff)],
  [1, ...u32(0xffff_fff0), ...u32(0xffff_ffff)],
  [3, ...u32(17), ...u32(65_536)],
];

/** Every way a module is broken, by name. */
export const mutations: Readonly<Record<string, Mutation>> = {
  "bits flipped anywhere": (module, random) => flip(module, random, headBytes, module.length),
  "bits flipped in code": flipIn(codeSection),
  "bits flipped in data": flipIn(dataSection),
  "bytes cut off": (module, random) => module.subarray(0, position(random, module.length)),
  "sections swapped": (module, random) => {
    const sections = sectionsOf(module);
    const a = position(random, sections.length);
    const b = position(random, sections.length);
    const first = sections[a] as Section;
    sections[a] = sections[b] as Section;
    sections[b] = first;
    return join(sections);
  },
  "a section left out": (module, random) => {
    const sections = sectionsOf(module);
    sections.splice(position(random, sections.length), 1);
    return join(sections);
  },
  "a section twice": (module, random) => {
    const sections = sectionsOf(module);
    const at = position(random, sections.length);
    sections.splice(at, 0, sections[at] as Section);
    return join(sections);
  },
  "another size of memory": (module, random) => {
    const size = sizes[position(random, sizes.length)] as readonly number[];
    return replace(module, memorySection, [1, ...size]);
  },
  "another size of table": (module, random) => {
    const size = sizes[position(random, sizes.length)] as readonly number[];
    return replace(module, tableSection, [1, 0x70, ...size]);
  },
  "bytes put in": (module, random) => {
    const at = headBytes + position(random, module.length - headBytes);
    const extra = random.bytes(1 + position(random, 16));
    return new Uint8Array(
      Buffer.concat(
        [module.subarray(0, at), extra, module.subarray(at)].map((one) => Buffer.from(one)),
      ),
    );
  },
};
