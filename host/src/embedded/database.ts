// `openDatabase`: a database inside a Node program, with everything a server's has but its sockets. docs/embedding.md is its manual.
import { resolve } from "node:path";
import { ConnectionId, type Identity, LightconeError, present } from "@lightcone/abi";
import { systemClock } from "../base/clock.ts";
import type { Disk } from "../base/disk/contract.ts";
import { nodeDisk } from "../base/disk/node.ts";
import { voidDisk } from "../base/disk/void.ts";
import { nodeHttpClient } from "../base/http/node-client.ts";
import { systemPause } from "../base/pause.ts";
import { systemRandom } from "../base/random.ts";
import { type CancelTimer, systemTimers } from "../base/timers.ts";
import { type DataDirLock, lockDataDir } from "../server/lock-file.ts";
import { callerOf, type CallerOptions, identityOf } from "./caller.ts";
import { EmbeddedClient } from "./client.ts";
import { Core } from "./core.ts";
import type { LogLine } from "./log-line.ts";
import { type Program, readProgram } from "./program.ts";
import type { AnyModule, ModuleTypes } from "./types.ts";

export interface OpenDatabaseOptions {
  /** The module. A directory that has another one is updated; one that cannot be is refused, with all reasons. */
  readonly wasm: Program;
  /** Where its state is kept, a directory of its own, made if need be. Without it the state is gone when the process is. */
  readonly dir?: string;
  /** Who owns a database that is made now, and may use what is private: a name or an identity; "owner" if not given. */
  readonly owner?: Identity | string;
  /** Its identity, which modules see and which a directory keeps; that of the name "embedded" if not given. */
  readonly identity?: Identity;
  /** Where procedures may send HTTP requests: nowhere, to the world, or to this machine and its networks, too; "off" if not given. */
  readonly moduleHttp?: "off" | "public" | "anywhere";
  /** How long one call may run, in milliseconds; 60,000 if not given. Nothing else runs in this thread meanwhile. */
  readonly callTimeLimitMillis?: number;
  /** Told of each line that the module or the engine logs. */
  readonly onLog?: (line: LogLine) => void;
}

/** How often a new day of the module's log is looked for. */
const dayCheckMicros = 30_000_000;

export class EmbeddedDatabase<M extends ModuleTypes> {
  readonly #core: Core;
  readonly #lock: DataDirLock | undefined;
  readonly #stopDays: CancelTimer;
  #closing: Promise<void> | undefined;

  /** For `openDatabase`. */
  constructor(core: Core, lock: DataDirLock | undefined) {
    this.#core = core;
    this.#lock = lock;
    this.#stopDays = lock === undefined ? () => undefined : watchDays(core);
  }

