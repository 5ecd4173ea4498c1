// What the sessions of one database share, and what the database's service asks of a session whatever its dialect.
import type { NameCache, Reader, Writer } from "@lightcone/abi";
import type { Client } from "../database/client.ts";
import type { Database } from "../database/database.ts";
import type { RecordInputs } from "../log/contract.ts";
import type { LongReads } from "./long-reads.ts";
import type { Address, Outbox } from "./outbox.ts";

/** What sessions of one database share. */
export interface SessionContext {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly names: NameCache;
  /** Every message is written here first. */
  readonly writer: Writer;
  readonly reader: Reader;
  readonly longReads: LongReads;
}

/** The call whose changes are being told, if a call made them. Valid until the next transaction. */
export interface Cause {
  inputs: RecordInputs | undefined;
}

/** A connected client. Faulty messages throw LC_FRAME_INVALID, too many at once LC_LIMIT: the socket is to be closed. */
export interface Session {
  readonly client: Client;
  readonly address: Address;
  /** The first message: who the client is. Never held. */
  greet(token: string): void;
  /** Takes one frame, `bytes[start, end)`. */
  receive(bytes: Uint8Array, start: number, end: number, isText: boolean): void;
  /** The client is gone: nothing is read for it any more. */
  end(): void;
}
