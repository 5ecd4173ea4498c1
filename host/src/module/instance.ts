// One instance of a module: started, described, called. A trap kills it (abi.md sections 7, 8 and 11).
import {
  assert,
  decodeModuleDef,
  InvariantError,
  LightconeError,
  memoryExport,
  messageOf,
  type ModuleDef,
} from "@lightcone/abi";
import type { Transaction } from "../datastore/tx.ts";
import { CallContext, type ModuleEnvironment } from "./context.ts";
import { linkImports } from "./imports/link.ts";
import type { LoadedModule } from "./load.ts";
import { GuestTrap } from "./trap.ts";

/** Who calls, as the words that a guest's exports take (abi.md section 7.1). */
export interface CallerWords {
  readonly sender: readonly [bigint, bigint, bigint, bigint];
  readonly connection: readonly [bigint, bigint];
}

/** How a reducer ended: it is to be committed, or rolled back with a message. */
export type ReducerResult =
  | { readonly kind: "ok" }
  /** The module said no; the text is its own. */
  | { readonly kind: "error"; readonly message: string }
  /** Trap, unknown result code or dead instance; the instance must not be used again if `isDead`. */
  | { readonly kind: "fatal"; readonly message: string };

const succeeded: ReducerResult = { kind: "ok" };
const lossyUtf8 = new TextDecoder();

type CallReducer = (
  id: number,
  s0: bigint,
  s1: bigint,
  s2: bigint,
  s3: bigint,
  c0: bigint,
  c1: bigint,
  timestamp: bigint,
  args: number,
  sink: number,
) => number;

/** What ended a guest by its own fault, or undefined if what it threw is the host's. */
function guestFault(thrown: unknown): string | undefined {
  if (thrown instanceof WebAssembly.Exception) return "an exception that nobody caught";
  // A RangeError is the guest's stack overflow.
  const isGuests =
    thrown instanceof GuestTrap ||
    thrown instanceof WebAssembly.RuntimeError ||
    thrown instanceof RangeError;
  return isGuests ? thrown.message : undefined;
}

/** A refusal is never thrown through a guest: that it was is a fault, except for the disk's. */
function hostFault(thrown: unknown): unknown {
  const isRefusal = thrown instanceof LightconeError && thrown.code !== "LC_DISK";
  return isRefusal ? new InvariantError(thrown.message) : thrown;
}

export class ModuleInstance {
  readonly definition: ModuleDef;
  readonly #context: CallContext;
  readonly #callReducer: CallReducer;
  #isDead = false;

  /** Instantiates, runs the start-up exports and reads the definition. Faults: LC_MODULE_LOAD, LC_MODULE_INVALID. */
  constructor(module: LoadedModule, environment: ModuleEnvironment) {
    const context = new CallContext(environment);
    this.#context = context;
    const instance = this.#startUp("instantiation", () => {
      const created = new WebAssembly.Instance(module.compiled, linkImports(context));
      context.setMemory(created.exports[memoryExport] as WebAssembly.Memory);
      return created;
    });
    const exported = (name: string): (() => unknown) | undefined =>
      instance.exports[name] as (() => unknown) | undefined;
    for (const name of ["_initialize", ...module.preinits]) {
      const run = exported(name);
      if (run !== undefined) this.#startUp(name, run);
    }
    const setUp = exported("__setup__") as ((sink: number) => number) | undefined;
    if (setUp !== undefined) this.#setUp(setUp);
    this.#callReducer = instance.exports["__call_reducer__"] as unknown as CallReducer;
    this.definition = this.#describe(
      exported("__describe_module__") as unknown as (sink: number) => void,
    );
  }

  /** Trapped: it must be discarded after the rollback. */
  get isDead(): boolean {
    return this.#isDead || this.#context.isDead;
  }

  #startUp<T>(name: string, run: () => T): T {
    this.#context.begin(name, undefined);
    try {
      const result = run();
      if (this.isDead) throw new GuestTrap("an import trapped and the module went on");
      return result;
    } catch (thrown) {
      if (thrown instanceof LightconeError) throw thrown;
      const fault = guestFault(thrown) ?? messageOf(thrown);
      throw new LightconeError("LC_MODULE_LOAD", `the module trapped in ${name}: ${fault}`);
    } finally {
      this.#context.end();
    }
  }

  #setUp(setUp: (sink: number) => number): void {
    const { sink } = this.#context;
    const failure = this.#startUp("__setup__", () =>
      setUp(sink.handle) === 0 ? undefined : lossyUtf8.decode(sink.bytes()),
    );
    if (failure !== undefined) {
      throw new LightconeError("LC_MODULE_LOAD", `the module's __setup__ failed: ${failure}`);
    }
  }

  #describe(describe: (sink: number) => void): ModuleDef {
    const { sink } = this.#context;
    const raw = this.#startUp("__describe_module__", () => {
      describe(sink.handle);
      return sink.bytes().slice();
    });
    return decodeModuleDef(raw);
  }

  /** Lets `init` fill scheduled tables while `run` lasts. */
  allowingScheduleRows<T>(run: () => T): T {
    this.#context.allowsScheduleRows = true;
    try {
      return run();
    } finally {
      this.#context.allowsScheduleRows = false;
    }
  }

  /**
   * Calls a reducer inside `tx`. `args[argsStart, argsEnd)` is the BSATN of its parameters. Throws only what is the host's own
   * fault; then the state of the transaction is unknown.
   */
  callReducer(
    id: number,
    name: string,
    caller: CallerWords,
    timestampMicros: bigint,
    args: Uint8Array,
    argsStart: number,
    argsEnd: number,
    tx: Transaction,
  ): ReducerResult {
    const context = this.#context;
    const { sender, connection } = caller;
    context.begin(name, tx);
    try {
      const code = this.#callReducer(
        id,
        sender[0],
        sender[1],
        sender[2],
        sender[3],
        connection[0],
        connection[1],
        timestampMicros,
        context.sources.open(args, argsStart, argsEnd),
        context.sink.handle,
      );
      assert(!context.isWriting, "a write failed and the module caught what it threw");
      if (context.isDead) return fatal("an import trapped and the module went on");
      if (code === 0) return succeeded;
      if (code === 1) return { kind: "error", message: lossyUtf8.decode(context.sink.bytes()) };
      return fatal(`the reducer returned ${code}`);
    } catch (thrown) {
      this.#isDead = true;
      const fault = guestFault(thrown);
      if (fault === undefined) throw hostFault(thrown);
      assert(!context.isWriting, `${fault} in the middle of a write`);
      return fatal(fault);
    } finally {
      context.end();
    }
  }
}

function fatal(message: string): ReducerResult {
  return { kind: "fatal", message };
}
