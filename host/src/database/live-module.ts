// The module a database runs: its code, its one main instance, its functions by name.
import {
  type Codec,
  compileCodec,
  compileWalk,
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
import { CallStats, type CallStatsData } from "./call-stats.ts";
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
  readonly stats: CallStats;
}

/** A procedure with what a call needs of it. */
export interface CallableProcedure {
  readonly definition: ProcedureDef;
  readonly walkArguments: Walk;
  readonly codec: Codec;
  readonly walkReturn: Walk;
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
    stats: new CallStats(),
  };
}

function callableProcedure(definition: ProcedureDef, module: ModuleDef): CallableProcedure {
  return {
    definition,
    walkArguments: compileWalk(definition.params, module.typespace),
    codec: compileCodec(definition.params, module.typespace),
    walkReturn: compileWalk(definition.returnType, module.typespace),
  };
}

/** Functions by their names; those of the source lead to them, too, where they are nobody's. */
function byName<T extends { readonly definition: { name: string; sourceName: string } }>(
  functions: readonly T[],
): Map<string, T> {
  const found = new Map(functions.map((one) => [one.definition.name, one]));
  for (const one of functions) {
    const { sourceName } = one.definition;
    if (!found.has(sourceName)) found.set(sourceName, one);
  }
  return found;
}

/** Why bytes are no arguments of a function, as protocol.md section 7.2 words it. */
export function argumentsFault(
  kind: "reducer" | "procedure",
  callee: CallableReducer | CallableProcedure,
  bytes: Uint8Array,
  start: number,
  end: number,
): string {
  let reason = "unexpected bytes";
  try {
    callee.codec.read(new Reader(bytes, start, end));
  } catch (thrown) {
    reason = messageOf(thrown);
  }
  return `invalid arguments for ${kind} ${callee.definition.name}: ${reason}`;
}

export class LiveModule {
  readonly program: Uint8Array;
  /** Keccak-256 of the program, hex in display order. */
  readonly programHash: string;
  readonly definition: ModuleDef;
  readonly views: ReadonlyMap<string, LiveView>;
  readonly #loaded: LoadedModule;
  readonly #environment: ModuleEnvironment;
  readonly #reducersByName: ReadonlyMap<string, CallableReducer>;
  readonly #lifecycle = new Map<Lifecycle, CallableReducer>();
  readonly #proceduresByName: ReadonlyMap<string, CallableProcedure>;
  readonly #watch: CallWatch;
  #instance: ModuleInstance;

  /** Loads and starts a program. Faults: LC_MODULE_*. */
  constructor(program: Uint8Array, environment: ModuleEnvironment, watch: CallWatch) {
    this.program = program;
    this.#environment = environment;
    this.#watch = watch;
    this.#loaded = loadModule(program, environment.load);
    this.programHash = toHex(this.#loaded.programHash());
    this.#instance = this.#start();
    this.definition = this.#instance.definition;
    const { reducers, procedures } = this.definition;
    const callables = reducers.map((one) => callable(one, this.definition));
    for (const one of callables) {
      const { lifecycle } = one.definition;
      if (lifecycle !== undefined) this.#lifecycle.set(lifecycle, one);
    }
    this.views = liveViews(this.definition);
    this.#reducersByName = byName(callables);
    this.#proceduresByName = byName(
      procedures.map((one) => callableProcedure(one, this.definition)),
    );
  }

  /** The code of its reducers. */
  get loaded(): LoadedModule {
    return this.#loaded;
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

  /** What became of the calls of each reducer so far. */
  reducerStats(): (CallStatsData & { readonly name: string })[] {
    const all = new Set(this.#reducersByName.values());
    return [...all].map(({ definition, stats }) => ({ name: definition.name, ...stats.read() }));
  }

  lifecycleReducer(lifecycle: Lifecycle): CallableReducer | undefined {
    return this.#lifecycle.get(lifecycle);
  }

  procedure(name: string): CallableProcedure | undefined {
    return this.#proceduresByName.get(name);
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
