// What the meter reads of a module besides its code: types, counts, and which functions can be called from anywhere.
import { BinaryReader, type Section, SectionId } from "../binary.ts";
import { skipConstant } from "./opcode.ts";
import type { ModuleFacts } from "./survey.ts";

/** Kinds of what is imported and exported. */
export const ExternKind = { function: 0, table: 1, memory: 2, global: 3 } as const;

interface FunctionType {
  readonly paramCount: number;
  readonly resultCount: number;
}

export interface BinaryFacts extends ModuleFacts {
  readonly typeCount: number;
  readonly functionCount: number;
  readonly tableCount: number;
  readonly globalCount: number;
  readonly start: number | undefined;
  readonly exportNames: ReadonlySet<string>;
  /** Functions that tables and global variables begin with: code that has no name for them can call them. */
  readonly referred: ReadonlySet<number>;
}

function readType(reader: BinaryReader): FunctionType {
  reader.functionType();
  const skipTypes = (): number => {
    const count = reader.number();
    for (let i = 0; i < count; i++) reader.valueType();
    return count;
  };
  const paramCount = skipTypes();
  return { paramCount, resultCount: skipTypes() };
}

/** Passes over one entry of the element section (core specification, section 5.5.12). */
function readElements(reader: BinaryReader, onFunction: (index: number) => void): void {
  const flags = reader.number();
  const isActive = (flags & 1) === 0;
  const hasTableOrIsDeclared = (flags & 2) !== 0;
  const hasExpressions = (flags & 4) !== 0;
  if (isActive) {
    if (hasTableOrIsDeclared) reader.skipNumber();
    skipConstant(reader, onFunction);
  }
  if ((flags & 3) !== 0) {
    if (hasExpressions) reader.valueType();
    else reader.skip(1);
  }
  for (let left = reader.number(); left > 0; left--) {
    if (hasExpressions) skipConstant(reader, onFunction);
    else onFunction(reader.number());
  }
}

/** Reads a valid module that imports nothing but functions. */
export function readFacts(bytes: Uint8Array, sections: readonly Section[]): BinaryFacts {
  const reader = new BinaryReader(bytes, 0);
  const enter = (id: number): boolean => {
    const section = sections.find((one) => one.id === id);
    if (section !== undefined) reader.moveTo(section.start);
    return section !== undefined;
  };
  const types = enter(SectionId.type) ? reader.list(() => readType(reader)) : [];
  const reachable = new Set<number>();
  const referred = new Set<number>();
  const reach = (index: number): void => void reachable.add(index);
  const refer = (index: number): void => {
    reach(index);
    referred.add(index);
  };
  const readImport = (): number => {
    reader.name();
    reader.name();
    if (reader.byte() !== ExternKind.function) throw new RangeError("a function was expected");
    return reader.number();
  };
  const imports = enter(SectionId.import) ? reader.list(readImport) : [];
  const own = enter(SectionId.function) ? reader.list(() => reader.number()) : [];
  const tableCount = enter(SectionId.table) ? reader.number() : 0;
  const globalCount = enter(SectionId.global) ? reader.number() : 0;
  for (let left = globalCount; left > 0; left--) {
    reader.valueType();
    reader.skip(1);
    skipConstant(reader, refer);
  }
  const exportNames = new Set<string>();
  const readExport = (): void => {
    exportNames.add(reader.name());
    const kind = reader.byte();
    const index = reader.number();
    if (kind === ExternKind.function) reach(index);
  };
  if (enter(SectionId.export)) reader.list(readExport);
  const start = enter(SectionId.start) ? reader.number() : undefined;
  if (start !== undefined) reach(start);
  if (enter(SectionId.element)) reader.list(() => readElements(reader, refer));
  const typesOfFunctions = [...imports, ...own].map((index) => types[index] as FunctionType);
  return {
    importedCount: imports.length,
    paramCounts: typesOfFunctions.map(({ paramCount }) => paramCount),
    resultCounts: typesOfFunctions.map(({ resultCount }) => resultCount),
    reachable,
    typeCount: types.length,
    functionCount: typesOfFunctions.length,
    tableCount,
    globalCount,
    start,
    exportNames,
    referred,
  };
}
