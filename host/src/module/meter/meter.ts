// Puts a meter into a module's binary: a pass over its bytes, linear in their number, after which the module counts its own fuel and asks
// its host for more when it has used up what it had. docs/metering.md tells what costs how much.
//
// Whatever is added comes last among its kind, so that no number in the module changes: functions keep theirs in calls, tables,
// exports and the names that traps show. An import would have shifted them all; so the way to the host is a table of one entry, which
// the host fills before anything runs. That is also why the start function becomes an export that the host calls.
import { LightconeError, sourceMapSection } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import { BinaryReader, headerBytes, readSections, type Section, SectionId } from "../binary.ts";
import { findSourceMap, isSourceMap } from "../source-map.ts";
import { BinaryWriter } from "./binary-writer.ts";
import { CodeTrail } from "./code-trail.ts";
import { type BinaryFacts, ExternKind, readFacts } from "./facts.ts";
import { capMemories, capTables } from "./limits.ts";
import { Opcode } from "./opcode.ts";
import { writeCode } from "./rewrite.ts";
import { CodeSurvey } from "./survey.ts";

/** Fuel that a module gets at a time; the host looks at the clock in between. About half a millisecond of work. */
export const sliceUnits = 1_000_000;

/** What a metered module exports beside its own. */
export const MeterExport = {
  /** `() -> i32`: the fuel that is left of the present slice, below zero at the end; then begins a whole slice. */
  take: "lightcone:take",
  /** A table whose one entry, `() -> i32`, is asked for more fuel: it answers how much, or 0. */
  host: "lightcone:host",
  /** The module's start function, if it has one: `() -> ()`. */
  start: "lightcone:start",
} as const;

/** Functions of the meter whose numbers come before that of `MeterExport.take`. */
export const functionsBeforeTake = 2;

const i32 = 0x7f;
const functionReference = 0x70;
const noBlock = 0x40;
/** `type` section entries: () -> i32, () -> (), (i32) -> (). */
const ownTypes = [0x60, 0, 1, i32, 0x60, 0, 0, 0x60, 1, i32, 0];
const ownTypeCount = 3;
/** Work of 16 bytes of memory, or entries of a table, costs as much as an instruction. */
const sizeShift = 4;

/** The order of sections (core specification, section 5.5.2); custom ones follow. */
const sectionOrder = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

interface Added {
  readonly fuel: number;
  readonly refill: number;
  readonly chargeSize: number;
  readonly take: number;
  readonly hostTable: number;
  readonly hostType: number;
}

function numbersOf(facts: BinaryFacts): Added {
  return {
    fuel: facts.globalCount,
    refill: facts.functionCount,
    chargeSize: facts.functionCount + 1,
    take: facts.functionCount + functionsBeforeTake,
    hostTable: facts.tableCount,
    hostType: facts.typeCount,
  };
}

function encode(write: (out: BinaryWriter) => void): Uint8Array {
  const out = new BinaryWriter(64);
  write(out);
  return out.written;
}

/** The functions that are added, as entries of the code section without their length, in the order of their numbers. */
function ownFunctions({ fuel, refill, hostTable, hostType }: Added): Uint8Array[] {
  const get = (out: BinaryWriter): void => {
    out.byte(Opcode.globalGet);
    out.unsigned(fuel);
  };
  const set = (out: BinaryWriter): void => {
    out.byte(Opcode.globalSet);
    out.unsigned(fuel);
  };
  const oneVariable = [1, 1, i32];
  const refillBody = encode((out) => {
    out.bytes(oneVariable);
    out.bytes([Opcode.loop, noBlock]);
    out.bytes([Opcode.i32Const, 0, Opcode.callIndirect]);
    out.unsigned(hostType);
    out.unsigned(hostTable);
    out.bytes([Opcode.localTee, 0, Opcode.i32Eqz, Opcode.if, noBlock]);
    // A trap: unlike an exception that the host would throw, no guest can catch it.
    out.bytes([Opcode.unreachable, Opcode.end]);
    get(out);
    out.bytes([Opcode.localGet, 0, Opcode.i32Add]);
    set(out);
    get(out);
    out.bytes([Opcode.i32Const, 0, Opcode.i32LtS, Opcode.brIf, 0, Opcode.end, Opcode.end]);
  });
  const chargeSizeBody = encode((out) => {
    out.byte(0);
    get(out);
    out.bytes([Opcode.localGet, 0, Opcode.i32Const, sizeShift, Opcode.i32ShrU, Opcode.i32Sub]);
    set(out);
    get(out);
    out.bytes([Opcode.i32Const, 0, Opcode.i32LtS, Opcode.if, noBlock, Opcode.call]);
    out.unsigned(refill);
    out.bytes([Opcode.end, Opcode.end]);
  });
  const takeBody = encode((out) => {
    out.byte(0);
    get(out);
    out.byte(Opcode.i32Const);
    out.signed(sliceUnits);
    set(out);
    out.byte(Opcode.end);
  });
  return [refillBody, chargeSizeBody, takeBody];
}

