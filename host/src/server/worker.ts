// A database on its own thread: takes messages from the server's thread, drives the database, sends back what comes of it.
import { once } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { assert, ConnectionId, Identity, LightconeError, messageOf } from "@lightcone/abi";
import { systemClock } from "../base/clock.ts";
import type { HttpClient } from "../base/http/client.ts";
import { nodeHttpClient } from "../base/http/node-client.ts";
import { systemPause } from "../base/pause.ts";
import { threadUsage } from "../base/thread-usage.ts";
import { systemTimers } from "../base/timers.ts";
import type { Disk } from "../base/disk/contract.ts";
import { directorySize } from "../base/disk/size.ts";
import { nodeDisk } from "../base/disk/node.ts";
import { logDirectory } from "../database/database.ts";
import { readStats } from "../database/stats.ts";
import { DatabaseService } from "../session/service.ts";
import type { CallAnswer, ServiceCaller } from "../session/service-contract.ts";
import { SharedCallWatch } from "./call-watch.ts";
import {
  type CallerData,
  type CallResultData,
  type ErrorData,
  type FromWorker,
  type ModuleHttp,
  type RequestName,
  type Requests,
  type SqlResultData,
  textFrameBit,
  type ThreadStats,
  type ToWorker,
  type WorkerStart,
} from "./channel.ts";
import { makePgHandlers, memoryOfAnswer } from "./pg/clients.ts";
import { confirmedWithin } from "./within.ts";
import { WorkSlice } from "./work-slice.ts";
import type { SpareStart } from "./spare-thread.ts";

assert(parentPort !== null, "worker.ts runs on a worker thread alone");
const port = parentPort;
const { port: startPort } = workerData as SpareStart;
const [start] = (await once(startPort, "message")) as [WorkerStart];
startPort.close();
const watch = new SharedCallWatch(start.watch);

function post(message: FromWorker): void {
  if (message.kind === "slab") port.postMessage(message, [message.slab.buffer]);
  else if (message.kind === "reply") port.postMessage(message, [...message.transfer]);
  else port.postMessage(message);
}

function errorData(thrown: unknown): ErrorData {
  if (thrown instanceof LightconeError) {
    return { code: thrown.code, message: thrown.message, reasons: thrown.reasons };
  }
  const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : messageOf(thrown);
  return { code: "LC_DATABASE_UNAVAILABLE", message: messageOf(thrown), reasons: [], detail };
}

function serviceCaller(data: CallerData): ServiceCaller {
  return {
    identity: new Identity(data.identity),
    connectionId: new ConnectionId(data.connectionId),
    jwtPayload: data.jwtPayload,
  };
}

/** A database whose disk is full may open and fail at once; this shows whether writing works. */
async function checkWritable(disk: Disk): Promise<void> {
  const path = "write-check";
  await disk.remove(path);
  const file = await disk.open(path, "create");
  try {
    const probe = new Uint8Array(64 * 1024);
    file.writeSync(0, probe, 0, probe.length);
    await file.sync();
  } finally {
    await file.close();
    await disk.remove(path);
  }
}

function moduleHttpClient(policy: ModuleHttp): HttpClient | undefined {
  return policy === "off" ? undefined : nodeHttpClient({ allowsPrivate: policy === "anywhere" });
}

const disk = nodeDisk(start.directory);

/** A batch was worked on, and the server's thread has not been told: the slab of the turn tells it, since each message wakes a thread. */
let isBatchTaken = false;

async function openService(): Promise<DatabaseService> {
  await disk.makeDirectory("");
  await checkWritable(disk);
  return DatabaseService.open({
    identity: new Identity(start.identity),
    disk,
    clock: systemClock,
    schedule: queueMicrotask,
    pause: systemPause,
    timers: systemTimers,
    watch,
    snapshots: start.snapshots,
    modules: start.modules,
    lastFailure: start.lastFailure,
    skipsDisconnectReducer: start.skipsDisconnectReducer,
    http: moduleHttpClient(start.moduleHttp),
    strictSql: start.strictSql,
    cache: nodeDisk(start.cacheDirectory),
    adoptedBy: start.adoptedBy === undefined ? undefined : new Identity(start.adoptedBy),
    delivery: {
      deliver: (slab) => {
        post({ kind: "slab", slab, isBatchTaken });
        isBatchTaken = false;
      },
      closeSocket: (socket, code, reason) => {
        post({ kind: "closeSocket", socket, code, reason });
      },
      dropSocket: (socket) => {
        post({ kind: "dropSocket", socket });
      },
      failed: (error) => {
        post({ kind: "failed", error: errorData(error) });
      },
    },
  });
}

