// Starts a host: data directory, keys, control data, databases, HTTP; and stops it in the opposite
// order.
import { resolve } from "node:path";
import { LightconeError, messageOf } from "@lightcone/abi";
import type { ModuleLimits } from "../database/module-limits.ts";
import type { SnapshotOptions } from "../database/snapshots.ts";
import { pruneDirectory } from "../base/disk/prune.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import type { Disk } from "../base/disk/contract.ts";
import { limit } from "../base/limit.ts";
import { nodeDisk } from "../base/disk/node.ts";
import { type GenerateKeyPair, generateKeyPair } from "../base/keys.ts";
import { type Random, systemRandom } from "../base/random.ts";
import { systemTimers } from "../base/timers.ts";
import type { ModuleHttp } from "./channel.ts";
import type { Databases } from "./contract.ts";
import { Control, controlLogDirectory } from "./control.ts";
import { cacheDirectory } from "./database-handle.ts";
import { type DatabasesOptions, openDatabases, restoringDirectory } from "./databases.ts";
import { Deletions } from "./deletions.ts";
import { createHttpServer } from "./http.ts";
import { loadOrMakeKeys } from "./keys.ts";
import { Listener, parseListenAddress } from "./listener.ts";
import { lockDataDir } from "./lock-file.ts";
import { stampDataDir } from "./metadata.ts";
import { type Report, reportToStandardError } from "./report.ts";
import { routes } from "./route-table.ts";
import type { Services } from "./router.ts";
import { createSocketServer, type SocketServer } from "./socket.ts";
import { Tokens } from "./token.ts";

/** A call that goes on for so many milliseconds after its budget is stuck in the host: its thread is ended. */
const stuckAfterMs = 10_000;

/** How long requests under way may take to end when the host closes, in milliseconds. */
const requestGraceMs = 5000;

/** How long clients may take to answer a Close frame, in milliseconds (protocol.md section 8). */
const socketGraceMs = 250;

export interface ServerOptions {
  /** `HOST:PORT`; port 0 draws a free one. */
  readonly listenAddr: string;
  /** Made if it is not there. */
  readonly dataDir: string;
  /** When the thread of a database whose call does not end is ended, in milliseconds; 10 s after its budget if not given. */
  readonly callTimeLimitMs?: number;
  /** What modules are given: the time of a call, memory. */
  readonly modules?: ModuleLimits;
  /** When databases take snapshots of themselves, and what becomes of the log behind them. */
  readonly snapshots?: SnapshotOptions;
  /** Where modules may send HTTP requests: "off", "public" addresses (if not given), or "anywhere". */
  readonly moduleHttp?: ModuleHttp;
  /** Whether SQL over HTTP is of the reference's dialect alone, with its quirks; false if not given (docs/sql.md). */
  readonly strictSql?: boolean;
  /** For how long a deleted database can come back, in milliseconds; 24 h if not given, 0 for not at all. */
  readonly deleteGraceMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly generateKeyPair?: GenerateKeyPair;
  /** Told of faults of the host and its disk; by default they are written to standard error. */
  readonly report?: Report;
  /** How databases are run: by default each on a thread of its own. */
  readonly makeDatabases?: (options: DatabasesOptions) => Databases;
  readonly makeSockets?: () => SocketServer;
}

export interface RunningServer {
  /** `HOST:PORT` as bound. */
  readonly address: string;
  readonly port: number;
  /**
   * Ends requests and WebSockets (1001), makes everything durable and frees the data directory.
   * Later calls await the first.
   */
  close(): Promise<void>;
}

/**
 * Starts a host and resolves when it answers. LC_CONFIG for options and files that are wrong,
 * LC_DATA_DIR_IN_USE, and LC_LOG_* or LC_DISK if control data cannot be read; nothing is left
 * running then.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const address = parseListenAddress(options.listenAddr);
  const undo = new UndoList();
  try {
    const { listener, inFlight } = await assemble(options, undo);
    await listener.listen(address);
    undo.add(async () => {
      listener.stop();
      await inFlight(requestGraceMs);
    });
    let closing: Promise<void> | undefined;
    return {
      address: listener.address,
      port: listener.port,
      close: () => (closing ??= undo.run()),
    };
  } catch (thrown) {
    await undo.run();
    throw thrown;
  }
}

interface Assembled {
  readonly listener: Listener;
  /** Resolves when no request is under way, or after that many milliseconds. */
  readonly inFlight: (timeoutMs: number) => Promise<void>;
}

