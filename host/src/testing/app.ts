// `openTestDatabase`: a module under test, in the real engine and in this process, with the test in charge of time, chance and the
// world. docs/testing.md is its manual.
import { resolve as resolvePath } from "node:path";
import { ConnectionId, Identity, present, Timestamp } from "@lightcone/abi";
import type { Disk } from "../base/disk/contract.ts";
import { MemoryDisk } from "../base/disk/memory.ts";
import { nodeDisk } from "../base/disk/node.ts";
import { systemPause } from "../base/pause.ts";
import { type Random, seededRandom } from "../base/random.ts";
import { systemTimers } from "../base/timers.ts";
import { callerOf, type CallerOptions, identityOf } from "../embedded/caller.ts";
import { EmbeddedClient } from "../embedded/client.ts";
import { Core } from "../embedded/core.ts";
import type { LogLine } from "../embedded/log-line.ts";
import { type Program, readProgram } from "../embedded/program.ts";
import type { AnyModule, ModuleTypes, RowOf, TableName } from "../embedded/types.ts";
import { TestClient } from "./client.ts";
import { defaultStart, TestClock } from "./clock.ts";
import { CallTally, type Coverage } from "./coverage.ts";
import {
  type ExpectedRequest,
  type HttpHandler,
  routeRequestOf,
  routeResponseOf,
  type SentRequest,
  TestHttp,
} from "./http.ts";
import { findTable, type TestTable, testTables } from "./tables.ts";

type HttpAnswers = HttpHandler | readonly ExpectedRequest[];

export interface OpenTestDatabaseOptions {
  /** The module: the bytes of a `.wasm`, its path, or its `file:` URL. */
  readonly wasm: Program;
  /** Who owns the database and may call what is private: a name or an identity; the name "owner" if not given. */
  readonly owner?: Identity | string;
  /** What time it is at first; 2025-01-01T00:00:00Z if not given. The module's random numbers follow from the time of each call. */
  readonly clock?: Date | Timestamp;
  /** What ids of connections are drawn from; 1 if not given. */
  readonly seed?: number;
  /** Answers the requests of procedures, or the list of those to come. Without it none is expected. */
  readonly http?: HttpAnswers;
  /** Where the code of procedures is kept, which takes seconds to make. Without it each process that tests makes its own. */
  readonly cacheDir?: string;
}

/** What a fork may have of its own. */
export type ForkOptions = Pick<OpenTestDatabaseOptions, "http" | "seed">;

type Tables<M extends ModuleTypes> = {
  readonly [Name in TableName<M>]: TestTable<RowOf<M, Name>>;
};

/** Code made of modules with procedures, where no folder is given: made once for a process. */
const processCache: Disk = new MemoryDisk();

/** Between two looks at what goes on outside of the test's time. */
const realWaitMicros = 2000;

/** Transactions that a fork replays rather than reading a snapshot, whose every page is checked. */
const forkReplayMax = 1000;

/** What forks have in common. */
interface Shared {
  readonly owner: Identity;
  readonly seed: number;
  readonly cache: Disk;
  readonly tally: CallTally;
}

export class TestDatabase<M extends ModuleTypes> {
  /** Time, which stands still until the test lets it pass. */
  readonly clock: TestClock;
  /** What the module and the engine have logged, in order. */
  readonly logs: LogLine[] = [];
  readonly #shared: Shared;
  readonly #disk: MemoryDisk;
  readonly #http: TestHttp;
  readonly #random: Random;
  #core: Core | undefined;
  #tables: Map<string, TestTable> | undefined;
  #strangerCount = 0;
  #isClosed = false;
  /** Of the last transaction that forks need not replay. */
  #snapshotOffset = -1;

  private constructor(shared: Shared, disk: MemoryDisk, start: Timestamp, http?: HttpAnswers) {
    this.#shared = shared;
    this.#disk = disk;
    this.#http = new TestHttp(http);
    this.#random = seededRandom(shared.seed);
    this.clock = new TestClock(start, () => this.settle());
  }

  /** For `openTestDatabase` and `fork`. */
  static async open<M extends ModuleTypes>(
    shared: Shared,
    disk: MemoryDisk,
    start: Timestamp,
    http?: HttpAnswers,
  ): Promise<TestDatabase<M>> {
    const app = new TestDatabase<M>(shared, disk, start, http);
    app.#core = await app.#openCore();
    return app;
  }