type Handlers = {
  readonly [Name in RequestName]: (
    params: Requests[Name]["params"],
  ) => Promise<Requests[Name]["result"]> | Requests[Name]["result"];
};

/** The database runs a module: the watch learns names, and procedures are made ready. */
function moduleStarted(service: DatabaseService): void {
  if (!service.database.isPublished) return;
  service.database.procedures.prepare();
  const names = service.database.definition.reducers.map(({ name }) => name);
  post({ kind: "reducers", names });
}

async function tellStats(service: DatabaseService): Promise<ThreadStats> {
  return {
    database: readStats(service.database),
    watches: service.watchCounts,
    thread: threadUsage(),
    logBytes: await directorySize(disk, logDirectory),
  };
}

function makeHandlers(service: DatabaseService): Handlers {
  const follows = new Map<number, () => void>();
  const { moduleLog } = service.database.parts;
  return {
    ...makePgHandlers(service, serviceCaller),
    publish: async ({ program, owner, policy, confirmationMillis }) => {
      await service.database.prepare(program);
      const publishing = service.publish(program, new Identity(owner), policy).then((kind) => {
        moduleStarted(service);
        return kind;
      });
      return confirmedWithin(publishing, confirmationMillis);
    },
    planPublish: async ({ program }) => {
      await service.database.prepare(program);
      return service.planPublish(program);
    },
    program: () => service.database.module.program,
    programHash: () => service.database.module.programHash,
    durableOffset: async () => {
      const { log } = service.database;
      await log.flush();
      return log.durableOffset;
    },
    call: async ({ name, argumentsJson, caller }): Promise<CallResultData> => {
      const { outcome, durationMicros } = await service.call(
        name,
        argumentsJson,
        serviceCaller(caller),
      );
      const energyUsed = "energyUsed" in outcome ? outcome.energyUsed : 0;
      return { kind: outcome.kind, message: textOf(outcome), energyUsed, durationMicros };
    },
    route: (request) => service.route(request),
    sql: async ({ text, caller, confirmed }): Promise<SqlResultData> => {
      const result = await service.sql(text, serviceCaller(caller), confirmed);
      return "kind" in result
        ? { kind: "refused", message: result.message }
        : { kind: "rows", ...result };
    },
    schema: ({ version }) => service.database.schemaJson(version),
    logs: ({ lineCount }) => moduleLog.read(lineCount),
    followLogs: async ({ lineCount, followId }) => {
      // Both in one turn, so that no line is missing or comes twice.
      const earlier = moduleLog.read(lineCount);
      const stop = moduleLog.follow((text) => {
        post({ kind: "logText", followId, text });
      });
      follows.set(followId, stop);
      try {
        return await earlier;
      } catch (thrown) {
        follows.delete(followId);
        stop();
        throw thrown;
      }
    },
    stopFollow: ({ followId }) => {
      follows.get(followId)?.();
      follows.delete(followId);
      return null;
    },
    stats: () => tellStats(service),
    close: async ({ reason }) => {
      await service.close(reason);
      return null;
    },
  };
}

function textOf(outcome: CallAnswer): string {
  if (outcome.kind === "committed") return "";
  return outcome.kind === "returned" ? outcome.json : outcome.message;
}

/** The memory of a statement's rows, which may be large. */
function rowMemory(name: RequestName, result: unknown): ArrayBuffer[] {
  if (name === "pgExecute" || name === "pgFetch") return memoryOfAnswer(result);
  if (name !== "sql") return [];
  const data = result as SqlResultData;
  return data.kind === "rows" ? data.pieces.map(({ buffer }) => buffer as ArrayBuffer) : [];
}

async function answer(handlers: Handlers, message: ToWorker & { kind: "request" }): Promise<void> {
  const { id, name } = message;
  try {
    const handler = handlers[name] as (params: unknown) => unknown;
    const result = await handler(message.params);
    post({ kind: "reply", id, result, transfer: rowMemory(name, result) });
  } catch (thrown) {
    post({ kind: "refusal", id, error: errorData(thrown) });
  }
}

