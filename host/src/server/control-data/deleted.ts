// Databases that were deleted and can still come back: their rows of control data, and the time they have left.
//
// Time is counted while hosts serve the data directory, on a clock that nobody sets: neither a calendar that jumps nor a
// host that is off makes a database go early.
import {
  type Identity,
  identityType,
  LightconeError,
  primitive,
  Timestamp,
  timestampType,
} from "@lightcone/abi";
import type { Clock } from "../../base/clock.ts";
import type { Datastore } from "../../datastore/datastore.ts";
import type { Transaction } from "../../datastore/tx.ts";
import type { ControlStore } from "../control-store.ts";
import { ControlTable } from "../control-table.ts";
import { writePolicy } from "../auth/policy-table.ts";
import { forgetGrants } from "./grants.ts";
import { databaseTable, type NameRow, nameTable, unknownIdentity } from "./tables.ts";
import { forgetVersions } from "./versions.ts";

type DeletedRow = {
  readonly identity: Identity;
  readonly owner: Identity;
  readonly created_at: Timestamp;
  readonly host_type: string;
  readonly deleted_at: Timestamp;
  /** In microseconds of service. */
  readonly ends_at: bigint;
};

const string = primitive("string");

const deletedTable = new ControlTable<DeletedRow>({
  name: "deleted_database",
  columns: {
    identity: identityType,
    owner: identityType,
    created_at: timestampType,
    host_type: string,
    deleted_at: timestampType,
    ends_at: primitive("u64"),
  },
  indexed: ["owner"],
});

/** Names that wait for their database to come back. */
const keptNameTable = new ControlTable<NameRow>({
  name: "deleted_database_name",
  columns: { name: string, database: identityType, owner: identityType },
  indexed: ["database"],
});

/** The one row says for how long the data directory has been served, as far as that was written down. */
const serviceTable = new ControlTable<{ readonly id: number; readonly micros: bigint }>({
  name: "service_time",
  columns: { id: primitive("u8"), micros: primitive("u64") },
  indexed: [],
});

/** A deleted database that can still come back. */
export interface DeletedRecord {
  readonly identity: Identity;
  readonly owner: Identity;
  readonly deletedMicros: bigint;
  /** It goes for good at this point of the service, in microseconds. */
  readonly endsAtMicros: bigint;
}

function toRecord(row: DeletedRow): DeletedRecord {
  return {
    identity: row.identity,
    owner: row.owner,
    deletedMicros: row.deleted_at.micros,
    endsAtMicros: row.ends_at,
  };
}

/** Whether a name waits for a database of somebody else than `owner`. */
export function isNameKept(datastore: Datastore, name: string, owner: Identity): boolean {
  return keptNameTable.find(datastore, "name", name)[0]?.owner.equals(owner) === false;
}

/** Writes a name; a deleted database of the same owner does not get it back any more. */
export function giveName(datastore: Datastore, tx: Transaction, row: NameRow): void {
  keptNameTable.delete(datastore, tx, "name", row.name);
  nameTable.insert(datastore, tx, row);
}

export class DeletedDatabases {
  readonly #store: ControlStore;
  readonly #clock: Clock;
  /** Service before this process, in microseconds, and when this process began its own. */
  readonly #servedMicros: bigint;
  readonly #openedMillis: number;

  /** Makes the tables inside the open transaction unless they are there. */
  static ensure(datastore: Datastore, tx: Transaction): void {
    deletedTable.ensure(datastore, tx);
    keptNameTable.ensure(datastore, tx);
    serviceTable.ensure(datastore, tx);
  }

  constructor(store: ControlStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#servedMicros = serviceTable.find(store.datastore, "id", 0)[0]?.micros ?? 0n;
    this.#openedMillis = clock.nowMillis();
  }

