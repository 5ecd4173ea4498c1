// Row changes as messages of protocol v2: sets ascending by id, tables ascending by name (protocol.md section 7.6). Whole
// messages are shared among clients that watch the same (design decision 7).
import {
  writeQuerySetHead,
  Writer,
  writeTableUpdateHead,
  writeTransactionUpdateHead,
} from "@lightcone/abi";
import type { Subscriber, UpdatePart } from "../subscription/registry.ts";
import type { Outbox, Address, SharedFrame } from "./outbox.ts";

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

/** Whether two clients are told the same. */
function isSame(a: readonly UpdatePart[], b: readonly UpdatePart[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const [one, other] = [a[i] as UpdatePart, b[i] as UpdatePart];
    if (one.query !== other.query || one.querySetId !== other.querySetId) return false;
  }
  return true;
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

/** Sends TransactionUpdates. */
export class UpdateSender {
  readonly #outbox: Outbox;
  readonly #frames = new Map<string, SharedFrame>();
  readonly #writer = new Writer(1024);

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** Tells all `affected` but the caller, whose changes go into its answer. */
  send(
    affected: readonly Subscriber[],
    caller: Subscriber | undefined,
    encoded: Uint8Array,
    addressOf: (subscriber: Subscriber) => Address | undefined,
  ): void {
    this.#frames.clear();
    let parts: readonly UpdatePart[] = [];
    let frame: SharedFrame | undefined;
    for (let i = 0; i < affected.length; i++) {
      const subscriber = affected[i] as Subscriber;
      if (subscriber === caller) continue;
      const address = addressOf(subscriber);
      if (address === undefined) continue;
      // Those who watch one query come one after another: most are told what the one before was.
      if (frame === undefined || !isSame(subscriber.parts, parts)) {
        frame = this.#frame(subscriber.parts, encoded);
        ({ parts } = subscriber);
      }
      this.#outbox.sendShared(address, frame);
    }
  }

  #frame(parts: UpdatePart[], encoded: Uint8Array): SharedFrame {
    const setCount = arrangeParts(parts);
    // A part's place names the query: equal keys mean equal messages within one transaction.
    let key = "";
    for (const { querySetId, query } of parts) key += `${querySetId}:${query.partStart} `;
    const known = this.#frames.get(key);
    if (known !== undefined) return known;
    this.#writer.clear();
    writeTransactionUpdateHead(this.#writer, setCount);
    writeParts(this.#writer, parts, encoded);
    const message = this.#writer.finish();
    const frame = { message, length: message.length, immediate: undefined, held: undefined };
    this.#frames.set(key, frame);
    return frame;
  }
}
