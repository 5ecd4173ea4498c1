// A module started and described: what every kind of instance is made of (abi.md sections 7, 8 and 11). A trap kills it.
import {
  decodeModuleDef,
  InvariantError,
  LightconeError,
  memoryExport,
  messageOf,
  type ModuleDef,
} from "@lightcone/abi";
import { CallContext, type ModuleEnvironment } from "./context.ts";
import { linkImports, type MakeImports } from "./imports/link.ts";
import type { LoadedModule } from "./load.ts";
import { MeterExport } from "./meter/meter.ts";
import { GuestTrap } from "./trap.ts";

const lossyUtf8 = new TextDecoder();

/** A guest's text, whatever bytes it is. */
export function guestText(bytes: Uint8Array): string {
  return lossyUtf8.decode(bytes);
}

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
export function hostFault(thrown: unknown): unknown {
  const isRefusal = thrown instanceof LightconeError && thrown.code !== "LC_DISK";
  return isRefusal ? new InvariantError(thrown.message) : thrown;
}

/** How it is told that a call used up its budget. */
export const outOfEnergyText = "it used up its energy budget";

/** How a guest ended itself. */
export interface GuestEnd {
  readonly message: string;
  /** As `LogRecord` has it, if there was a stack. */
  readonly trace?: readonly string[];
}

/** An export that is called on somebody's behalf, as `__call_reducer__` and `__call_procedure__` are (abi.md section 7). */
export type CallForCaller = (
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

export class Guest {
  readonly definition: ModuleDef;
  readonly context: CallContext;
  readonly #exports: WebAssembly.Exports;
  #isDead = false;

  /**
   * Instantiates, runs the start-up exports and reads the definition. `procedures` makes the imports for procedures; without them
   * the guest is one that runs none. A module that says every time what it said before need not be read again: `known` is what it
   * declared. Faults: LC_MODULE_LOAD, LC_MODULE_INVALID.
   */
  constructor(
    module: LoadedModule,
    environment: ModuleEnvironment,
    procedures?: MakeImports,
    known?: ModuleDef,
  ) {
    const context = new CallContext(environment);
    this.context = context;
    context.setCode(module.compiled);
    const instance = this.#startUp("instantiation", () => {
      const created = new WebAssembly.Instance(module.compiled, linkImports(context, procedures));
      context.setMemory(created.exports[memoryExport] as WebAssembly.Memory);
      context.meter.attach(created.exports);
      // A metered module's start function, which the engine would have run by now.
      (created.exports[MeterExport.start] as (() => void) | undefined)?.();
      return created;
    });
    this.#exports = instance.exports;
    for (const name of ["_initialize", ...module.preinits]) {
      const run = this.exported<() => unknown>(name);
      if (run !== undefined) this.#startUp(name, run);
    }
    const setUp = this.exported<(sink: number) => number>("__setup__");
    if (setUp !== undefined) this.#setUp(setUp);
    this.definition = this.#describe(known);
    context.isStarted = true;
  }

  /** Whether the present or last call ended because its budget was used up. */
  get isOutOfEnergy(): boolean {
    return this.context.meter.isExhausted;
  }

  get memoryBytes(): number {
    return (this.#exports[memoryExport] as WebAssembly.Memory).buffer.byteLength;
  }

  /** What the last call used, in units of fuel. */
  get energyUsed(): number {
    return this.context.meter.lastUsed;
  }

  /** Trapped: it must be discarded after the rollback. */
  get isDead(): boolean {
    return this.#isDead || this.context.isDead;
  }

  /** What a call threw went through the guest: it is not used again. Throws what is the host's own fault. */
  endBy(thrown: unknown): GuestEnd {
    this.#isDead = true;
    const message = guestFault(thrown);
    if (message === undefined) throw hostFault(thrown);
    return thrown instanceof Error
      ? { message, trace: this.context.trace(thrown.stack) }
      : { message };
  }

  /** An export of the ABI's table, whose type `loadModule` has checked; undefined if the module has none of that name. */
  exported<T>(name: string): T | undefined {
    return this.#exports[name] as T | undefined;
  }

  #startUp<T>(name: string, run: () => T): T {
    this.context.begin(name, undefined);
    try {
      const result = run();
      if (this.isDead) throw new GuestTrap("an import trapped and the module went on");
      return result;
    } catch (thrown) {
      if (thrown instanceof LightconeError) throw thrown;
      const fault = this.isOutOfEnergy
        ? outOfEnergyText
        : (guestFault(thrown) ?? messageOf(thrown));
      const trace = thrown instanceof Error ? this.context.trace(thrown.stack) : [];
      throw new LightconeError(
        "LC_MODULE_LOAD",
        `the module trapped in ${name}: ${fault}`,
        trace.map((frame) => `at ${frame}`),
      );
    } finally {
      this.context.end();
    }
  }

  #setUp(setUp: (sink: number) => number): void {
    const { sink } = this.context;
    const failure = this.#startUp("__setup__", () =>
      setUp(sink.handle) === 0 ? undefined : guestText(sink.bytes()),
    );
    if (failure !== undefined) {
      throw new LightconeError("LC_MODULE_LOAD", `the module's __setup__ failed: ${failure}`);
    }
  }

  /** Guests set themselves up while they describe themselves, so that is always done. */
  #describe(known: ModuleDef | undefined): ModuleDef {
    const describe = this.#exports["__describe_module__"] as (sink: number) => void;
    const { sink } = this.context;
    const raw = this.#startUp("__describe_module__", () => {
      describe(sink.handle);
      return sink.bytes();
    });
    return known ?? decodeModuleDef(raw.slice());
  }
}
