// A database in this process, without sockets: what embedding programs and tests of modules have in common. Each client has a number
// where others have a socket, and speaks the same protocol, so that all rules of the engine hold for it.
import {
  decodeServerMessage,
  type Identity,
  LightconeError,
  type ModuleDef,
  type ProductValue,
  Reader,
  type ServerMessage,
} from "@lightcone/abi";
import type { Client } from "../database/client.ts";
import type { Database } from "../database/database.ts";
import { DatabaseService } from "../session/service.ts";
import type { Delivery, ServiceCaller, ServiceOptions } from "../session/service-contract.ts";
import { openSlab, type SealedSlab } from "../session/slab.ts";
import { FrameReader } from "./frame-reader.ts";
import { type LogLine, parseLogLine } from "./log-line.ts";
import { Schema } from "./schema.ts";
import { runStatement } from "./statement.ts";

/** Who is told what one client's socket would get. These must not throw. */
export interface CoreListener {
  onMessage(message: ServerMessage): void;
  /** It is over: nothing more comes. */
  onClosed(error: LightconeError): void;
}

interface Attached {
  readonly listener: CoreListener;
  readonly frames: FrameReader;
}

export interface CoreOptions extends Omit<ServiceOptions, "delivery"> {
  readonly onLog?: ((line: LogLine) => void) | undefined;
}

interface Waiting {
  readonly work: () => void;
  readonly giveUp: (error: LightconeError) => void;
}

export class Core {
  readonly #service: DatabaseService;
  readonly #attached: Map<number, Attached>;
  readonly #waiting: Waiting[] = [];
  #lastNumber = 0;
  #schema: Schema | undefined;
  /** What the module panicked with first during the command under way: its own words come before the host's. */
  #panic: string | undefined;

  private constructor(
    service: DatabaseService,
    attached: Map<number, Attached>,
    onLog: ((line: LogLine) => void) | undefined,
  ) {
    this.#service = service;
    this.#attached = attached;
    service.database.parts.moduleLog.follow((text) => {
      const line = parseLogLine(text);
      if (line.level === "Panic") this.#panic ??= line.message;
      onLog?.(line);
    });
  }

  /** See `DatabaseService.open`. */
  static async open(options: CoreOptions): Promise<Core> {
    const attached = new Map<number, Attached>();
    let core: Core | undefined;
    const end = (number: number, error: LightconeError): void => {
      const { listener } = attached.get(number) ?? {};
      attached.delete(number);
      listener?.onClosed(error);
    };
    const delivery: Delivery = {
      deliver: (slab) => {
        core?.take(slab);
      },
      closeSocket: (number, _code, reason) => {
        end(number, new LightconeError("LC_CONNECTION", `the database ended this: ${reason}`));
      },
      dropSocket: (number, reason) => {
        end(number, new LightconeError("LC_CONNECTION", reason));
      },
      failed: (error) => {
        for (const number of attached.keys()) end(number, error);
      },
    };
    const service = await DatabaseService.open({ ...options, delivery });
    core = new Core(service, attached, options.onLog);
    return core;
  }

  get service(): DatabaseService {
    return this.#service;
  }

  get database(): Database {
    return this.#service.database;
  }

  /** Of the module that runs now. */
  get schema(): Schema {
    const { definition }: { definition: ModuleDef } = this.database;
    if (this.#schema?.definition !== definition) this.#schema = new Schema(definition);
    return this.#schema;
  }

  /**
   * Makes `program` the database's: creates it, updates it whether or not that disconnects clients, or finds that it is the same.
   * Throws LC_MODULE_*, LC_PUBLISH_REFUSED.
   */
  async publish(
    program: Uint8Array,
    owner: Identity,
  ): Promise<"created" | "updated" | "unchanged"> {
    await this.database.prepare(program);
    const { database } = this;
    const isPlain = !database.isPublished || Buffer.compare(database.module.program, program) === 0;
    if (isPlain) return this.#service.publish(program, owner);
    const plan = this.#service.planPublish(program);
    if (plan.kind === "impossible") throw new LightconeError("LC_PUBLISH_REFUSED", plan.reason);
    const { breaksClients, token } = plan;
    return this.#service.publish(
      program,
      owner,
      breaksClients ? { kind: "breakClients", token } : { kind: "compatible" },
    );
  }