/** What is appended to a section that is a list, and how many entries that is. */
interface Appendix {
  readonly count: number;
  readonly bytes: Uint8Array | readonly number[];
}

function exportsOf(facts: BinaryFacts, added: Added): Appendix {
  const entries: [name: string, kind: number, index: number][] = [
    [MeterExport.take, ExternKind.function, added.take],
    [MeterExport.host, ExternKind.table, added.hostTable],
  ];
  if (facts.start !== undefined) {
    entries.push([MeterExport.start, ExternKind.function, facts.start]);
  }
  const bytes = encode((out) => {
    for (const [name, kind, index] of entries) {
      out.name(name);
      out.byte(kind);
      out.unsigned(index);
    }
  });
  return { count: entries.length, bytes };
}

function appendices(facts: BinaryFacts, added: Added): ReadonlyMap<number, Appendix> {
  const { hostType } = added;
  const functions = encode((out) => {
    for (const type of [hostType + 1, hostType + 2, hostType]) out.unsigned(type);
  });
  const fuel = encode((out) => {
    out.bytes([i32, 1, Opcode.i32Const]);
    out.signed(sliceUnits);
    out.byte(Opcode.end);
  });
  return new Map<number, Appendix>([
    [SectionId.type, { count: ownTypeCount, bytes: ownTypes }],
    [SectionId.function, { count: 3, bytes: functions }],
    [SectionId.table, { count: 1, bytes: [functionReference, 1, 1, 1] }],
    [SectionId.global, { count: 1, bytes: fuel }],
    [SectionId.export, exportsOf(facts, added)],
  ]);
}

function checkNames({ exportNames }: BinaryFacts): void {
  const taken = Object.values(MeterExport).filter((name) => exportNames.has(name));
  if (taken.length === 0) return;
  throw new LightconeError(
    "LC_MODULE_LOAD",
    `the module exports ${taken.join(", ")}: names that the host adds itself`,
  );
}

/** A list with entries behind those it has; `entries` replaces the bytes of the ones it has. */
function append(
  bytes: Uint8Array,
  section: Section | undefined,
  { count, bytes: more }: Appendix,
  entries?: Uint8Array,
): Uint8Array {
  return encode((out) => {
    if (section === undefined) {
      out.unsigned(count);
    } else {
      const reader = new BinaryReader(bytes, section.start);
      out.unsigned(reader.number() + count);
      out.bytes(entries ?? bytes.subarray(reader.at, section.end));
    }
    out.bytes(more);
  });
}

/**
 * The same module with a meter, its memories no larger than `memoryBytesMax`. `bytes` must be valid and import nothing but functions.
 * A source map is changed so that it fits the metered code, and left out if that is impossible. LC_MODULE_LOAD for what cannot be
 * metered and for memories and tables larger than this host gives.
 */
export function meterModule(
  bytes: Uint8Array,
  memoryBytesMax: number = limit.moduleMemoryBytesMax,
): Uint8Array {
  const sections = readSections(bytes);
  const facts = readFacts(bytes, sections);
  checkNames(facts);
  const added = numbersOf(facts);
  const own = appendices(facts, added);
  const map = findSourceMap(bytes, sections);
  const trail = map === undefined ? undefined : new CodeTrail();
  let codeAt = 0;
  const out = new BinaryWriter(bytes.length * 2);
  out.copy(bytes, 0, headerBytes);
  for (const id of sectionOrder) {
    const section = sections.find((one) => one.id === id);
    const appendix = own.get(id);
    if (id === SectionId.code) {
      // A module without code has none to charge for, and still needs the meter's own functions.
      const present = section ?? { id, start: 0, end: 0 };
      const survey = new CodeSurvey(
        section === undefined ? new Uint8Array(1) : bytes,
        present,
        facts,
      );
      const code = writeCode(bytes, present, survey, added, ownFunctions(added), trail);
      out.section(id, code);
      codeAt = out.length - code.length;
    } else if (appendix !== undefined) {
      const isTables = id === SectionId.table && section !== undefined;
      const entries = isTables ? capTables(bytes, section) : undefined;
      out.section(id, append(bytes, section, appendix, entries));
    } else if (section !== undefined && id === SectionId.memory) {
      out.section(id, capMemories(bytes, section, memoryBytesMax));
    } else if (section !== undefined && id !== SectionId.start) {
      out.section(id, bytes.subarray(section.start, section.end));
    }
  }
  for (const section of sections) {
    if (section.id !== SectionId.custom || isSourceMap(bytes, section)) continue;
    out.section(section.id, bytes.subarray(section.start, section.end));
  }
  const moved = map === undefined ? undefined : trail?.moveMap(map, codeAt);
  if (moved !== undefined) out.customSection(sourceMapSection, moved);
  return out.written;
}