  /** How long hosts have served this data directory, in microseconds; after a crash it may be less. */
  serviceMicros(): bigint {
    const here = Math.floor((this.#clock.nowMillis() - this.#openedMillis) * 1000);
    return this.#servedMicros + BigInt(here);
  }

  /** Makes that survive a crash. */
  saveServiceTime(): Promise<void> {
    return this.#store.write((datastore, tx) => this.#writeServiceTime(datastore, tx));
  }

  #writeServiceTime(datastore: Datastore, tx: Transaction): void {
    serviceTable.delete(datastore, tx, "id", 0);
    serviceTable.insert(datastore, tx, { id: 0, micros: this.serviceMicros() });
  }

  find(identity: Identity): DeletedRecord | undefined {
    return deletedTable.find(this.#store.datastore, "identity", identity).map(toRecord)[0];
  }

  /** All of an owner, or all that there are; the next to go comes first. */
  list(owner?: Identity): DeletedRecord[] {
    const { datastore } = this.#store;
    const rows =
      owner === undefined
        ? deletedTable.all(datastore)
        : deletedTable.find(datastore, "owner", owner);
    return rows.map(toRecord).sort((a, b) => (a.endsAtMicros < b.endsAtMicros ? -1 : 1));
  }

  /** The names that a deleted database would get back. */
  names(identity: Identity): string[] {
    const rows = keptNameTable.find(this.#store.datastore, "database", identity);
    return rows.map(({ name }) => name).sort();
  }

  /** The deleted database that a name waits for. */
  identityOfName(name: string): Identity | undefined {
    return keptNameTable.find(this.#store.datastore, "name", name)[0]?.database;
  }

  /**
   * Takes a database out of sight for so long; its names are kept for its owner. One that is not
   * there is deleted already. LC_FORBIDDEN if it is locked.
   */
  add(identity: Identity, graceMicros: bigint): Promise<void> {
    const at = new Timestamp(this.#clock.nowMicros());
    return this.#store.write((datastore, tx) => {
      const [row] = databaseTable.find(datastore, "identity", identity);
      if (row === undefined) return;
      if (row.is_locked) throw lockedAgainstDeletion();
      const { owner, created_at, host_type } = row;
      const ends_at = this.serviceMicros() + graceMicros;
      const kept = { identity, owner, created_at, host_type, deleted_at: at, ends_at };
      deletedTable.insert(datastore, tx, kept);
      for (const name of nameTable.find(datastore, "database", identity)) {
        keptNameTable.insert(datastore, tx, name);
      }
      databaseTable.delete(datastore, tx, "identity", identity);
      nameTable.delete(datastore, tx, "database", identity);
      this.#writeServiceTime(datastore, tx);
    });
  }

  /** Brings one back, with the names that its owner has not used since. LC_DATABASE_UNKNOWN if there is none. */
  restore(identity: Identity): Promise<void> {
    return this.#store.write((datastore, tx) => {
      const [row] = deletedTable.find(datastore, "identity", identity);
      if (row === undefined) throw unknownIdentity();
      const { owner, created_at, host_type } = row;
      const live = { identity, owner, created_at, host_type, is_locked: false };
      databaseTable.insert(datastore, tx, live);
      for (const name of keptNameTable.find(datastore, "database", identity)) {
        nameTable.insert(datastore, tx, name);
      }
      forget(datastore, tx, identity);
    });
  }

  /** Forgets one for good, and all that was known of it. */
  purge(identity: Identity): Promise<void> {
    return this.#store.write((datastore, tx) => {
      forget(datastore, tx, identity);
      forgetVersions(datastore, tx, identity);
      forgetGrants(datastore, tx, identity);
      writePolicy(datastore, tx, identity, undefined);
    });
  }
}

function forget(datastore: Datastore, tx: Transaction, identity: Identity): void {
  deletedTable.delete(datastore, tx, "identity", identity);
  keptNameTable.delete(datastore, tx, "database", identity);
}

function lockedAgainstDeletion(): LightconeError {
  return new LightconeError(
    "LC_FORBIDDEN",
    "Database is locked and cannot be deleted. Run `spacetime unlock` first.",
  );
}
