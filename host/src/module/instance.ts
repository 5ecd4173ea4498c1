// The instance that runs a module's reducers, one strictly after another (abi.md sections 7 and 11).
import { assert, type ModuleDef } from "@lightcone/abi";
import type { Transaction } from "../datastore/tx.ts";
import type { CallContext, ModuleEnvironment } from "./context.ts";
import { type CallForCaller, Guest, type GuestEnd, guestText, outOfEnergyText } from "./guest.ts";
import type { LoadedModule } from "./load.ts";
import type { ReadSet } from "./read-set.ts";
import { callView, type ViewId, type ViewResult } from "./view-call.ts";

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
  | ({ readonly kind: "fatal" } & GuestEnd)
  /** The call used up its budget, which trapped it. */
  | ({ readonly kind: "outOfEnergy" } & GuestEnd);

const succeeded: ReducerResult = { kind: "ok" };

export class ModuleInstance {
  readonly #guest: Guest;
  readonly #context: CallContext;
  readonly #callReducer: CallForCaller;

  /** Faults as those of `Guest`. */
  constructor(module: LoadedModule, environment: ModuleEnvironment) {
    this.#guest = new Guest(module, environment);
    this.#context = this.#guest.context;
    // A module cannot be loaded without this export.
    this.#callReducer = this.#guest.exported<CallForCaller>("__call_reducer__") as CallForCaller;
  }

  get definition(): ModuleDef {
    return this.#guest.definition;
  }

  /** Trapped: it must be discarded after the rollback. */
  get isDead(): boolean {
    return this.#guest.isDead;
  }

  /** Its linear memory. */
  get memoryBytes(): number {
    return this.#guest.memoryBytes;
  }

  /** What the last call used, in units of fuel (abi.md section 12). */
  get energyUsed(): number {
    return this.#guest.energyUsed;
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
      if (code === 1) return { kind: "error", message: guestText(context.sink.bytes()) };
      return fatal(`the reducer returned ${code}`);
    } catch (thrown) {
      const end = this.#guest.endBy(thrown);
      assert(!context.isWriting, `${end.message} in the middle of a write`);
      if (!this.#guest.isOutOfEnergy) return { kind: "fatal", ...end };
      return { kind: "outOfEnergy", ...end, message: outOfEnergyText };
    } finally {
      context.end();
    }
  }

  /** Runs a view inside `tx`; see `callView` of view-call.ts. */
  callView(
    view: ViewId,
    sender: CallerWords["sender"],
    reads: ReadSet,
    tx: Transaction,
  ): ViewResult {
    return callView(this.#guest, view, sender, reads, tx);
  }
}

function fatal(message: string): ReducerResult {
  return { kind: "fatal", message };
}