  /** For the service: what one turn sends. */
  take(slab: SealedSlab): void {
    openSlab(slab, (number, frames, wantsReceipt) => {
      const attached = this.#attached.get(number);
      attached?.frames.read(frames, (message) => {
        attached.listener.onMessage(decodeServerMessage(new Reader(message)));
      });
      // The service is in the middle of its work now.
      if (wantsReceipt) queueMicrotask(() => this.#written(number, frames.length));
    });
  }

  #written(number: number, byteCount: number): void {
    this.#service.written(number, byteCount);
    this.#service.endTurn();
  }

  /** Runs a command after those before it; while the disk is behind, commands wait. */
  submit<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = (): void => {
        try {
          // The service takes commands of clients in silence then: nobody would be answered.
          if (this.#service.failure !== undefined) throw this.#service.failure;
          resolve(work());
        } catch (thrown) {
          reject(thrown);
        }
      };
      if (this.#waiting.length === 0 && !this.#service.isBackpressured) {
        run();
        return;
      }
      this.#waiting.push({ work: run, giveUp: reject });
      if (this.#waiting.length === 1) void this.#resume();
    });
  }

  async #resume(): Promise<void> {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      try {
        if (this.#service.isBackpressured) await this.#service.database.log.flush();
        next.work();
      } catch (thrown) {
        next.giveUp(thrown as LightconeError);
      }
      this.#waiting.shift();
    }
  }

  /**
   * Attaches a client: `client_connected` runs. The listener's first message is its greeting; one that is refused is closed before
   * that, with the reason. Returns its number.
   */
  attach(caller: ServiceCaller, listener: CoreListener): Promise<number> {
    return this.submit(() => {
      const number = ++this.#lastNumber;
      this.#attached.set(number, { listener, frames: new FrameReader() });
      this.#service.connect(number, caller, "", true);
      this.#service.endTurn();
      return number;
    });
  }

  /** Hands over a message of a client's; resolves to what the module panicked with meanwhile. */
  send(number: number, message: Uint8Array): Promise<string | undefined> {
    return this.submit(() => {
      this.#panic = undefined;
      this.#service.receive(number, message, 0, message.length);
      this.#service.endTurn();
      return this.#panic;
    });
  }

  /** Ends a client: `client_disconnected` runs, and is durable when this resolves. */
  async detach(number: number): Promise<void> {
    await this.submit(() => {
      this.#attached.delete(number);
      this.#service.disconnect(number);
      this.#service.endTurn();
    });
    await this.flush();
  }

  /** Runs a statement as a client; what it changed is durable when this resolves. */
  async sql(client: Client, text: string): Promise<ProductValue[]> {
    const rows = await this.inTurn(() => runStatement(this.database, client, text));
    await this.flush();
    return rows;
  }

  /**
   * Runs work on the database as a turn of its own. Rejects with the LightconeError that it throws; anything else, and LC_DISK, is
   * the end of the database.
   */
  inTurn<T>(work: () => T): Promise<T> {
    return this.submit(() => {
      let result: { readonly value: T } | { readonly refusal: LightconeError } | undefined;
      this.#service.turn(() => {
        try {
          result = { value: work() };
        } catch (thrown) {
          if (!(thrown instanceof LightconeError) || thrown.code === "LC_DISK") throw thrown;
          result = { refusal: thrown };
        }
      });
      if (result === undefined) throw this.#service.failure ?? closed();
      if ("refusal" in result) throw result.refusal;
      return result.value;
    });
  }

  /** Resolves when all that was committed is durable, and whoever waited for that has been told. */
  async flush(): Promise<void> {
    await this.database.log.flush();
  }

  async close(): Promise<void> {
    await this.#service.close("the database was closed");
  }
}

function closed(): LightconeError {
  return new LightconeError("LC_DATABASE_UNAVAILABLE", "the database is closed");
}
