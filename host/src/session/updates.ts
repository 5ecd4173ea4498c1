// Row changes as messages: of protocol v2 here, sets ascending by id, tables ascending by name (protocol.md section 7.6).
import {
  compressionTags,
  writeQuerySetHead,
  type Writer,
  writeTableUpdateHead,
  writeTransactionUpdateHead,
} from "@lightcone/abi";
import type { UpdatePart } from "../subscription/registry.ts";

/** How a dialect tells those who watch of a transaction. */
export interface UpdateForm {
  /** See `FrameStyle`. */
  readonly tag: number;
  /** Whether messages name query sets: else clients whose ids differ are told the same. */
  readonly namesSets: boolean;
  /** Puts a subscriber's parts into the order in which `write` wants them. */
  arrange(parts: UpdatePart[]): void;
  /** Writes a message of arranged parts, whose rows lie in `encoded`. */
  write(writer: Writer, parts: readonly UpdatePart[], encoded: Uint8Array): void;
}

function compareParts(a: UpdatePart, b: UpdatePart): number {
  if (a.querySetId !== b.querySetId) return a.querySetId - b.querySetId;
  const aName = a.query.query.table.schema.name;
  const bName = b.query.query.table.schema.name;
  return aName < bName ? -1 : Number(aName > bName);
}

/** How many parts from `from` on satisfy `same` with the first of them. */
function runLength(
  parts: readonly UpdatePart[],
  from: number,
  same: (a: UpdatePart, b: UpdatePart) => boolean,
): number {
  let end = from + 1;
  while (end < parts.length && same(parts[from] as UpdatePart, parts[end] as UpdatePart)) end++;
  return end - from;
}

const sameSet = (a: UpdatePart, b: UpdatePart): boolean => a.querySetId === b.querySetId;
const sameTable = (a: UpdatePart, b: UpdatePart): boolean =>
  sameSet(a, b) && a.query.query.table === b.query.query.table;

function countRuns(
  parts: readonly UpdatePart[],
  from: number,
  end: number,
  same: (a: UpdatePart, b: UpdatePart) => boolean,
): number {
  let count = 0;
  for (let at = from; at < end; at += runLength(parts, at, same)) count++;
  return count;
}

/** Sorts a subscriber's parts for writing and returns how many query sets they belong to. */
export function arrangeParts(parts: UpdatePart[]): number {
  if (parts.length <= 1) return parts.length;
  parts.sort(compareParts);
  return countRuns(parts, 0, parts.length, sameSet);
}

/** Writes arranged parts, whose encoded rows lie in `encoded`. */
export function writeParts(
  writer: Writer,
  parts: readonly UpdatePart[],
  encoded: Uint8Array,
): void {
  for (let at = 0; at < parts.length;) {
    const setEnd = at + runLength(parts, at, sameSet);
    const tableCount = countRuns(parts, at, setEnd, sameTable);
    writeQuerySetHead(writer, (parts[at] as UpdatePart).querySetId, tableCount);
    while (at < setEnd) {
      const tableEnd = at + runLength(parts, at, sameTable);
      const { name } = (parts[at] as UpdatePart).query.query.table.schema;
      writeTableUpdateHead(writer, name, tableEnd - at);
      for (; at < tableEnd; at++) {
        const { query } = parts[at] as UpdatePart;
        writer.rawRange(encoded, query.partStart, query.partEnd);
      }
    }
  }
}

/** TransactionUpdate of protocol v2 and v3. */
export const v2Updates: UpdateForm = {
  tag: compressionTags.None,
  namesSets: true,
  arrange: (parts) => {
    arrangeParts(parts);
  },
  write: (writer, parts, encoded) => {
    writeTransactionUpdateHead(writer, countRuns(parts, 0, parts.length, sameSet));
    writeParts(writer, parts, encoded);
  },
};
