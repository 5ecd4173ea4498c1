// Where clients of PostgreSQL's protocol connect, how many may, and how they are sent away when the host stops.
import { createServer, type Server, type Socket } from "node:net";
import { limit } from "../../base/limit.ts";
import { addressOf, type ListenAddress, listenAt } from "../listener.ts";
import type { PgGate } from "../limits/gate.ts";
import type { Report } from "../report.ts";
import { writeFault } from "./backend.ts";
import { CancelKeys } from "./cancel-keys.ts";
import { type ConnectionOptions, PgConnection } from "./connection.ts";
import { PgFault } from "./fault.ts";
import type { PgTls } from "./login.ts";
import { MessageWriter } from "./message-writer.ts";

export interface PgListenerOptions {
  readonly services: ConnectionOptions["services"];
  /** Without it the wish for encryption is declined. */
  readonly tls?: PgTls | undefined;
  readonly report: Report;
  readonly gate: PgGate;
}

export class PgListener {
  readonly #options: PgListenerOptions;
  readonly #server: Server;
  readonly #cancelKeys: CancelKeys;
  readonly #connections = new Set<PgConnection>();
  /** Those that have not logged in. */
  readonly #waiting = new Set<Socket>();

  constructor(options: PgListenerOptions) {
    this.#options = options;
    this.#cancelKeys = new CancelKeys(options.services.random);
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** LC_CONFIG if the address is in use or not this machine's. */
  listen(address: ListenAddress): Promise<void> {
    const { report } = this.#options;
    return listenAt(this.#server, address, "cannot listen for PostgreSQL's protocol", report);
  }

  /** `HOST:PORT` as bound. */
  get address(): string {
    return addressOf(this.#server);
  }

  #accept(socket: Socket): void {
    const isFull =
      this.#connections.size >= limit.pgConnectionCountMax ||
      this.#waiting.size >= limit.pgWaitingCountMax;
    if (isFull) {
      refuse(socket);
      return;
    }
    this.#waiting.add(socket);
    const onLoggedIn = (): void => void this.#waiting.delete(socket);
    const cancelKeys = this.#cancelKeys;
    const { tls } = this.#options;
    const connection = new PgConnection(socket, { ...this.#options, tls, cancelKeys, onLoggedIn });
    this.#connections.add(connection);
    void connection.done.finally(() => {
      onLoggedIn();
      this.#connections.delete(connection);
    });
  }

  /**
   * Takes no more connections and ends those that there are, each once it has answered what it works on; those that have not ended
   * after `graceMillis` are cut.
   */
  async close(graceMillis: number): Promise<void> {
    this.#server.close();
    const fault = new PgFault("57P01", "terminating connection due to administrator command");
    for (const connection of this.#connections) connection.terminate(fault);
    const timer = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy();
    }, graceMillis);
    await Promise.all([...this.#connections].map(({ done }) => done));
    clearTimeout(timer);
  }
}

/** Before anything is read: the client takes it for the answer to whatever it asks first. */
function refuse(socket: Socket): void {
  socket.on("error", () => socket.destroy());
  const out = new MessageWriter();
  writeFault(out, "FATAL", new PgFault("53300", "sorry, too many clients already"));
  socket.end(out.take(), () => socket.destroySoon());
}