const headerBytes = 8;

/** How often the module's log looks whether a new day has begun. */
const dayCheckMillis = 30_000;

/** Hands each message of a batch to the service. */
function receiveFrames(
  service: DatabaseService,
  buffer: ArrayBuffer,
  length: number,
  onReceived?: (socket: number) => void,
): void {
  const bytes = new Uint8Array(buffer, 0, length);
  const view = new DataView(buffer, 0, length);
  for (let at = 0; at < length;) {
    const socket = view.getUint32(at, true);
    const from = at + headerBytes;
    const word = view.getUint32(at + 4, true);
    at = from + (word & ~textFrameBit);
    service.receive(socket, bytes, from, at, word >= textFrameBit);
    onReceived?.(socket);
  }
}

/** As `receiveFrames`, and tells what each socket's messages have used. */
function receiveMetered(service: DatabaseService, buffer: ArrayBuffer, length: number): void {
  const units = new Map<number, number>();
  const { database } = service;
  let before = database.energyUsed;
  receiveFrames(service, buffer, length, (socket) => {
    const after = database.energyUsed;
    if (after > before) units.set(socket, (units.get(socket) ?? 0) + after - before);
    before = after;
  });
  if (units.size === 0) return;
  post({ kind: "energy", used: Array.from(units, ([socket, used]) => ({ socket, units: used })) });
}

/** Takes messages in order; while the disk is behind, or much was done at once, they wait. */
function serve(service: DatabaseService): void {
  const handlers = makeHandlers(service);
  const waiting: ToWorker[] = [];
  const slice = new WorkSlice(systemClock);
  let isPaused = false;

  const handle = (message: ToWorker): void => {
    switch (message.kind) {
      case "frames":
        if (start.reportsEnergy) receiveMetered(service, message.buffer, message.length);
        else receiveFrames(service, message.buffer, message.length);
        isBatchTaken = true;
        break;
      case "connect": {
        const { socket, caller, token, confirmed, wire } = message;
        service.connect(socket, serviceCaller(caller), token, confirmed, wire);
        break;
      }
      case "disconnect":
        service.disconnect(message.socket);
        break;
      case "written":
        service.written(message.socket, message.byteCount, message.memory);
        break;
      case "request":
        void answer(handlers, message);
    }
  };

  const resume = async (): Promise<void> => {
    while (waiting.length > 0) {
      if (service.isBackpressured) await service.database.log.flush();
      else if (slice.isOver()) await slice.next();
      handleSafely(waiting.shift() as ToWorker);
      endTurn();
    }
    isPaused = false;
  };

  const handleSafely = (message: ToWorker): void => {
    try {
      handle(message);
    } catch (thrown) {
      // A refusal here has no one to answer: the service has reported what ended the database.
      if (service.failure === undefined) post({ kind: "failed", error: errorData(thrown) });
    }
  };

  const endTurn = (): void => {
    service.endTurn();
    if (!isBatchTaken) return;
    isBatchTaken = false;
    post({ kind: "taken" });
  };

  const onMessage = (message: ToWorker): void => {
    if (isPaused || service.isBackpressured || slice.isOver()) {
      waiting.push(message);
      if (isPaused) return;
      isPaused = true;
      resume().catch((thrown: unknown) => {
        post({ kind: "failed", error: errorData(thrown) });
      });
      return;
    }
    handleSafely(message);
    endTurn();
  };
  port.on("message", onMessage);
}

/** Begins a file of the module's log with each day. */
function watchDays(service: DatabaseService): void {
  setInterval(() => {
    const { moduleLog } = service.database.parts;
    if (service.failure !== undefined || !moduleLog.isDayOver) return;
    moduleLog.rollOver().catch((thrown: unknown) => {
      post({ kind: "failed", error: errorData(thrown) });
    });
  }, dayCheckMillis).unref();
}

try {
  const service = await openService();
  serve(service);
  watchDays(service);
  moduleStarted(service);
  post({ kind: "opened" });
} catch (thrown) {
  post({ kind: "failed", error: errorData(thrown) });
}