/** Opens everything but the listener. */
async function assemble(options: ServerOptions, undo: UndoList): Promise<Assembled> {
  const { clock = systemClock, random = systemRandom, report = reportToStandardError } = options;
  const dataDir = resolve(options.dataDir);
  const disk = await openDataDir(dataDir);
  const lock = await lockDataDir(dataDir, disk, random);
  undo.add(() => lock.release());
  await stampDataDir(disk);
  await disk.remove(restoringDirectory);
  const cacheLimits = { countMax: limit.cacheCountMax, bytesMax: limit.cacheBytesMax };
  await pruneDirectory(resolve(dataDir, cacheDirectory), cacheLimits);
  const keys = await loadOrMakeKeys(disk, options.generateKeyPair ?? generateKeyPair);
  const tokens = await Tokens.open({ keys, clock, random });
  const control = await openControl(dataDir, disk, clock);
  undo.add(() => control.close());
  const { makeDatabases = openDatabases, makeSockets = createSocketServer } = options;
  const { modules = {} } = options;
  const budgetMs = modules.callBudgetMillis ?? limit.callBudgetMillis;
  const databases = makeDatabases({
    disk,
    dataDirectory: dataDir,
    clock,
    callTimeLimitMillis: options.callTimeLimitMs ?? budgetMs + stuckAfterMs,
    modules,
    snapshots: options.snapshots ?? {},
    moduleHttp: options.moduleHttp ?? "public",
    strictSql: options.strictSql ?? false,
    report,
  });
  const deletions = await Deletions.open({
    control,
    databases,
    timers: systemTimers,
    graceMillis: options.deleteGraceMs ?? limit.deleteGraceMillis,
    report,
  });
  const sockets = makeSockets();
  const services: Services = {
    control,
    databases,
    deletions,
    tokens,
    clock,
    random,
    // Known once it listens.
    get isLoopback() {
      return listener.isLoopback;
    },
  };
  const { upgrade } = sockets;
  const { server, inFlight } = createHttpServer({ routes, services, upgrade, report });
  const listener = new Listener(server, report);
  undo.add(() => listener.end(socketGraceMs));
  // Before the connections end: clients are told why.
  undo.add(async () => {
    await deletions.close();
    await databases.closeAll();
    sockets.closeAll("the host is stopping");
  });
  return { listener, inFlight };
}

async function openControl(dataDir: string, disk: Disk, clock: Clock): Promise<Control> {
  try {
    return await Control.open(disk, clock);
  } catch (thrown) {
    if (!(thrown instanceof LightconeError) || !thrown.code.startsWith("LC_LOG_")) throw thrown;
    const words = `--path ${dataDir}/${controlLogDirectory}`;
    throw new LightconeError(
      thrown.code,
      `${thrown.message}; \`lightcone log verify ${words}\` tells more`,
    );
  }
}

async function openDataDir(dataDir: string): Promise<Disk> {
  const disk = nodeDisk(dataDir);
  try {
    await disk.makeDirectory("");
  } catch (thrown) {
    const reason = messageOf(thrown);
    throw new LightconeError("LC_CONFIG", `the data directory ${dataDir} is of no use: ${reason}`);
  }
  return disk;
}

/** Steps that take back others, the last one first. */
class UndoList {
  readonly #steps: (() => Promise<void>)[] = [];

  add(step: () => Promise<void>): void {
    this.#steps.push(step);
  }

  /** Takes every step, even after one that fails; then rejects with the first failure. */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      await step().catch((thrown: unknown) => failures.push(thrown));
    }
    if (failures.length > 0) throw failures[0];
  }
}
