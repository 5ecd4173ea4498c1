// A module cut down to the functions that a transformation is about: all others keep their numbers and types, and trap at once.
import { BinaryReader, headerBytes, readSections, type Section, SectionId } from "../binary.ts";
import { BinaryWriter } from "../meter/binary-writer.ts";
import { Opcode } from "../meter/opcode.ts";
import { readFunctionTypes } from "./function-types.ts";

/** No variables, `unreachable`, `end`; their number in front. */
const emptyFunction = [3, 0, Opcode.unreachable, Opcode.end];

/** The valid module `bytes` with the code of the functions `kept` alone, without custom sections. */
export function skeletonOf(bytes: Uint8Array, kept: ReadonlySet<number>): Uint8Array {
  const firstOwn = readFunctionTypes(bytes).imports.length;
  const out = new BinaryWriter(bytes.length);
  out.copy(bytes, 0, headerBytes);
  for (const { id, start, end } of readSections(bytes)) {
    if (id === SectionId.custom) continue;
    if (id !== SectionId.code) {
      out.section(id, bytes.subarray(start, end));
      continue;
    }
    const bodies = bodiesOf(bytes, { id, start, end });
    const code = new BinaryWriter(end - start);
    code.unsigned(bodies.length);
    bodies.forEach((body, i) => {
      if (!kept.has(firstOwn + i)) code.bytes(emptyFunction);
      else writeBody(code, body);
    });
    out.section(id, code.written);
  }
  return out.written;
}

/** The functions of a module as its code section has them, without their lengths. */
export function bodiesOf(bytes: Uint8Array, code: Section): Uint8Array[] {
  const reader = new BinaryReader(bytes, code.start);
  return reader.list(() => {
    const length = reader.number();
    const start = reader.at;
    reader.skip(length);
    return bytes.subarray(start, start + length);
  });
}

/** Appends a function with its length. */
export function writeBody(out: BinaryWriter, body: Uint8Array): void {
  out.unsigned(body.length);
  out.bytes(body);
}