  #openCore(): Promise<Core> {
    return Core.open({
      identity: identityOf("test"),
      disk: this.#disk,
      clock: this.clock.engineClock,
      schedule: queueMicrotask,
      pause: systemPause,
      timers: this.clock.engineTimers,
      watch: {
        begin: () => undefined,
        // A call takes a microsecond: so the next one has another time, as in a server, and none is ahead of the clock.
        end: () => {
          this.clock.engineClock.advance(1n);
        },
        onResult: (kind, name, isOk) => {
          this.#shared.tally.add(kind, name, isOk);
        },
      },
      http: this.#http,
      cache: this.#shared.cache,
      onLog: (line) => this.logs.push(line),
    });
  }

  get #open(): Core {
    return present(this.#core, "a test database that was not opened");
  }

  get owner(): Identity {
    return this.#shared.owner;
  }

  /** The identity of the database, as modules see it; scheduled calls are sent by it. */
  get identity(): Identity {
    return this.#open.database.parts.identity;
  }

  /** The requests that the module has sent. */
  get requests(): readonly SentRequest[] {
    return this.#http.requests;
  }

  /**
   * Connects a client: by a name, which stands for one identity everywhere; an identity; with claims; or as somebody new. The name
   * "owner" is the owner's. Rejects with LC_REDUCER_FAILED and the module's words if `client_connected` refuses it.
   */
  async connect(who: string | Identity | CallerOptions = this.#stranger()): Promise<TestClient<M>> {
    const options = typeof who === "string" || who instanceof Identity ? { identity: who } : who;
    const identity = options.identity === "owner" ? this.owner : options.identity;
    const connectionId = new ConnectionId(this.#random.u128());
    const caller = callerOf({ ...options, identity }, connectionId);
    return new TestClient(await EmbeddedClient.connect<M>(this.#open, caller));
  }

  #stranger(): string {
    return `stranger ${++this.#strangerCount}`;
  }

  /** The tables, by their names in SQL, for reading and writing past the module's rules. */
  get tables(): Tables<M> {
    return Object.fromEntries(this.#tableMap()) as unknown as Tables<M>;
  }

  /** One of them, by any of its names. Throws LC_TABLE_UNKNOWN. */
  table<Name extends TableName<M>>(name: Name): TestTable<RowOf<M, Name>> {
    return findTable(this.#open, this.#tableMap(), name) as unknown as TestTable<RowOf<M, Name>>;
  }

  #tableMap(): Map<string, TestTable> {
    return (this.#tables ??= testTables(this.#open));
  }

  /** Sends a request to a route of the module, as `fetch` would: `path` is what follows `/route`, such as `/hello?name=Ada`. */
  async fetch(path: string, init?: RequestInit): Promise<Response> {
    const request = await routeRequestOf(path, init);
    return routeResponseOf(await this.#open.service.route(request));
  }

  /** Runs the scheduled calls that are due by now. Time stands still. */
  async runDue(): Promise<void> {
    await this.clock.advance(0);
  }

  /**
   * Resolves when all that goes on has come to a rest: it is committed, durable and told, or waits for the test: for time to pass or
   * for an answer to a request.
   */
  async settle(): Promise<void> {
    const core = this.#open;
    for (;;) {
      await core.flush();
      const { failure } = core.service;
      if (failure !== undefined) throw failure;
      const { running, waiting } = core.database.procedures.counts;
      // The code of procedures is made outside of the test's time; so are the test's own answers.
      const isMaking = waiting > 0 && running === 0;
      if (!isMaking && this.#http.pendingCount === 0) return;
      await systemPause();
      await realWait();
    }
  }

  /**
   * An independent copy of this database as it is now, with its own time, clients and logs: what either does, the other does not see.
   * The copy begins as after a restart: `client_disconnected` has run for whoever was connected here. Random numbers and ids are the
   * same in every fork.
   */
  async fork(options: ForkOptions = {}): Promise<TestDatabase<M>> {
    const { database } = this.#open;
    await database.log.flush();
    if (database.log.nextOffset - this.#snapshotOffset > forkReplayMax) {
      this.#snapshotOffset = await database.snapshot();
    }
    const { http, seed = this.#shared.seed } = options;
    const shared = { ...this.#shared, seed };
    return TestDatabase.open<M>(shared, this.#disk.copy(), this.clock.now(), http);
  }

  /** Stops and starts the database as a server does: clients are disconnected, schedules are read again. */
  async restart(): Promise<void> {
    await this.#open.close();
    this.#core = await this.#openCore();
    this.#tables = undefined;
  }

  /** Publishes a program, as `lightcone publish --break-clients` does. Rejects with LC_PUBLISH_REFUSED and the reasons, LC_MODULE_*. */
  async publish(wasm: Program): Promise<"updated" | "unchanged" | "created"> {
    const outcome = await this.#open.publish(await readProgram(wasm), this.owner);
    this.#tables = undefined;
    return outcome;
  }

  /** Which functions of the module have run, here and in all databases that have one origin with this one. */
  coverage(): Coverage {
    return this.#shared.tally.coverage(this.#open.schema.definition);
  }

  /**
   * Ends it. Rejects with an AssertionError if the module sent requests that were not expected, or did not send those that were.
   */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#open.close();
    this.#http.check();
  }
}

/** A little time of the machine's. */
function realWait(): Promise<void> {
  return new Promise((resolve) => {
    systemTimers.after(realWaitMicros, resolve);
  });
}

/**
 * Opens a database in memory that runs a module: `init` has run. `M` is `DbModule` of generated bindings, if there are any. Rejects
 * with LC_MODULE_*, LC_DISK if there is no such file, LC_REDUCER_FAILED if `init` fails.
 */
export async function openTestDatabase<M extends ModuleTypes = AnyModule>(
  options: OpenTestDatabaseOptions,
): Promise<TestDatabase<M>> {
  const { clock = defaultStart, http, owner = "owner", seed = 1 } = options;
  const { cacheDir } = options;
  const cache = cacheDir === undefined ? processCache : nodeDisk(resolvePath(cacheDir));
  await cache.makeDirectory("");
  const shared: Shared = {
    cache,
    owner: typeof owner === "string" ? identityOf(owner) : owner,
    seed,
    tally: new CallTally(),
  };
  const start = clock instanceof Date ? Timestamp.fromDate(clock) : clock;
  const program = await readProgram(options.wasm);
  const app = await TestDatabase.open<M>(shared, new MemoryDisk(), start, http);
  await app.publish(program);
  return app;
}
