// Which programs a database has had: when each came, and from whom.
import { type Identity, identityType, primitive, Timestamp, timestampType } from "@lightcone/abi";
import type { Clock } from "../../base/clock.ts";
import { limit } from "../../base/limit.ts";
import type { Datastore } from "../../datastore/datastore.ts";
import type { Transaction } from "../../datastore/tx.ts";
import type { ControlStore } from "../control-store.ts";
import { ControlTable } from "../control-table.ts";
import { hasDatabase, unknownIdentity } from "./tables.ts";

/** What brought a program: a first publish, an update, a reset or publish that cleared the data, or a backup. */
export const versionCauses = ["created", "updated", "cleared", "restored"] as const;
type VersionCause = (typeof versionCauses)[number];

export interface Version {
  /** From 1 on, one more for each program; also when older ones are forgotten. */
  readonly number: number;
  /** Keccak-256 of the program, hex in display order. */
  readonly programHash: string;
  readonly at: Timestamp;
  readonly by: Identity;
  readonly cause: VersionCause;
}

type VersionRow = {
  readonly key: string;
  readonly database: Identity;
  readonly number: number;
  readonly program_hash: string;
  readonly at: Timestamp;
  readonly by: Identity;
  readonly cause: string;
};

const string = primitive("string");

const table = new ControlTable<VersionRow>({
  name: "database_version",
  columns: {
    key: string,
    database: identityType,
    number: primitive("u32"),
    program_hash: string,
    at: timestampType,
    by: identityType,
    cause: string,
  },
  indexed: ["database"],
});

function list(datastore: Datastore, database: Identity): Version[] {
  const rows = table.find(datastore, "database", database);
  return rows
    .map(({ number, program_hash, at, by, cause }) => ({
      number,
      programHash: program_hash,
      at,
      by,
      cause: cause as VersionCause,
    }))
    .sort((a, b) => a.number - b.number);
}

const keyOf = (database: Identity, number: number): string => `${database.toHex()} ${number}`;

/** Adds a version; the oldest goes when there are too many. */
export function addVersion(
  datastore: Datastore,
  tx: Transaction,
  database: Identity,
  version: Omit<Version, "number">,
): void {
  const versions = list(datastore, database);
  const number = (versions.at(-1)?.number ?? 0) + 1;
  const { programHash, at, by, cause } = version;
  const key = keyOf(database, number);
  table.insert(datastore, tx, { key, database, number, program_hash: programHash, at, by, cause });
  const [oldest] = versions;
  if (oldest === undefined || versions.length < limit.versionCountMax) return;
  table.delete(datastore, tx, "key", keyOf(database, oldest.number));
}

export function forgetVersions(datastore: Datastore, tx: Transaction, database: Identity): void {
  table.delete(datastore, tx, "database", database);
}

export class Versions {
  readonly #store: ControlStore;
  readonly #clock: Clock;

  /** Makes the table inside the open transaction unless it is there. */
  static ensure(datastore: Datastore, tx: Transaction): void {
    table.ensure(datastore, tx);
  }

  constructor(store: ControlStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** The last `limit.versionCountMax` programs of a database, oldest first. */
  list(database: Identity): Version[] {
    return list(this.#store.datastore, database);
  }

  /** Adds the present program to a database's. LC_DATABASE_UNKNOWN if it is gone by now. */
  add(database: Identity, version: Pick<Version, "programHash" | "by" | "cause">): Promise<void> {
    const at = new Timestamp(this.#clock.nowMicros());
    return this.#store.write((datastore, tx) => {
      if (!hasDatabase(datastore, database)) throw unknownIdentity();
      addVersion(datastore, tx, database, { ...version, at });
    });
  }
}
