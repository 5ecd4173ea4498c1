// What a client's session on the server's thread asks of a database's thread, and how it is answered. All of it crosses as plain
// data; rows cross as the messages that the client is sent.
import type { CallerData } from "../channel.ts";
import type { Format } from "./frontend.ts";
import type { BoundValue } from "./parameter-value.ts";

/** A column as RowDescription tells it. */
export interface Column {
  readonly name: string;
  readonly oid: number;
  /** Bytes of every value, or -1 where they differ. */
  readonly size: number;
}

/** What a statement takes and gives. */
interface Description {
  /** The types of its parameters. */
  readonly parameterOids: readonly number[];
  /** Undefined for one that changes rows. */
  readonly columns: readonly Column[] | undefined;
}

/** A statement with its values. */
interface Execution {
  readonly text: string;
  readonly values: readonly BoundValue[];
  readonly resultFormats: readonly Format[];
  /** Most rows of the first part. */
  readonly rowMax: number;
}

/** A part of an answer. */
export interface RowPart {
  /** DataRow messages. */
  readonly pieces: readonly Uint8Array[];
  readonly rowCount: number;
  /** No more rows come; the cursor is closed. */
  readonly isLast: boolean;
}

export type ExecuteResult =
  | ({
      readonly kind: "rows";
      readonly columns: readonly Column[];
      /** By which more is asked for. */
      readonly cursor: number;
    } & RowPart)
  | { readonly kind: "changed"; readonly rowCount: number };

/** A table as the caller may see it. */
export interface CatalogTable {
  readonly oid: number;
  readonly name: string;
  readonly kind: "table" | "view";
  readonly columns: readonly CatalogColumn[];
  readonly indexes: readonly CatalogIndex[];
}

export interface CatalogColumn {
  readonly name: string;
  readonly type: string;
  readonly isNullable: boolean;
  readonly isAutoIncrement: boolean;
}

export interface CatalogIndex {
  readonly oid: number;
  readonly name: string;
  readonly kind: "btree" | "hash" | "direct";
  readonly columns: readonly string[];
  readonly isUnique: boolean;
  readonly isPrimary: boolean;
}

/** A refusal on its way through a thread's border. */
interface FaultData {
  readonly sqlState: string;
  readonly message: string;
}

/** Every answer: what was asked for, or why not. */
export type Answer<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "fault"; readonly fault: FaultData };

interface OfConnection {
  readonly connection: number;
}

/** Requests of this protocol, by name, with what they are answered with. `connection` numbers a client. */
export interface PgRequests {
  readonly pgConnect: {
    readonly params: OfConnection & { readonly caller: CallerData };
    readonly result: Answer<null>;
  };
  readonly pgDescribe: {
    readonly params: OfConnection & { readonly text: string; readonly types: readonly number[] };
    readonly result: Answer<Description>;
  };
  readonly pgExecute: {
    readonly params: OfConnection & Execution;
    readonly result: Answer<ExecuteResult>;
  };
  readonly pgFetch: {
    readonly params: OfConnection & { readonly cursor: number; readonly rowMax: number };
    readonly result: Answer<RowPart>;
  };
  readonly pgCloseCursor: {
    readonly params: OfConnection & { readonly cursor: number };
    readonly result: Answer<null>;
  };
  readonly pgCatalog: {
    readonly params: OfConnection;
    readonly result: Answer<readonly CatalogTable[]>;
  };
  readonly pgCancel: { readonly params: OfConnection; readonly result: Answer<null> };
  readonly pgDisconnect: { readonly params: OfConnection; readonly result: Answer<null> };
}

export type PgRequestName = keyof PgRequests;

/** Asks a database's thread. */
export type PgAsk = <Name extends PgRequestName>(
  name: Name,
  params: PgRequests[Name]["params"],
) => Promise<PgRequests[Name]["result"]>;

/**
 * A database to which one client is connected. Every method rejects with PgFault; one whose code begins with 57P ends the
 * connection.
 */
export interface PgDatabase {
  describe(text: string, types: readonly number[]): Promise<Description>;
  execute(execution: Execution): Promise<ExecuteResult>;
  /** More of a cursor that is not at its end. */
  fetch(cursor: number, rowMax: number): Promise<RowPart>;
  closeCursor(cursor: number): Promise<void>;
  /** The tables that the client may read. */
  catalog(): Promise<readonly CatalogTable[]>;
  /** Ends the statement under way with 57014. */
  cancel(): void;
  /** Ends the client; nothing may be asked afterwards. */
  disconnect(): void;
}
