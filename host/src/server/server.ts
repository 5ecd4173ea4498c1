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
import { logAccess } from "./access-log.ts";
import { type AuthOptions, openAuth } from "./auth/setup.ts";
import { createGate } from "./limits/gate.ts";
import { noTrafficLimits, Traffic, type TrafficLimits } from "./limits/traffic.ts";
import { Listener, parseListenAddress } from "./listener.ts";
import { lockDataDir } from "./lock-file.ts";
import { createLogger, type LogFormat, type Logger, type LogLevel, reportTo } from "./logger.ts";
import { stampDataDir } from "./metadata.ts";
import { countAnswers } from "./metrics/count-answers.ts";
import { Metrics } from "./metrics/metrics.ts";
import { PgListener } from "./pg/listener.ts";
import { Readiness } from "./readiness.ts";
import type { Report } from "./report.ts";
import { routes } from "./route-table.ts";
import type { Services } from "./router.ts";
import { createSocketServer, type SocketServer } from "./socket.ts";
import { TlsFiles, type TlsPaths } from "./tls.ts";
import { hostVersion } from "./version.ts";

/** A call that goes on for so many milliseconds after its budget is stuck in the host: its thread is ended. */
const stuckAfterMs = 10_000;

/** How long requests under way, and statements of PostgreSQL's protocol, may take to end when the host closes, in milliseconds. */
const requestGraceMs = 1500;

/** How long databases may take to close then; those that are stuck are ended as they are. */
const databaseGraceMs = 2500;

/** How long clients may take to answer a Close frame, in milliseconds (protocol.md section 8). */
const socketGraceMs = 250;

export interface ServerOptions {
  /** `HOST:PORT`; port 0 draws a free one. */
  readonly listenAddr: string;
  /** `HOST:PORT` for clients that speak PostgreSQL's protocol (docs/postgres.md); not listened for if not given. */
  readonly pgListenAddr?: string | undefined;
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
  /** Keys, issuers and the policy of all databases (docs/auth.md). */
  readonly auth?: AuthOptions;
  /** Serves HTTPS alone, with these files. */
  readonly tls?: TlsPaths;
  /** For how long a deleted database can come back, in milliseconds; 24 h if not given, 0 for not at all. */
  readonly deleteGraceMs?: number;
  /** What each client may ask for; no limits if not given. */
  readonly limits?: Partial<TrafficLimits>;
  /** Whether the last address in X-Forwarded-For is the client's: there is a proxy before the host. */
  readonly trustProxy?: boolean;
  /** What the host says about itself on standard error; warnings and faults as text if not given. */
  readonly logging?: { readonly level: LogLevel; readonly format: LogFormat };
  readonly clock?: Clock;
  readonly random?: Random;
  readonly generateKeyPair?: GenerateKeyPair;
  /** Told of faults of the host and its disk; by default they are events like others. */
  readonly report?: Report;
  /** How databases are run: by default each on a thread of its own. */
  readonly makeDatabases?: (options: DatabasesOptions) => Databases;
  readonly makeSockets?: (options: { readonly metrics: Metrics }) => SocketServer;
}

export interface RunningServer {
  /** `HOST:PORT` as bound. */
  readonly address: string;
  readonly port: number;
  /** `HOST:PORT` for PostgreSQL's protocol as bound, if that was asked for. */
  readonly pgAddress: string | undefined;
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
  const { pgListenAddr } = options;
  const pgListen = pgListenAddr === undefined ? undefined : parseListenAddress(pgListenAddr);
  const undo = new UndoList();
  try {
    const { listener, inFlight, pgListener, logger, readiness } = await assemble(options, undo);
    await listener.listen(address);
    if (pgListen !== undefined) await pgListener.listen(pgListen);
    undo.add(async () => {
      logger.log("info", "host_stopping");
      readiness.drain();
      listener.stop();
      await Promise.all([inFlight(requestGraceMs), pgListener.close(requestGraceMs)]);
    });
    const pgAddress = pgListen === undefined ? undefined : pgListener.address;
    const { address: bound } = listener;
    logger.log("info", "host_started", { address: bound, pgAddress, version: hostVersion });
    let closing: Promise<void> | undefined;
    return {
      address: bound,
      port: listener.port,
      pgAddress,
      close: () =>
        (closing ??= undo.run().finally(() => {
          logger.log("info", "host_stopped");
        })),
    };
  } catch (thrown) {
    await undo.run();
    throw thrown;
  }
}

