// Control data: which databases there are, whose they are and what they are called. Kept in a
// database of our own engine (design decision 10); what a method has answered is durable.
import { type Identity, LightconeError, Timestamp } from "@lightcone/abi";
import type { Clock } from "../base/clock.ts";
import type { Disk } from "../base/disk/contract.ts";
import type { Datastore } from "../datastore/datastore.ts";
import type { Transaction } from "../datastore/tx.ts";
import { policyTable, readPolicy, writePolicy } from "./auth/policy-table.ts";
import type { AuthPolicy } from "./auth/policy.ts";
import {
  dropBeginning,
  ensureBeginnings,
  listBeginnings,
  noteBeginning,
} from "./control-data/beginnings.ts";
import { DeletedDatabases, giveName, isNameKept } from "./control-data/deleted.ts";
import { Grants } from "./control-data/grants.ts";
import {
  type DatabaseRow,
  databaseTable,
  hasDatabase,
  nameTable,
  unknownIdentity,
} from "./control-data/tables.ts";
import { addVersion, type Version, Versions } from "./control-data/versions.ts";
import { ControlStore } from "./control-store.ts";
import type { Guarded } from "./permission.ts";

/** Where the log of control data lies in the data directory. */
export const controlLogDirectory = "control-db/clog";

/** Most names of one database. */
export const nameCountMax = 64;

/** What the host knows of a database without opening it. */
export interface DatabaseRecord extends Guarded {
  /** The identity that published it first. */
  readonly owner: Identity;
  readonly createdMicros: bigint;
  /** The kind of its program. */
  readonly hostType: "Wasm";
  /** Whether it is guarded against deletion and against the loss of its data. */
  readonly isLocked: boolean;
}

/** The first program of a database. */
export type FirstVersion = Pick<Version, "programHash" | "cause">;

/**
 * A database about to exist: nobody else can take its name. One of the two ends must be called; the
 * first one counts.
 */
export interface Reservation {
  readonly identity: Identity;
  /** To be awaited before the first of its files: a start after a crash removes them. */
  begin(): Promise<void>;
  /** Its files are gone again. */
  undo(): Promise<void>;
  /**
   * Makes it known for good. After LC_DISK nobody can tell whether it will be known once the disk
   * works again, so its files must stay.
   */
  commit(version?: FirstVersion): Promise<void>;
  /** Frees the name, as if nothing had been. */
  abort(): void;
}

/** A name that somebody is about to use. */
interface PendingName {
  readonly owner: Identity;
  /** Resolves at the commit's or abort's end. */
  readonly settled: Promise<void>;
}

export class Control {
  readonly deleted: DeletedDatabases;
  readonly grants: Grants;
  readonly versions: Versions;
  readonly #store: ControlStore;
  readonly #clock: Clock;
  readonly #pendingNames = new Map<string, PendingName>();

  private constructor(store: ControlStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.deleted = new DeletedDatabases(store, clock);
    this.grants = new Grants(store);
    this.versions = new Versions(store, clock);
  }

  /**
   * Reads control data from the data directory `disk`. LC_LOG_* and LC_DISK as the log's recovery
   * says.
   */
  static async open(disk: Disk, clock: Clock): Promise<Control> {
    const store = await ControlStore.open(disk, controlLogDirectory);
    await store.write((datastore, tx) => {
      databaseTable.ensure(datastore, tx);
      nameTable.ensure(datastore, tx);
      policyTable.ensure(datastore, tx);
      ensureBeginnings(datastore, tx);
      DeletedDatabases.ensure(datastore, tx);
      Grants.ensure(datastore, tx);
      Versions.ensure(datastore, tx);
    });
    return new Control(store, clock);
  }

