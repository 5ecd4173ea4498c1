// Control data: which databases there are, whose they are and what they are called. Kept in a
// database of our own engine (design decision 10); what a method has answered is durable.
import {
  type Identity,
  identityType,
  LightconeError,
  primitive,
  Timestamp,
  timestampType,
} from "@lightcone/abi";
import type { Clock } from "../base/clock.ts";
import type { Disk } from "../base/disk/contract.ts";
import type { Datastore } from "../datastore/datastore.ts";
import type { Transaction } from "../datastore/tx.ts";
import { policyTable, readPolicy, writePolicy } from "./auth/policy-table.ts";
import type { AuthPolicy } from "./auth/policy.ts";
import { ControlStore } from "./control-store.ts";
import { ControlTable } from "./control-table.ts";

/** Where the log of control data lies in the data directory. */
export const controlLogDirectory = "control-db/clog";

/** Most names of one database. */
export const nameCountMax = 64;

type DatabaseRow = {
  readonly identity: Identity;
  readonly owner: Identity;
  readonly created_at: Timestamp;
  readonly host_type: string;
  readonly is_locked: boolean;
};

type NameRow = {
  readonly name: string;
  readonly database: Identity;
  /** Who registered the name. */
  readonly owner: Identity;
};

const string = primitive("string");

const databaseTable = new ControlTable<DatabaseRow>({
  name: "database",
  columns: {
    identity: identityType,
    owner: identityType,
    created_at: timestampType,
    host_type: string,
    is_locked: primitive("bool"),
  },
  indexed: ["owner"],
});

export const nameTable: ControlTable<NameRow> = new ControlTable<NameRow>({
  name: "database_name",
  columns: { name: string, database: identityType, owner: identityType },
  indexed: ["database"],
});

/** What the host knows of a database without opening it. */
export interface DatabaseRecord {
  readonly identity: Identity;
  /** The identity that published it first. */
  readonly owner: Identity;
  readonly createdMicros: bigint;
  /** The kind of its program. */
  readonly hostType: "Wasm";
  /** Whether it is guarded against deletion and against the loss of its data. */
  readonly isLocked: boolean;
}

/**
 * A database about to exist: nobody else can take its name. One of the two ends must be called; the
 * first one counts.
 */
export interface Reservation {
  readonly identity: Identity;
  /**
   * Makes it known for good. After LC_DISK nobody can tell whether it will be known once the disk
   * works again, so its files must stay.
   */
  commit(): Promise<void>;
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
  readonly #store: ControlStore;
  readonly #clock: Clock;
  readonly #pendingNames = new Map<string, PendingName>();

  private constructor(store: ControlStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
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
    });
    return new Control(store, clock);
  }

  get #datastore(): Datastore {
    return this.#store.datastore;
  }

  /** The database with an identity. */
  database(identity: Identity): DatabaseRecord | undefined {
    return readDatabase(this.#datastore, identity);
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
    return sortByAge(databaseTable.find(this.#datastore, "owner", owner).map(toRecord));
  }

  /** All databases, oldest first. */
  databases(): DatabaseRecord[] {
    return sortByAge(databaseTable.all(this.#datastore).map(toRecord));
  }

  /** Who is about to create a database of this name, if anybody. */
  pendingName(name: string): PendingName | undefined {
    return this.#pendingNames.get(name);
  }

  /** Begins the creation of a database. LC_NAME_TAKEN if the name is in use or about to be. */
  reserve(name: string | undefined, identity: Identity, owner: Identity): Reservation {
    if (name === undefined) {
      return {
        identity,
        commit: () => this.#create(undefined, identity, owner),
        abort: () => undefined,
      };
    }
    this.#refuseTakenName(this.#datastore, name);
    let settle: () => void = () => undefined;
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const pending: PendingName = { owner, settled };
    this.#pendingNames.set(name, pending);
    const end = (): void => {
      // By now the name may be pending for somebody else.
      if (this.#pendingNames.get(name) === pending) this.#pendingNames.delete(name);
      settle();
    };
    return {
      identity,
      commit: () => this.#create(name, identity, owner).finally(end),
      abort: end,
    };
  }

  async #create(name: string | undefined, identity: Identity, owner: Identity): Promise<void> {
    const createdAt = new Timestamp(this.#clock.nowMicros());
    await this.#store.write((datastore, tx) => {
      databaseTable.insert(datastore, tx, {
        identity,
        owner,
        created_at: createdAt,
        host_type: "Wasm",
        is_locked: false,
      });
      if (name !== undefined) {
        nameTable.insert(datastore, tx, { name, database: identity, owner });
      }
    });
  }

  /**
   * Gives a database one more name. LC_NAME_TAKEN if that is in use; LC_LIMIT beyond
   * `nameCountMax`.
   */
  addName(identity: Identity, name: string, owner: Identity): Promise<void> {
    return this.#change(identity, (datastore, tx) => {
      this.#refuseTakenName(datastore, name);
      checkNameCount(namesOf(datastore, identity).length + 1);
      nameTable.insert(datastore, tx, { name, database: identity, owner });
    });
  }

  /** Gives a database these names and no others. Refusals as for `addName`. */
  replaceNames(identity: Identity, names: readonly string[], owner: Identity): Promise<void> {
    const distinct = [...new Set(names)];
    return this.#change(identity, (datastore, tx) => {
      checkNameCount(distinct.length);
      nameTable.delete(datastore, tx, "database", identity);
      for (const name of distinct) {
        this.#refuseTakenName(datastore, name);
        nameTable.insert(datastore, tx, { name, database: identity, owner });
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

  /** Forgets a database and frees its names. One that is not there is forgotten already. */
  delete(identity: Identity): Promise<void> {
    return this.#store.write((datastore, tx) => {
      databaseTable.delete(datastore, tx, "identity", identity);
      nameTable.delete(datastore, tx, "database", identity);
      writePolicy(datastore, tx, identity, undefined);
    });
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
      if (readDatabase(datastore, identity) === undefined) throw unknownIdentity();
      change(datastore, tx);
    });
  }

  #refuseTakenName(datastore: Datastore, name: string): void {
    const isUsed = nameTable.find(datastore, "name", name).length > 0;
    if (!isUsed && !this.#pendingNames.has(name)) return;
    throw new NameTakenError(name);
  }
}

/** LC_NAME_TAKEN with the name, for answers that hold it by itself. */
export class NameTakenError extends LightconeError {
  readonly taken: string;

  constructor(name: string) {
    super("LC_NAME_TAKEN", `the name ${name} belongs to another database`);
    this.taken = name;
  }
}

/** LC_DATABASE_UNKNOWN in the words of the reference. */
export function unknownIdentity(): LightconeError {
  return new LightconeError("LC_DATABASE_UNKNOWN", "No such database.");
}

function readDatabase(datastore: Datastore, identity: Identity): DatabaseRecord | undefined {
  return databaseTable.find(datastore, "identity", identity).map(toRecord)[0];
}

function namesOf(datastore: Datastore, identity: Identity): string[] {
  const rows = nameTable.find(datastore, "database", identity);
  return rows.map((row) => row.name).sort();
}

function toRecord(row: DatabaseRow): DatabaseRecord {
  return {
    identity: row.identity,
    owner: row.owner,
    createdMicros: row.created_at.micros,
    hostType: "Wasm",
    isLocked: row.is_locked,
  };
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