interface Assembled {
  readonly listener: Listener;
  readonly pgListener: PgListener;
  /** Resolves when no request is under way, or after that many milliseconds. */
  readonly inFlight: (timeoutMs: number) => Promise<void>;
  readonly logger: Logger;
  readonly readiness: Readiness;
}

/** Opens everything but the listener. */
async function assemble(options: ServerOptions, undo: UndoList): Promise<Assembled> {
  const { clock = systemClock, random = systemRandom } = options;
  const logger = makeLogger(options, clock);
  const report = options.report ?? reportTo(logger);
  const dataDir = resolve(options.dataDir);
  const disk = await prepareDataDir(dataDir, random, undo);
  const tls = options.tls === undefined ? undefined : await TlsFiles.open(options.tls, report);
  undo.add(async () => tls?.stop());
  const makeKeys = options.generateKeyPair ?? generateKeyPair;
  const authEnv = { dataDir, disk, clock, random, report, generateKeyPair: makeKeys };
  const { tokens, hostPolicy } = await openAuth(options.auth ?? {}, authEnv);
  const control = await openControl(dataDir, disk, clock);
  undo.add(() => control.close());
  const { makeDatabases = openDatabases, makeSockets = createSocketServer } = options;
  const databases = makeDatabases({
    ...databaseSettings(options),
    disk,
    dataDirectory: dataDir,
    clock,
    report,
  });
  const readiness = new Readiness(disk, clock);
  const traffic = new Traffic({ ...noTrafficLimits, ...options.limits }, clock);
  const { trustProxy: trustsProxy = false } = options;
  const gate = createGate({ readiness, traffic, trustsProxy });
  const deletions = await Deletions.open({
    control,
    databases,
    timers: systemTimers,
    graceMillis: options.deleteGraceMs ?? limit.deleteGraceMillis,
    report,
  });
  const metrics = new Metrics();
  const sockets = makeSockets({ metrics });
  const services: Services = {
    control,
    hostPolicy,
    databases,
    deletions,
    tokens,
    clock,
    random,
    metrics,
    readiness,
    logger,
    // Known once it listens.
    get isLoopback() {
      return listener.isLoopback;
    },
  };
  const { upgrade } = sockets;
  const { server, inFlight } = createHttpServer({
    routes,
    services,
    upgrade,
    report,
    gate,
    onAnswer: countAnswers(services),
    ...(tls === undefined ? {} : { tls }),
  });
  logAccess(server, { logger, clock, trustsProxy });
  const listener = new Listener(server, report);
  undo.add(() => listener.end(socketGraceMs));
  // Before the connections end: clients are told why.
  undo.add(async () => {
    await Promise.all([deletions.close(), databases.closeAll(databaseGraceMs)]);
    sockets.closeAll("the host is stopping");
  });
  const pgListener = new PgListener({ services, tls, report, gate });
  return { listener, inFlight, pgListener, logger, readiness };
}

function makeLogger({ logging }: ServerOptions, clock: Clock): Logger {
  const write = (line: string): void => void process.stderr.write(line);
  return createLogger({ level: "warn", format: "text", ...logging, clock, write });
}

/** What the options say about databases. */
function databaseSettings(
  options: ServerOptions,
): Omit<DatabasesOptions, "disk" | "dataDirectory" | "clock" | "report"> {
  const { modules = {}, snapshots = {}, moduleHttp = "public", strictSql = false } = options;
  const budgetMs = modules.callBudgetMillis ?? limit.callBudgetMillis;
  const callTimeLimitMillis = options.callTimeLimitMs ?? budgetMs + stuckAfterMs;
  const reportsEnergy = (options.limits?.energyPerMinute ?? 0) > 0;
  return { callTimeLimitMillis, modules, snapshots, moduleHttp, strictSql, reportsEnergy };
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

/** Makes the data directory this host's, and rids it of what earlier ones need no more. */
async function prepareDataDir(dataDir: string, random: Random, undo: UndoList): Promise<Disk> {
  const disk = await openDataDir(dataDir);
  const lock = await lockDataDir(dataDir, disk, random);
  undo.add(() => lock.release());
  await stampDataDir(disk);
  await disk.remove(restoringDirectory);
  const cacheLimits = { countMax: limit.cacheCountMax, bytesMax: limit.cacheBytesMax };
  await pruneDirectory(resolve(dataDir, cacheDirectory), cacheLimits);
  return disk;
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
