// An instance that runs procedures and HTTP handlers, one at a time, in memory of its own (abi.md sections 7.5 and 11).
import { assert, type ModuleDef } from "@lightcone/abi";
import type { CallContext, ModuleEnvironment } from "../context.ts";
import { type CallForCaller, Guest, type GuestEnd, hostFault, outOfEnergyText } from "../guest.ts";
import type { CallerWords } from "../instance.ts";
import type { LoadedModule } from "../load.ts";
import { AsyncifyRunner } from "./asyncify-runner.ts";
import type { ProcedureCall } from "./call.ts";
import type { ProcedureHost } from "./host.ts";
import { procedureCallImports } from "./imports.ts";
import { PlainRunner } from "./plain-runner.ts";
import type { RunEnd, Runner } from "./runner.ts";
import { canSuspend } from "./suspending-imports.ts";

/** How a procedure or a handler ended. */
export type ProcedureEnd =
  /** What it wrote into its sinks; a procedure has no body. */
  | { readonly kind: "returned"; readonly value: Uint8Array; readonly body: Uint8Array }
  /** Trap, or a result code other than 0: the instance is not used again. */
  | ({ readonly kind: "fatal" } & GuestEnd);

type CallHandler = (
  id: number,
  timestamp: bigint,
  request: number,
  requestBody: number,
  sink: number,
  bodySink: number,
) => number;

/** Code that can run procedures: the variant of a module that can wait, any other as it is. */
export class ProcedureInstance {
  readonly #guest: Guest;
  readonly #context: CallContext;
  readonly #call: ProcedureCall;
  readonly #runner: Runner;
  #isSpent = false;

  /** Starts an instance of a module that declared `definition`. Faults as those of `Guest`. */
  constructor(
    code: LoadedModule,
    environment: ModuleEnvironment,
    host: ProcedureHost,
    definition: ModuleDef,
  ) {
    this.#call = { host, runner: undefined, fault: undefined };
    this.#guest = new Guest(
      code,
      environment,
      (context) => procedureCallImports(context, this.#call),
      definition,
    );
    this.#context = this.#guest.context;
    this.#runner = canSuspend(code.compiled)
      ? new AsyncifyRunner(this.#guest, host.turn)
      : new PlainRunner();
  }

  /** Whether it may run another call. */
  get isReusable(): boolean {
    return !this.#isSpent && !this.#guest.isDead;
  }

  /** The size of its memory, which never shrinks. */
  get memoryBytes(): number {
    return this.#context.memory.bytes().length;
  }

  /** Calls a procedure. `args` is the BSATN of its parameters. `onEnd` is told once: before this returns, or in a later turn. */
  callProcedure(
    id: number,
    name: string,
    caller: CallerWords,
    timestampMicros: bigint,
    args: Uint8Array,
    onEnd: (end: ProcedureEnd) => void,
  ): void {
    const context = this.#context;
    const { sender, connection } = caller;
    const run = this.#guest.exported<CallForCaller>("__call_procedure__");
    context.begin(name, undefined);
    const source = context.sources.open(args, 0, args.length);
    const enter = (call: CallForCaller) => (): number =>
      call(
        id,
        sender[0],
        sender[1],
        sender[2],
        sender[3],
        connection[0],
        connection[1],
        timestampMicros,
        source,
        context.sink.handle,
      );
    this.#run(name, run === undefined ? undefined : enter(run), onEnd);
  }

  /** Calls an HTTP handler with a request in BSATN and its body. `onEnd` as for `callProcedure`. */
  callHandler(
    id: number,
    name: string,
    timestampMicros: bigint,
    request: Uint8Array,
    body: Uint8Array,
    onEnd: (end: ProcedureEnd) => void,
  ): void {
    const context = this.#context;
    const run = this.#guest.exported<CallHandler>("__call_http_handler__");
    context.begin(name, undefined);
    context.bodySink.open();
    const requestSource = context.sources.open(request, 0, request.length);
    const bodySource = context.sources.open(body, 0, body.length);
    const { sink, bodySink } = context;
    const enter = (call: CallHandler) => (): number =>
      call(id, timestampMicros, requestSource, bodySource, sink.handle, bodySink.handle);
    this.#run(name, run === undefined ? undefined : enter(run), onEnd);
  }

  /** Gives up a call that waits; its `onEnd` is not told. Without effect on one that has ended, by a fault of the host's as well. */
  cancel(): void {
    this.#isSpent = true;
    if (this.#call.runner === undefined) return;
    this.#call.runner = undefined;
    this.#runner.cancel();
    this.#context.end();
  }

  #run(name: string, enter: (() => number) | undefined, onEnd: (end: ProcedureEnd) => void): void {
    assert(this.isReusable, "a spent instance was called");
    this.#isSpent = true;
    if (enter === undefined) {
      this.#context.end();
      onEnd({ kind: "fatal", message: `the module has no export that runs ${name}` });
      return;
    }
    this.#call.runner = this.#runner;
    this.#runner.run(enter, (end) => {
      onEnd(this.#finish(name, end));
    });
  }

  /** What came of a call. Throws only what is the host's own fault. */
  #finish(name: string, end: RunEnd): ProcedureEnd {
    const context = this.#context;
    this.#call.runner = undefined;
    const { tx } = context;
    try {
      const { fault } = this.#call;
      if (fault !== undefined) throw hostFault(fault.thrown);
      const failure = this.#failure(end);
      assert(
        !context.isWriting,
        `${failure?.message ?? "a caught fault"} in the middle of a write`,
      );
      if (tx !== undefined) this.#rollBackDangling(name, failure === undefined);
      if (failure !== undefined) return { kind: "fatal", ...failure };
      this.#isSpent = false;
      const { sink, bodySink } = context;
      return { kind: "returned", value: sink.bytes().slice(), body: bodySink.bytes().slice() };
    } finally {
      context.end();
      context.sources.forget();
    }
  }

  /** Why a call is a failure; undefined if it is none. */
  #failure(end: RunEnd): GuestEnd | undefined {
    if (end.kind === "thrown") {
      const ended = this.#guest.endBy(end.thrown);
      return this.#guest.isOutOfEnergy ? { ...ended, message: outOfEnergyText } : ended;
    }
    if (this.#context.isDead) return { message: "an import trapped and the module went on" };
    return end.code === 0 ? undefined : { message: `it returned ${end.code}` };
  }

  #rollBackDangling(name: string, isLogged: boolean): void {
    const { tx } = this.#context;
    if (tx === undefined) return;
    this.#call.host.rollBack(tx);
    if (!isLogged) return;
    this.#context.environment.log({
      level: "Error",
      message: `aborting dangling anonymous transaction in procedure ${name}`,
      functionName: name,
    });
  }
}
