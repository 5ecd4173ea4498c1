// A host of the module ABI for testing guests: the smallest that is right, but hard to live with. It
// answers in pieces, grows memory, calls back, and notes what a guest must not do as a breach.
import {
  type Codec,
  compileCodec,
  ConnectionId,
  decodeModuleDef,
  encode,
  Errno,
  Identity,
  type ModuleDef,
  moduleImports,
  numberToBytes,
  type ProductType,
  type Value,
} from "@lightcone/abi";
import { Database, type Import } from "./database.ts";
import { GuestMemory, Trap } from "./guest-memory.ts";
import type { Provocation } from "./provocation.ts";
import { Refusal } from "./store.ts";
import { Streams } from "./streams.ts";

export interface Caller {
  readonly sender?: Identity;
  readonly connectionId?: ConnectionId;
  readonly micros?: bigint;
}

export interface Outcome {
  /** What the export answered; undefined after a trap. */
  readonly code: number | undefined;
  readonly bytes: Uint8Array;
  /** Why it trapped. */
  readonly trap: unknown;
}

export interface HandlerOutcome {
  readonly code: number | undefined;
  readonly response: Uint8Array;
  readonly body: Uint8Array;
}

export interface LogRecord {
  readonly level: number;
  readonly text: string;
  readonly file: string | undefined;
  readonly line: number | undefined;
}

/** What the double answers an HTTP request: bytes of a response and its body, or the error's text. */
export type Answer = { readonly response: Uint8Array; readonly body: Uint8Array } | string;

const databaseIdentity = new Identity(0x1234n << 200n);
const pagesMax = 150;
const textCodec: Codec<string> = compileCodec<string>({ kind: "string" });
type Exported = (...values: (number | bigint)[]) => number | undefined;

export class HostDouble {
  readonly #provocation: Provocation;
  readonly #exports: Record<string, Exported>;
  readonly #memory: GuestMemory;
  readonly #streams: Streams;
  readonly #timers = new Map<number, string>();
  /** By name; those that need tables come once the definition is known. */
  #handlers: Record<string, Import> = {};
  #database: Database | undefined;
  /** What the guest did that no guest may do. */
  readonly breaches: string[] = [];
  readonly logged: LogRecord[] = [];
  readonly timed: string[] = [];
  readonly requests: { readonly bytes: Uint8Array; readonly body: Uint8Array }[] = [];
  readonly def: ModuleDef;
  micros = 1_700_000_000_000_000n;
  answer: Answer = "nobody answers";
  /** Called while a commit of a procedure waits, as a host runs views there. */
  onCommit: (() => void) | undefined;