  readonly #toRecord = (row: DatabaseRow): DatabaseRecord => ({
    identity: row.identity,
    owner: row.owner,
    createdMicros: row.created_at.micros,
    hostType: "Wasm",
    isLocked: row.is_locked,
    roleOf: (caller) => this.grants.roleOf(row.identity, caller),
  });

  get #datastore(): Datastore {
    return this.#store.datastore;
  }

  /** The database with an identity. */
  database(identity: Identity): DatabaseRecord | undefined {
    return databaseTable.find(this.#datastore, "identity", identity).map(this.#toRecord)[0];
  }

  /** The identity that a name leads to. */
  identityOfName(name: string): Identity | undefined {
    return nameTable.find(this.#datastore, "name", name)[0]?.database;
  }

  /** The names of a database in alphabetical order. */
  names(identity: Identity): string[] {
    return namesOf(this.#datastore, identity);
  }

  /** Whether any database has a policy of its own. */
  get hasPolicies(): boolean {
    return !policyTable.isEmpty(this.#datastore);
  }

  /** The policy that a database has of its own. */
  policy(identity: Identity): AuthPolicy | undefined {
    return readPolicy(this.#datastore, identity);
  }

  /** Gives a database a policy; undefined for that of the host. */
  setPolicy(identity: Identity, policy: AuthPolicy | undefined): Promise<void> {
    return this.#change(identity, (datastore, tx) => writePolicy(datastore, tx, identity, policy));
  }

  /** All databases of an owner, oldest first. */
  databasesOf(owner: Identity): DatabaseRecord[] {
    return sortByAge(databaseTable.find(this.#datastore, "owner", owner).map(this.#toRecord));
  }

  /** All databases, oldest first. */
  databases(): DatabaseRecord[] {
    return sortByAge(databaseTable.all(this.#datastore).map(this.#toRecord));
  }

  /** Who is about to create a database of this name, if anybody. */
  pendingName(name: string): PendingName | undefined {
    return this.#pendingNames.get(name);
  }

  /** Begins the creation of a database. LC_NAME_TAKEN if the name is in use or about to be. */
  reserve(name: string | undefined, identity: Identity, owner: Identity): Reservation {
    let end = (): void => undefined;
    if (name !== undefined) {
      this.#refuseTakenName(this.#datastore, name, owner);
      end = this.#holdName(name, owner);
    }
    const since = new Timestamp(this.#clock.nowMicros());
    return {
      identity,
      begin: () =>
        this.#store.write((datastore, tx) => noteBeginning(datastore, tx, identity, since)),
      undo: () => this.#store.write((datastore, tx) => dropBeginning(datastore, tx, identity)),
      commit: (version) => this.#create(name, identity, owner, version).finally(end),
      abort: end,
    };
  }

  /** Keeps a name from everybody until the function returned is called. */
  #holdName(name: string, owner: Identity): () => void {
    let settle: () => void = () => undefined;
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const pending: PendingName = { owner, settled };
    this.#pendingNames.set(name, pending);
    return () => {
      // By now the name may be pending for somebody else.
      if (this.#pendingNames.get(name) === pending) this.#pendingNames.delete(name);
      settle();
    };
  }

  async #create(
    name: string | undefined,
    identity: Identity,
    owner: Identity,
    version: FirstVersion | undefined,
  ): Promise<void> {
    const createdAt = new Timestamp(this.#clock.nowMicros());
    await this.#store.write((datastore, tx) => {
      dropBeginning(datastore, tx, identity);
      databaseTable.insert(datastore, tx, {
        identity,
        owner,
        created_at: createdAt,
        host_type: "Wasm",
        is_locked: false,
      });
      if (name !== undefined) giveName(datastore, tx, { name, database: identity, owner });
      if (version !== undefined) {
        addVersion(datastore, tx, identity, { ...version, at: createdAt, by: owner });
      }
    });
  }

  /**
   * Gives a database one more name. LC_NAME_TAKEN if that is in use; LC_LIMIT beyond
   * `nameCountMax`.
   */
  addName(identity: Identity, name: string, owner: Identity): Promise<void> {
    return this.#change(identity, (datastore, tx) => {
      this.#refuseTakenName(datastore, name, owner);
      checkNameCount(namesOf(datastore, identity).length + 1);
      giveName(datastore, tx, { name, database: identity, owner });
    });
  }

  /** Gives a database these names and no others. Refusals as for `addName`. */
  replaceNames(identity: Identity, names: readonly string[], owner: Identity): Promise<void> {
    const distinct = [...new Set(names)];
    return this.#change(identity, (datastore, tx) => {
      checkNameCount(distinct.length);
      nameTable.delete(datastore, tx, "database", identity);
      for (const name of distinct) {
        this.#refuseTakenName(datastore, name, owner);
        giveName(datastore, tx, { name, database: identity, owner });
      }
    });
  }

  /** Guards a database against deletion and the loss of its data, or ends that. */
  setLocked(identity: Identity, isLocked: boolean): Promise<void> {
    return this.#change(identity, (datastore, tx) => {
      const [row] = databaseTable.find(datastore, "identity", identity);
      if (row === undefined || row.is_locked === isLocked) return;
      databaseTable.delete(datastore, tx, "identity", identity);
      databaseTable.insert(datastore, tx, { ...row, is_locked: isLocked });
    });
  }

  /** Databases whose creation a crash has broken off: nobody knows them, and their files are to go. */
  beginnings(): Identity[] {
    return listBeginnings(this.#datastore);
  }

  /** The files of such a database are gone. */
  dropBeginning(identity: Identity): Promise<void> {
    return this.#store.write((datastore, tx) => dropBeginning(datastore, tx, identity));
  }

  /** Waits for what is being written and gives the files back. */
  close(): Promise<void> {
    return this.#store.close();
  }

  /** A change of a database that must still be there when its turn has come. */
  #change(
    identity: Identity,
    change: (datastore: Datastore, tx: Transaction) => void,
  ): Promise<void> {
    return this.#store.write((datastore, tx) => {
      if (!hasDatabase(datastore, identity)) throw unknownIdentity();
      change(datastore, tx);
    });
  }

  /** A name that waits for a deleted database is free to that one's owner. */
  #refuseTakenName(datastore: Datastore, name: string, owner: Identity): void {
    const isUsed = nameTable.find(datastore, "name", name).length > 0;
    const isKept = isNameKept(datastore, name, owner);
    if (!isUsed && !isKept && !this.#pendingNames.has(name)) return;
    throw new NameTakenError(name);
  }
}

export { unknownIdentity };

/** LC_NAME_TAKEN with the name, for answers that hold it by itself. */
export class NameTakenError extends LightconeError {
  readonly taken: string;

  constructor(name: string) {
    super("LC_NAME_TAKEN", `the name ${name} belongs to another database`);
    this.taken = name;
  }
}

function namesOf(datastore: Datastore, identity: Identity): string[] {
  const rows = nameTable.find(datastore, "database", identity);
  return rows.map((row) => row.name).sort();
}

function sortByAge(records: DatabaseRecord[]): DatabaseRecord[] {
  return records.sort((a, b) => {
    const difference = a.createdMicros - b.createdMicros || a.identity.value - b.identity.value;
    return difference < 0n ? -1 : 1;
  });
}

function checkNameCount(count: number): void {
  if (count <= nameCountMax) return;
  throw new LightconeError("LC_LIMIT", `a database may have ${nameCountMax} names, not ${count}`);
}
