// Tables, those who watch them, and the way from a change to the frames for them, in this process: no module, no log, no
// sockets. What a transaction costs here is what subscriptions cost the engine.
import {
  type AlgebraicType,
  assert,
  type Identity,
  identityFromClaims,
  identityType,
  primitive,
  Writer,
} from "@lightcone/abi";
import {
  type Address,
  compileQueries,
  createTable,
  Datastore,
  Evaluator,
  makeAddress,
  openSlab,
  Outbox,
  Subscriber,
  SubscriptionRegistry,
  type Table,
  UpdateSender,
} from "@lightcone/host/engine";
import { rowCount } from "./settings.ts";

export type TableName = "cell" | "player" | "item";

interface TableSketch {
  /** The first one is the key. */
  readonly columns: Readonly<Record<string, AlgebraicType>>;
  /** Other columns with an index of their own. */
  readonly indexed: readonly string[];
}

const u64 = primitive("u64");

const sketches: Readonly<Record<TableName, TableSketch>> = {
  cell: { columns: { id: u64, owner: identityType, x: u64 }, indexed: ["owner"] },
  player: { columns: { id: u64, level: u64 }, indexed: [] },
  item: { columns: { id: u64, player: u64, x: u64 }, indexed: ["player"] },
};

/** The owner of a cell: there are as many as the largest world has watchers. */
function ownerOf(number: number): Identity {
  return identityFromClaims("localhost", `owner ${number}`);
}

export const ownerCount = 10_000;

/** What was sent, counted. */
export interface SentCounts {
  /** Messages, one for each client that saw a change. */
  messages: number;
  /** Stretches of frames written: clients that are told the same share one, and those of one client in a turn are one. */
  encodings: number;
  bytes: number;
}

function createWatched(datastore: Datastore, name: TableName): Table {
  const { columns, indexed } = sketches[name];
  const names = Object.keys(columns);
  const tx = datastore.begin();
  const table = createTable(datastore, tx, {
    name,
    alias: name,
    access: "public",
    columns: names.map((each) => ({
      name: each,
      alias: each,
      type: columns[each] as AlgebraicType,
    })),
    primaryKey: 0,
    indexes: ["id", ...indexed].map((each) => ({
      name: `${name}_${each}`,
      alias: `${name}_by_${each}`,
      kind: "btree" as const,
      columns: [names.indexOf(each)],
    })),
    constraints: [{ name: `${name}_key`, columns: [0] }],
    sequences: [],
    schedule: undefined,
    isEvent: false,
  });
  datastore.commit(tx);
  datastore.release(tx);
  return table;
}

export class WatchedTables {
  readonly sent: SentCounts = { messages: 0, encodings: 0, bytes: 0 };
  readonly #datastore = new Datastore();
  readonly #registry = new SubscriptionRegistry();
  readonly #evaluator = new Evaluator(this.#registry);
  readonly #tables = new Map<TableName, Table>();
  readonly #outbox: Outbox;
  readonly #sender: UpdateSender;
  readonly #subscribers: Subscriber[] = [];
  readonly #addresses: Address[] = [];
  readonly #row = new Writer();
  readonly #owners: readonly Uint8Array[];

  /** Makes and fills the tables named. */
  constructor(names: readonly TableName[]) {
    const owners = names.includes("cell") ? ownerCount : 0;
    this.#owners = Array.from({ length: owners }, (_, i) => ownerOf(i).toBytes());
    const log = { nextOffset: 1, groupStart: 1, durableOffset: 0 };
    this.#outbox = new Outbox(log, {
      deliver: (slab) => {
        const starts = new Set<number>();
        openSlab(slab, (_socket, frames) => {
          starts.add(frames.byteOffset);
        });
        this.sent.encodings += starts.size;
        this.sent.bytes += slab.tableStart;
      },
      closeSocket: () => undefined,
      dropSocket: () => undefined,
    });
    this.#sender = new UpdateSender(this.#outbox);
    for (const name of names) {
      this.#tables.set(name, createWatched(this.#datastore, name));
      this.#fill(name);
    }
  }

  #fill(name: TableName): void {
    const table = this.#table(name);
    const tx = this.#datastore.begin();
    for (let id = 0; id < rowCount; id++) {
      this.#write(name, id, id);
      const outcome = tx.insert(table, this.#row.memory, 0, this.#row.length);
      assert(outcome === "done", "a row of the benchmark could not be inserted");
    }
    this.#datastore.commit(tx);
    this.#datastore.release(tx);
  }

  #table(name: TableName): Table {
    const table = this.#tables.get(name);
    assert(table !== undefined, `the world has no table ${name}`);
    return table;
  }

  /** Writes the row with an id; `x` is what updates change. */
  #write(name: TableName, id: number, x: number): void {
    const row = this.#row;
    row.clear();
    row.u64(BigInt(id));
    if (name === "cell") row.raw(this.#owners[id % ownerCount] as Uint8Array);
    if (name === "item") row.u64(BigInt(id));
    row.u64(BigInt(x));
  }

  /** One more client. */
  addClient(): number {
    const client = this.#subscribers.length;
    this.#subscribers.push(new Subscriber(client));
    this.#addresses.push(makeAddress(client, false));
    return client;
  }

  /** A query set of a client, whose identity is that of the owner with the number of the client. */
  watch(client: number, querySetId: number, texts: readonly string[]): void {
    const caller = { identity: ownerOf(client), isOwner: false, view: () => undefined };
    const queries = texts.flatMap((text) =>
      compileQueries(text, this.#datastore, caller, "subscription"),
    );
    this.#registry.add(this.#subscribers[client] as Subscriber, querySetId, queries);
  }

  /** One transaction: a row gets another `x`. */
  update(name: TableName, id: number, x: number): void {
    const table = this.#table(name);
    this.#write(name, id, x);
    const tx = this.#datastore.begin();
    tx.update(
      table,
      table.indexes[0] as Table["indexes"][0],
      this.#row.memory,
      0,
      this.#row.length,
    );
    const delta = this.#datastore.commit(tx);
    if (delta !== undefined) {
      const affected = this.#evaluator.evaluate(delta);
      this.sent.messages += affected.length;
      this.#sender.send(
        affected,
        undefined,
        this.#evaluator.bytes,
        ({ id: client }) => this.#addresses[client],
      );
    }
    this.#datastore.release(tx);
  }

  /** What the transactions since the last turn mean for clients leaves. */
  endTurn(): void {
    this.#outbox.endTurn();
  }
}
