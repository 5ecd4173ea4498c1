// One connection from its first byte to its last.
import type { Socket } from "node:net";
import { limit } from "../../base/limit.ts";
import type { PgGate } from "../limits/gate.ts";
import type { ConnectionMeter } from "../limits/traffic.ts";
import type { Report } from "../report.ts";
import type { Services } from "../router.ts";
import {
  writeAuthentication,
  writeBackendKey,
  writeFault,
  writeParameterStatus,
} from "./backend.ts";
import type { CancelKeys } from "./cancel-keys.ts";
import type { PgDatabase } from "./contract.ts";
import { PgFault, pgFaultOf } from "./fault.ts";
import type { StartupMessage } from "./frontend.ts";
import {
  type Channel,
  type LoggedIn,
  logIn,
  loginIdle,
  type PgTls,
  plainChannel,
  readFirst,
} from "./login.ts";
import type { ScalarContext } from "./scalar.ts";
import { PgSession } from "./session.ts";
import { Settings } from "./settings.ts";

export interface ConnectionOptions {
  readonly services: Pick<
    Services,
    "control" | "databases" | "hostPolicy" | "tokens" | "clock" | "random"
  >;
  readonly tls: PgTls | undefined;
  readonly cancelKeys: CancelKeys;
  readonly report: Report;
  readonly gate: PgGate;
  /** The client has shown a good token. */
  readonly onLoggedIn: () => void;
}

/** How long a client may take to read why its connection ends, in milliseconds. */
const goodbyeMillis = 2000;

export class PgConnection {
  readonly #options: ConnectionOptions;
  #channel: Channel;
  #database: PgDatabase | undefined;
  #meter: ConnectionMeter | undefined;
  #ended: PgFault | undefined;
  #isLoggedIn = false;
  /** Resolves when the connection is over. */
  readonly done: Promise<void>;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#options = options;
    this.#channel = this.#watched(plainChannel(socket));
    const timer = setTimeout(() => {
      if (!this.#isLoggedIn) this.terminate(loginIdle.fault);
    }, loginIdle.millis);
    this.done = this.#run().finally(() => {
      clearTimeout(timer);
    });
  }

  /** A broken connection ends like one that was closed; the client's database learns of it at once. */
  #watched(channel: Channel): Channel {
    const { socket } = channel;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => this.#leave());
    return channel;
  }

  /** Ends the connection when the statement under way has been answered, at once if there is none. */
  terminate(fault: PgFault): void {
    this.#ended ??= fault;
    this.#channel.input.interrupt(fault);
  }

  /** Ends it whatever is under way. */
  destroy(): void {
    this.#channel.socket.destroy();
  }

  #leave(): void {
    this.#database?.disconnect();
    this.#database = undefined;
    this.#meter?.close();
  }

  async #run(): Promise<void> {
    try {
      await this.#serve();
      this.#channel.output.flush();
    } catch (thrown) {
      const fault = pgFaultOf(thrown);
      if (fault.sqlState === "XX000")
        this.#options.report(thrown, "a client of PostgreSQL's protocol");
      writeFault(this.#channel.output.writer, "FATAL", fault);
      this.#channel.output.flush();
    } finally {
      this.#leave();
      this.#channel.input.detach();
      await goodbye(this.#channel.socket);
    }
  }

  async #serve(): Promise<void> {
    const { tls, cancelKeys } = this.#options;
    const first = await readFirst(this.#channel, tls, (channel) => {
      this.#channel = this.#watched(channel);
      if (this.#ended !== undefined) channel.input.interrupt(this.#ended);
    });
    if (first === undefined) return;
    if (first.kind === "cancel") cancelKeys.cancel(first.processId, first.secret);
    else await this.#serveClient(first);
  }

  async #serveClient(start: Extract<StartupMessage, { kind: "start" }>): Promise<void> {
    const { services, onLoggedIn, cancelKeys, gate } = this.#options;
    const client = await logIn(this.#channel, start, services, {
      admitted: () => {
        this.#isLoggedIn = true;
        onLoggedIn();
      },
      identified: (identity) => {
        const { socket } = this.#channel;
        this.#meter = gate.pgConnection(socket.remoteAddress ?? "", identity.toHex());
        if (socket.destroyed) this.#meter.close();
      },
      databaseEnded: (reason) => {
        this.terminate(new PgFault("57P01", `terminating connection: ${reason}`));
      },
    });
    if (client === undefined) return;
    this.#database = client.database;
    // The client may have gone while its database was opened.
    if (this.#channel.socket.destroyed) return;
    const key = cancelKeys.add();
    try {
      await this.#serveSession(client, key);
    } finally {
      key.remove();
    }
  }

  async #serveSession(
    { database, databaseName, user, applicationName }: LoggedIn,
    key: ReturnType<CancelKeys["add"]>,
  ): Promise<void> {
    const { output } = this.#channel;
    const settings = new Settings(user);
    settings.set("application_name", applicationName);
    writeAuthentication(output.writer, "ok");
    for (const [name, value] of settings.reports) writeParameterStatus(output.writer, name, value);
    writeBackendKey(output.writer, key.processId, key.secret);
    const { clock } = this.#options.services;
    const context = (): ScalarContext => {
      const { processId } = key;
      return { database: databaseName, user, processId, settings, nowMicros: clock.nowMicros() };
    };
    const session = new PgSession({ database, output, context });
    key.onCancel(() => session.cancel());
    session.greet();
    await this.#converse(session);
  }

  async #converse(session: PgSession): Promise<void> {
    for (;;) {
      const message = await this.#channel.input.next(session.isHolding ? holdingIdle : plainIdle);
      if (message === undefined) return;
      if (asksForWork.has(message.letter) && this.#meter?.calls(1) === false) throw tooManyRequests;
      if (!(await session.handle(message))) return;
    }
  }
}

/** Query and Execute: what runs statements. */
const asksForWork: ReadonlySet<string> = new Set(["Q", "E"]);
const tooManyRequests = new PgFault("53400", "too many requests");

const plainIdle = {
  millis: limit.pgIdleMillisMax,
  fault: new PgFault("57P05", "terminating connection due to idle-session timeout"),
};
const holdingIdle = {
  millis: limit.pgIdleInTransactionMillisMax,
  fault: new PgFault("25P03", "terminating connection due to idle-in-transaction timeout"),
};

/** Closes a socket once what was written has left, or after a while. */
function goodbye(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) {
      resolve();
      return;
    }
    const timer = setTimeout(() => socket.destroy(), goodbyeMillis);
    socket.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
    // Bytes that nobody reads would keep it from closing well.
    socket.resume();
    socket.end(() => socket.destroySoon());
  });
}
