// The module a database runs: its code, its one main instance, its functions by name.
import {
  type Codec,
  compileCodec,
  compileWalk,
  keccak256,
  type Lifecycle,
  LightconeError,
  messageOf,
  type ModuleDef,
  type ProcedureDef,
  Reader,
  type ReducerDef,
  toHex,
  type Walk,
} from "@lightcone/abi";
import { limit } from "../base/limit.ts";
import type { Client } from "./client.ts";
import { type CallWatch, WatchCode } from "./parts.ts";
import type { ModuleEnvironment } from "../module/context.ts";
import { ModuleInstance } from "../module/instance.ts";
import { type LoadedModule, loadModule } from "../module/load.ts";
import { type LiveView, liveViews } from "./views/live-view.ts";

/** A reducer with what a call needs of it. */
export interface CallableReducer {
  readonly definition: ReducerDef;
  /** For the log: UTF-8, cut to the log's limit. */
  readonly loggedName: Uint8Array;
  /** What the watch is told of its calls. */
  readonly watchCode: number;
  readonly walkArguments: Walk;
  readonly codec: Codec;
}

const utf8 = new TextEncoder();

/** UTF-8 of a name as the log keeps it. */
export function loggedName(name: string): Uint8Array {
  return utf8.encode(name).subarray(0, limit.loggedNameBytesMax);
}

function callable(definition: ReducerDef, module: ModuleDef): CallableReducer {
  const { id, lifecycle } = definition;
  return {
    definition,
    watchCode: lifecycle === undefined ? id : WatchCode[lifecycle],
    loggedName: loggedName(definition.name),
    walkArguments: compileWalk(definition.params, module.typespace),
    codec: compileCodec(definition.params, module.typespace),
  };
}

/** Why bytes are no arguments of a reducer, as protocol.md section 7.2 words it. */
export function argumentsFault(
  reducer: CallableReducer,
  bytes: Uint8Array,
  start: number,
  end: number,
): string {
  let reason = "unexpected bytes";
  try {
    reducer.codec.read(new Reader(bytes, start, end));
  } catch (thrown) {
    reason = messageOf(thrown);
  }
  return `invalid arguments for reducer ${reducer.definition.name}: ${reason}`;
}

export class LiveModule {
  readonly program: Uint8Array;
  /** Keccak-256 of the program, hex in display order. */
  readonly programHash: string;
  readonly definition: ModuleDef;
  readonly views: ReadonlyMap<string, LiveView>;
  readonly viewNames: ReadonlySet<string>;
  readonly #loaded: LoadedModule;
  readonly #environment: ModuleEnvironment;
  readonly #reducersByName = new Map<string, CallableReducer>();
  readonly #lifecycle = new Map<Lifecycle, CallableReducer>();
  readonly #procedures: ReadonlyMap<string, ProcedureDef>;
  readonly #watch: CallWatch;
  #instance: ModuleInstance;

  /** Loads and starts a program. Faults: LC_MODULE_*. */
  constructor(program: Uint8Array, environment: ModuleEnvironment, watch: CallWatch) {
    this.program = program;
    this.programHash = toHex(keccak256(program));
    this.#environment = environment;
    this.#watch = watch;
    this.#loaded = loadModule(program, environment.load);
    this.#instance = this.#start();
    this.definition = this.#instance.definition;
    for (const reducer of this.definition.reducers) {
      const made = callable(reducer, this.definition);
      this.#reducersByName.set(reducer.name, made);
      if (reducer.lifecycle !== undefined) this.#lifecycle.set(reducer.lifecycle, made);
    }
    // Modules built for the ABI may be called by the names of their source, too.
    for (const made of this.#reducersByName.values()) {
      const { sourceName } = made.definition;
      if (!this.#reducersByName.has(sourceName)) this.#reducersByName.set(sourceName, made);
    }
    this.views = liveViews(this.definition);
    this.viewNames = new Set(this.views.keys());
    this.#procedures = new Map(this.definition.procedures.map((one) => [one.name, one]));
  }

  get instance(): ModuleInstance {
    return this.#instance;
  }

  /** Start-up code may never end; compiling, which comes before it, may take its time. */
  #start(): ModuleInstance {
    this.#watch.begin(WatchCode.loading);
    try {
      return new ModuleInstance(this.#loaded, this.#environment);
    } finally {
      this.#watch.end();
    }
  }

  reducer(name: string): CallableReducer | undefined {
    return this.#reducersByName.get(name);
  }

  lifecycleReducer(lifecycle: Lifecycle): CallableReducer | undefined {
    return this.#lifecycle.get(lifecycle);
  }

  /** Whether there is a procedure of that name that `client` may call. */
  hasProcedure(name: string, client: Client): boolean {
    const procedure = this.#procedures.get(name);
    return procedure !== undefined && (client.isOwner || !procedure.isPrivate);
  }

  /**
   * Puts a fresh instance in the place of one that trapped. Returns why that did not work, if so: the next call tries again.
   */
  revive(): string | undefined {
    if (!this.#instance.isDead) return undefined;
    this.#environment.datastore.forgetSources();
    try {
      this.#instance = this.#start();
      return undefined;
    } catch (thrown) {
      if (!(thrown instanceof LightconeError) || thrown.code === "LC_DISK") throw thrown;
      return messageOf(thrown);
    }
  }
}