  /** Whoever it was first opened by. */
  get owner(): Identity {
    return present(this.#core.database.parts.owner, "a database without an owner");
  }

  get identity(): Identity {
    return this.#core.database.parts.identity;
  }

  /** Why the database has ended by itself, if it has: its disk failed. All that was answered is on the disk; open it again. */
  get failure(): LightconeError | undefined {
    return this.#core.service.failure;
  }

  /**
   * Connects a client, by default as the owner: `client_connected` runs. Rejects with LC_REDUCER_FAILED and the module's words if
   * that refuses it.
   */
  async connect(options: Partial<CallerOptions> = {}): Promise<EmbeddedClient<M>> {
    const { identity = this.owner } = options;
    const connectionId = new ConnectionId(systemRandom.u128());
    return EmbeddedClient.connect<M>(this.#core, callerOf({ ...options, identity }, connectionId));
  }

  /** Takes a snapshot now, so that the next start is quick. Without effect in memory. */
  async snapshot(): Promise<void> {
    if (this.#lock !== undefined) await this.#core.database.snapshot();
  }

  /** Disconnects all clients, makes durable what is committed, and gives the directory back. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    this.#stopDays();
    try {
      await this.#core.close();
    } finally {
      await this.#lock?.release();
    }
  }
}

/**
 * Opens a database in this process and this thread. `M` is `DbModule` of generated bindings, if there are any. Rejects with
 * LC_DATA_DIR_IN_USE, LC_CONFIG, LC_DISK, LC_LOG_*, LC_SNAPSHOT, LC_MODULE_*, LC_PUBLISH_REFUSED, and LC_REDUCER_FAILED if `init`
 * fails.
 */
export async function openDatabase<M extends ModuleTypes = AnyModule>(
  options: OpenDatabaseOptions,
): Promise<EmbeddedDatabase<M>> {
  const program = await readProgram(options.wasm);
  if (options.dir === undefined) {
    return new EmbeddedDatabase<M>(await openCore(options, program, voidDisk), undefined);
  }
  const directory = resolve(options.dir);
  const disk = nodeDisk(directory);
  await disk.makeDirectory("");
  if (await disk.exists("control-db")) {
    throw new LightconeError(
      "LC_CONFIG",
      `${directory} is the data directory of a server: a database needs one of its own`,
    );
  }
  const lock = await lockDatabase(directory, disk);
  try {
    return new EmbeddedDatabase<M>(await openCore(options, program, disk), lock);
  } catch (thrown) {
    await lock.release();
    throw thrown;
  }
}

function ownerOf({ owner = "owner" }: OpenDatabaseOptions): Identity {
  return typeof owner === "string" ? identityOf(owner) : owner;
}

async function lockDatabase(directory: string, disk: Disk): Promise<DataDirLock> {
  try {
    return await lockDataDir(directory, disk, systemRandom);
  } catch (thrown) {
    if (!(thrown instanceof LightconeError) || thrown.code !== "LC_DATA_DIR_IN_USE") throw thrown;
    throw new LightconeError("LC_DATA_DIR_IN_USE", `the database in ${directory} is open already`);
  }
}

async function openCore(
  options: OpenDatabaseOptions,
  program: Uint8Array,
  disk: Disk,
): Promise<Core> {
  const { callTimeLimitMillis, identity = identityOf("embedded"), onLog } = options;
  const { moduleHttp = "off" } = options;
  const core = await Core.open({
    identity,
    disk,
    clock: systemClock,
    schedule: queueMicrotask,
    pause: systemPause,
    timers: systemTimers,
    // Calls run in the program's own thread: there is nobody beside it who could watch them.
    watch: { begin: () => undefined, end: () => undefined },
    ...(onLog !== undefined && {
      // It is told in the middle of a call: what it throws is no fault of the database's.
      onLog: (line: LogLine) => {
        queueMicrotask(() => {
          onLog(line);
        });
      },
    }),
    ...(disk === voidDisk && { snapshots: { intervalCommits: Infinity } }),
    ...(callTimeLimitMillis !== undefined && {
      modules: { callBudgetMillis: callTimeLimitMillis },
    }),
    http:
      moduleHttp === "off"
        ? undefined
        : nodeHttpClient({ allowsPrivate: moduleHttp === "anywhere" }),
  });
  try {
    await core.publish(program, ownerOf(options));
    core.database.procedures.prepare();
    return core;
  } catch (thrown) {
    await core.close();
    throw thrown;
  }
}

/** Goes on to the next file of the module's log when a day is over; returns what ends that. */
function watchDays(core: Core): CancelTimer {
  let cancel: CancelTimer;
  const check = (): void => {
    const { moduleLog } = core.database.parts;
    if (moduleLog.isDayOver && core.service.failure === undefined) {
      moduleLog.rollOver().catch((thrown: unknown) => {
        core.service.fail(thrown as LightconeError);
      });
    }
    cancel = systemTimers.after(dayCheckMicros, check);
  };
  cancel = systemTimers.after(dayCheckMicros, check);
  return () => {
    cancel();
  };
}