  /** Makes an instance as a host does: preinits, setup, description. */
  constructor(module: WebAssembly.Module, provocation: Provocation) {
    this.#provocation = provocation;
    this.#streams = new Streams(provocation, this.breaches);
    const { exports } = new WebAssembly.Instance(module, this.#imports());
    this.#exports = exports as Record<string, Exported>;
    this.#memory = new GuestMemory(exports["memory"] as WebAssembly.Memory);
    this.#handlers = { ...this.#bytes(), ...this.#console(), ...this.#outside() };
    const preinits = Object.keys(exports).filter((name) => name.startsWith("__preinit__"));
    for (const name of preinits.sort()) this.#exports[name]?.();
    if ("__setup__" in exports) this.#call("__setup__", (sink) => [sink]);
    const described = this.#call("__describe_module__", (sink) => [sink]);
    if (described.trap !== undefined) {
      throw new Error("the module does not describe itself", { cause: described.trap });
    }
    this.def = decodeModuleDef(described.bytes);
    this.#database = new Database(this.def, this.breaches);
    const tables = this.#database.imports(() => this.#memory, this.#streams);
    this.#handlers = { ...this.#handlers, ...tables };
  }

  get database(): Database {
    if (this.#database === undefined) throw new Trap("there are no tables yet");
    return this.#database;
  }

  reducer(name: string, args: Value = {}, caller: Caller = {}): Outcome {
    const found = this.def.reducers.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no reducer ${name}`);
    this.database.begin();
    const outcome = this.#callFunction("__call_reducer__", found, args, caller);
    if (outcome.code === 0) this.database.commit();
    else this.database.rollBack();
    return outcome;
  }

  procedure(name: string, args: Value = {}, caller: Caller = {}): Outcome {
    const found = this.def.procedures.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no procedure ${name}`);
    const outcome = this.#callFunction("__call_procedure__", found, args, caller);
    this.database.rollBack();
    return outcome;
  }

  /** A view's bytes, header included; within the open transaction if there is one. */
  view(name: string, sender: Identity = Identity.zero): Outcome {
    const found = this.def.views.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no view ${name}`);
    const isOwn = !this.database.isOpen;
    if (isOwn) this.database.begin();
    const outcome = found.isAnonymous
      ? this.#call("__call_view_anon__", (sink) => [found.index, 0, sink])
      : this.#call("__call_view__", (sink) => [found.index, ...words(sender.value, 4), 0, sink]);
    if (isOwn) this.database.rollBack();
    return outcome;
  }

  /** An HTTP handler's code and what it wrote to its two sinks. */
  handler(id: number, request: Uint8Array, body: Uint8Array): HandlerOutcome {
    let bodySink = 0;
    let answered: Uint8Array = new Uint8Array(0);
    const outcome = this.#call(
      "__call_http_handler__",
      (sink) => {
        bodySink = this.#streams.openSink();
        const sources = [this.#streams.openSource(request), this.#streams.openSource(body)];
        return [id, this.micros, ...sources, sink, bodySink];
      },
      () => {
        answered = this.#streams.sunk(bodySink);
      },
    );
    return { code: outcome.code, response: outcome.bytes, body: answered };
  }

  get pages(): number {
    return this.#memory.pages;
  }

  #callFunction(
    exported: string,
    found: { readonly id: number; readonly params: ProductType },
    args: Value,
    caller: Caller,
  ): Outcome {
    const bytes = encode(compileCodec(found.params, this.def.typespace), args);
    return this.#call(exported, (sink) => [
      found.id,
      ...words((caller.sender ?? Identity.zero).value, 4),
      ...words((caller.connectionId ?? ConnectionId.zero).value, 2),
      caller.micros ?? this.micros,
      this.#streams.openSource(bytes),
      sink,
    ]);
  }

  /** `atEnd` runs while what belongs to the call is still there. */
  #call(
    exported: string,
    values: (sink: number) => (number | bigint)[],
    atEnd: () => void = () => {},
  ): Outcome {
    const run = this.#exports[exported];
    if (run === undefined) throw new Error(`no export ${exported}`);
    this.#streams.enter();
    const sink = this.#streams.openSink();
    let outcome: Outcome;
    try {
      const code = run(...values(sink)) ?? 0;
      outcome = { code, bytes: this.#streams.sunk(sink), trap: undefined };
    } catch (trap) {
      outcome = { code: undefined, bytes: this.#streams.sunk(sink), trap };
    }
    atEnd();
    this.#streams.leave(outcome.trap !== undefined);
    return outcome;
  }

  #imports(): Record<string, Record<string, (...values: number[]) => unknown>> {
    const modules: Record<string, Record<string, (...values: number[]) => unknown>> = {};
    for (const { module, name, needsTransaction } of moduleImports) {
      const run = (...values: number[]): unknown => {
        if (this.#provocation.growsMemory && this.pages < pagesMax) this.#memory.grow();
        if (needsTransaction && this.#database?.isOpen !== true) return Errno.notInTransaction;
        const handler = this.#handlers[name];
        if (handler === undefined) throw new Trap(`${name} is not there`);
        return refusing(() => handler(...values));
      };
      (modules[module] ??= {})[name] = run;
    }
    return modules;
  }

  #bytes(): Record<string, Import> {
    const [memory, streams] = [this.#memory, this.#streams];
    return {
      bytes_source_read: (source, at, lengthAt) => streams.readSource(memory, source, at, lengthAt),
      bytes_source_remaining_length: (source, out) => streams.sourceLength(memory, source, out),
      bytes_sink_write: (sink, at, lengthAt) => streams.writeSink(memory, sink, at, lengthAt),
    };
  }

  #console(): Record<string, Import> {
    const memory = this.#memory;
    return {
      console_log: (level, _target, _targetLength, fileAt, fileLength, line, at, length) => {
        this.logged.push({
          level: level & 0xff,
          text: memory.readText(at, length),
          file: fileAt === 0 ? undefined : memory.readText(fileAt, fileLength),
          line: line === -1 ? undefined : line,
        });
        return 0;
      },
      console_timer_start: (at, length) => {
        const id = this.#timers.size + this.timed.length + 1;
        this.#timers.set(id, memory.readText(at, length));
        return id;
      },
      console_timer_end: (id) => {
        const name = this.#timers.get(id);
        if (name === undefined) throw new Refusal(Errno.noSuchConsoleTimer);
        this.#timers.delete(id);
        this.timed.push(name);
        return 0;
      },
    };
  }

  #outside(): Record<string, Import> {
    const memory = this.#memory;
    return {
      identity: (out) => {
        memory.write(out, databaseIdentity.toBytes());
        return 0;
      },
      get_jwt: (at, out) => {
        const id = ConnectionId.fromBytes(memory.read(at, 16));
        const token = this.database.tokenOf(id) ?? "";
        memory.writeU32(out, this.#streams.openSource(new TextEncoder().encode(token)));
        return 0;
      },
      volatile_nonatomic_schedule_immediate: () => 0,
      procedure_sleep_until: (wakeAt) => {
        const wake = BigInt(wakeAt);
        if (wake > this.micros) this.micros = wake;
        return this.micros as unknown as number;
      },
      procedure_start_mut_tx: (out) => {
        if (this.database.isOpen) throw new Refusal(Errno.wouldBlockTransaction);
        this.database.begin();
        memory.writeU64(out, this.micros);
        return 0;
      },
      procedure_commit_mut_tx: () => {
        if (!this.database.isOpen) throw new Refusal(Errno.transactionNotAnonymous);
        this.onCommit?.();
        this.database.commit();
        return 0;
      },
      procedure_abort_mut_tx: () => {
        if (!this.database.isOpen) throw new Refusal(Errno.transactionNotAnonymous);
        this.database.rollBack();
        return 0;
      },
      procedure_http_request: (...values) => this.#request(values),
    };
  }

  #request(values: readonly number[]): number {
    const [at, length, bodyAt, bodyLength, out] = values as [
      number,
      number,
      number,
      number,
      number,
    ];
    if (this.database.isOpen) throw new Refusal(Errno.wouldBlockTransaction);
    const body = bodyLength === 0 ? new Uint8Array(0) : this.#memory.read(bodyAt, bodyLength);
    this.requests.push({ bytes: this.#memory.read(at, length), body });
    if (typeof this.answer === "string") {
      this.#memory.writeU32(out, this.#streams.openSource(encode(textCodec as Codec, this.answer)));
      return Errno.httpError;
    }
    this.#memory.writeU32(out, this.#streams.openSource(this.answer.response));
    this.#memory.writeU32(out + 4, this.#streams.openSource(this.answer.body));
    return 0;
  }
}

function refusing(run: () => number): number {
  try {
    return run();
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown.errno;
    throw thrown;
  }
}

/** The words of a number as an export takes them. */
function words(value: bigint, count: number): bigint[] {
  const view = new DataView(numberToBytes(value, count * 8).buffer);
  return Array.from({ length: count }, (_, i) => view.getBigUint64(i * 8, true));
}
