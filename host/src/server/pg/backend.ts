// Messages to a client, each written whole (PostgreSQL's protocol, version 3.0).
import type { Column } from "./contract.ts";
import type { PgFault } from "./fault.ts";
import { type Format, formatAt } from "./frontend.ts";
import type { MessageWriter } from "./message-writer.ts";

/** Outside of a transaction, inside, or inside of one that failed. */
export type TransactionStatus = "I" | "T" | "E";

export type Severity = "ERROR" | "FATAL" | "WARNING";

/** Authentication has gone well, or a password in clear text is wanted. */
export function writeAuthentication(out: MessageWriter, kind: "ok" | "password"): void {
  out.begin("R");
  out.i32(kind === "ok" ? 0 : 3);
  out.end();
}

export function writeParameterStatus(out: MessageWriter, name: string, value: string): void {
  out.begin("S");
  out.cstring(name);
  out.cstring(value);
  out.end();
}

/** What a request to cancel must know. */
export function writeBackendKey(out: MessageWriter, processId: number, secret: number): void {
  out.begin("K");
  out.i32(processId);
  out.i32(secret);
  out.end();
}

/** The client asked for a newer minor version, and for options of it that do not exist here. */
export function writeNegotiation(out: MessageWriter, options: readonly string[]): void {
  out.begin("v");
  out.i32(0);
  out.i32(options.length);
  for (const option of options) out.cstring(option);
  out.end();
}

export function writeReady(out: MessageWriter, status: TransactionStatus): void {
  out.begin("Z");
  out.u8(status.charCodeAt(0));
  out.end();
}

/** An error, or a notice, which ends nothing. */
export function writeFault(
  out: MessageWriter,
  severity: Severity,
  { sqlState, message, hint }: Pick<PgFault, "sqlState" | "message" | "hint">,
): void {
  out.begin(severity === "WARNING" ? "N" : "E");
  const fields: [string, string | undefined][] = [
    ["S", severity],
    ["V", severity],
    ["C", sqlState],
    ["M", message],
    ["H", hint],
  ];
  for (const [letter, text] of fields) {
    if (text === undefined) continue;
    out.u8(letter.charCodeAt(0));
    out.cstring(text);
  }
  out.u8(0);
  out.end();
}

export function writeRowDescription(
  out: MessageWriter,
  columns: readonly Column[],
  formats: readonly Format[],
): void {
  out.begin("T");
  out.i16(columns.length);
  columns.forEach(({ name, oid, size }, position) => {
    out.cstring(name);
    // No table and no position in it: a client cannot look them up.
    out.i32(0);
    out.i16(0);
    out.i32(oid);
    out.i16(size);
    out.i32(-1);
    out.i16(formatAt(formats, position));
  });
  out.end();
}

export function writeParameterDescription(out: MessageWriter, oids: readonly number[]): void {
  out.begin("t");
  out.i16(oids.length);
  for (const oid of oids) out.i32(oid);
  out.end();
}

export function writeCommandComplete(out: MessageWriter, tag: string): void {
  out.begin("C");
  out.cstring(tag);
  out.end();
}

const emptyMessages = {
  parseComplete: "1",
  bindComplete: "2",
  closeComplete: "3",
  noData: "n",
  portalSuspended: "s",
  emptyQuery: "I",
} as const;

/** A message that says nothing but what it is. */
export function writeEmpty(out: MessageWriter, kind: keyof typeof emptyMessages): void {
  out.begin(emptyMessages[kind]);
  out.end();
}
