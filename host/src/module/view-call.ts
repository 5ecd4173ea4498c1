// Views: functions of a module that read the database and write nothing (abi.md sections 6, 7.1 and 7.4).
import type { Transaction } from "../datastore/tx.ts";
import { type Guest, type GuestEnd, guestText } from "./guest.ts";
import type { CallerWords } from "./instance.ts";
import type { ReadSet } from "./read-set.ts";

/** A view as its exports know it. */
export interface ViewId {
  readonly name: string;
  /** Counted apart for anonymous views and others. */
  readonly index: number;
  readonly isAnonymous: boolean;
}

/** What a view came to. Bytes are valid until the instance's next call. */
export type ViewResult =
  /** `bytes[start, end)` is a BSATN array of rows, not looked into yet. */
  | {
      readonly kind: "rows";
      readonly bytes: Uint8Array;
      readonly start: number;
      readonly end: number;
    }
  /** The rows are those of a query. */
  | { readonly kind: "query"; readonly text: string }
  | ({ readonly kind: "failed" } & GuestEnd);

type CallView = (
  index: number,
  s0: bigint,
  s1: bigint,
  s2: bigint,
  s3: bigint,
  args: number,
  sink: number,
) => number;

type CallAnonymousView = (index: number, args: number, sink: number) => number;

const code = { rows: 0, error: 1, header: 2 } as const;
const headerTag = { rowData: 0, rawSql: 1 } as const;

/** Views have no parameters: the source of no bytes. */
const noArguments = 0;

/**
 * Runs a view inside `tx` and records what it reads. `sender` is ignored by an anonymous view. After a failure the instance may be
 * dead. Throws only what is the host's own fault.
 */
export function callView(
  guest: Guest,
  view: ViewId,
  sender: CallerWords["sender"],
  reads: ReadSet,
  tx: Transaction,
): ViewResult {
  const { context } = guest;
  context.begin(view.name, tx, reads);
  try {
    const ended = enter(guest, view, sender);
    if (ended === undefined) return failed("the module does not export what runs its views");
    if (context.isDead) return failed("an import trapped and the module went on");
    return readResult(ended, context.sink.bytes());
  } catch (thrown) {
    return { kind: "failed", ...guest.endBy(thrown) };
  } finally {
    context.end();
  }
}

/** The view's result code; undefined if it has no export to run by. */
function enter(guest: Guest, view: ViewId, sender: CallerWords["sender"]): number | undefined {
  const { handle } = guest.context.sink;
  if (view.isAnonymous) {
    const call = guest.exported<CallAnonymousView>("__call_view_anon__");
    return call?.(view.index, noArguments, handle);
  }
  const call = guest.exported<CallView>("__call_view__");
  return call?.(view.index, sender[0], sender[1], sender[2], sender[3], noArguments, handle);
}

function readResult(ended: number, bytes: Uint8Array): ViewResult {
  switch (ended) {
    case code.rows:
      return { kind: "rows", bytes, start: 0, end: bytes.length };
    case code.header:
      return readHeader(bytes);
    case code.error:
      return failed(guestText(bytes));
    default:
      return failed(`the view returned ${ended}`);
  }
}

/** A ViewResultHeader and what follows it. */
function readHeader(bytes: Uint8Array): ViewResult {
  if (bytes[0] === headerTag.rowData) return { kind: "rows", bytes, start: 1, end: bytes.length };
  const textStart = 5;
  if (bytes[0] === headerTag.rawSql && bytes.length >= textStart) {
    const length = new DataView(bytes.buffer, bytes.byteOffset + 1, 4).getUint32(0, true);
    if (textStart + length === bytes.length) {
      return { kind: "query", text: guestText(bytes.subarray(textStart)) };
    }
  }
  return failed("what the view returned has no valid header");
}

function failed(message: string): ViewResult {
  return { kind: "failed", message };
}
