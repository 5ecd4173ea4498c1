// WebSockets of clients: `ws` reads what they send; frames for them come ready from the databases' threads and are written to
// the bare socket, many at a time.
import { STATUS_CODES } from "node:http";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { CloseCode, closeReason, type Subprotocol } from "@lightcone/abi";
import { WebSocket, WebSocketServer } from "ws";
import { type Clock, systemClock } from "../base/clock.ts";
import { limit } from "../base/limit.ts";
import type { DatabaseConnection, SocketSink } from "./contract.ts";
import type { Metrics } from "./metrics/metrics.ts";
import { type EndCause, SocketCount } from "./metrics/socket-counts.ts";
import { OutgoingQueue } from "./outgoing.ts";
import { readInTurns } from "./read-turn.ts";
import type { Upgrade, UpgradeTarget } from "./router.ts";

export interface SocketOptions {
  /** A Ping at once and then this often; a client that stays silent for twice as long is cut off. */
  readonly pingMillis: number;
  /** How long a Close frame waits for its answer. */
  readonly closeMillis: number;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** What a server that is told nothing else does (protocol.md section 8). */
const defaults = { pingMillis: 15_000, closeMillis: 250, clock: systemClock };

/** Upgrades requests that the routes let through, and ends all sockets when the server stops. */
export interface SocketServer {
  readonly upgrade: Upgrade;
  /** Ends every socket that no database has ended. */
  closeAll(reason: string): void;
}

/** Watches that a client lives: pings it, and notices when nothing comes back. */
class Heartbeat {
  readonly #timer: NodeJS.Timeout;
  #isAlive = true;
  #misses = 0;

  constructor(
    ws: WebSocket,
    socket: Duplex,
    { pingMillis, clock }: SocketOptions,
    onPong: (millis: number) => void,
    onSilence: () => void,
  ) {
    let pingedAt: number | undefined;
    const ping = (): void => {
      pingedAt = clock.nowMillis();
      ws.ping();
    };
    ping();
    // Whatever bytes come: a long message on a slow line takes longer than a client may be silent.
    socket.on("data", () => {
      this.#isAlive = true;
    });
    ws.on("pong", () => {
      if (pingedAt !== undefined) onPong(clock.nowMillis() - pingedAt);
      pingedAt = undefined;
    });
    this.#timer = setInterval(() => {
      // Nothing can be heard of a client that is not read from.
      if (ws.isPaused) return;
      this.#misses = this.#isAlive ? 0 : this.#misses + 1;
      this.#isAlive = false;
      if (this.#misses >= 2) onSilence();
      else ping();
    }, pingMillis);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** What a database's Close frame says of why the connection ends. */
function causeOf(code: number): EndCause {
  if (code === CloseCode.goingAway) return "module_exited";
  return code === CloseCode.tryAgainLater ? "incoming_queue_full" : "internal_error";
}

function makeSink(
  ws: WebSocket,
  socket: Duplex,
  options: SocketOptions,
  count: SocketCount,
): SocketSink {
  // Without a Close frame, which would have to wait like the rest (protocol.md section 8).
  const onFull = (): void => {
    count.ends("outgoing_queue_full");
    ws.terminate();
  };
  const queue = new OutgoingQueue(socket, onFull, (messageCount) => {
    count.waits(messageCount);
  });
  return {
    write(frames: Uint8Array, onWritten?: () => void): void {
      if (ws.readyState !== WebSocket.OPEN) return;
      count.sent(frames.length);
      queue.write(frames, onWritten);
    },
    endTurn(): void {
      queue.endTurn();
    },
    close(code: number, reason: string): void {
      queue.endTurn();
      count.ends(causeOf(code));
      ws.close(code, reason);
      setTimeout(() => {
        ws.terminate();
      }, options.closeMillis).unref();
    },
    drop(): void {
      count.dropped();
      ws.terminate();
    },
    pause(isPaused: boolean): void {
      if (isPaused) ws.pause();
      else ws.resume();
    },
  };
}

/** What is wrong with a frame before a database sees it. */
function textRefusal(protocol: Subprotocol): string {
  const [version = protocol] = protocol.split(".");
  return closeReason(`${version} websocket does not support text messages`);
}

/** Whether clients may send text: under v1 alone, be their answers text or not (protocol.md section 2.1). */
function takesText(protocol: Subprotocol): boolean {
  return protocol.startsWith("v1.");
}

function attach(
  ws: WebSocket,
  socket: Duplex,
  target: UpgradeTarget,
  options: SocketOptions,
): void {
  const counts = options.metrics.database(target.database.identity.toHex());
  const count = new SocketCount(counts, target.protocol);
  const sink = makeSink(ws, socket, options, count);
  const onPong = (millis: number): void => {
    count.answeredPing(millis);
  };
  const heartbeat = new Heartbeat(ws, socket, options, onPong, () => {
    count.ends("idle_timeout");
    ws.terminate();
  });
  const { caller, token, protocol, meter } = target;
  const { compression, confirmed, light } = target.options;
  const wire = { protocol, compression, light };
  const connection: DatabaseConnection = target.database.connect(
    { caller, token, confirmed, wire, ...(meter === undefined ? {} : { meter }) },
    sink,
  );
  const isTextTaken = takesText(protocol);
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    heartbeat.stop();
    connection.closed();
  };
  ws.on("message", (data, isBinary) => {
    if (isOver) return;
    count.received((data as Buffer).length);
    if (isBinary || isTextTaken) {
      connection.receive(data as Buffer, !isBinary);
      return;
    }
    count.ends("client_message_error");
    end();
    sink.close(CloseCode.internalError, textRefusal(protocol));
  });
  // `ws` has sent the right code by itself; what it says of the fault is the client's, not ours.
  ws.on("error", () => {
    count.ends("client_message_error");
    end();
    sink.close(CloseCode.internalError, "");
  });
  ws.on("close", (code) => {
    end();
    count.closed(code);
  });
}

/** Makes the part of the server that speaks WebSocket. */
export function createSocketServer(
  given: Partial<SocketOptions> & Pick<SocketOptions, "metrics">,
): SocketServer {
  const options = { ...defaults, ...given };
  const wss = new WebSocketServer({
    noServer: true,
    maxPayload: limit.frameBytesMax,
    perMessageDeflate: false,
    // The routes have chosen; `ws` only echoes.
    handleProtocols: (_offered, request) => protocols.get(request) ?? false,
  });
  const protocols = new WeakMap<IncomingMessage, string>();
  wss.on("headers", (headers, request) => {
    for (const [name, value] of Object.entries(extraHeaders.get(request) ?? {})) {
      headers.push(`${name}: ${String(value)}`);
    }
  });
  const extraHeaders = new WeakMap<IncomingMessage, UpgradeTarget["headers"]>();
  wss.on("wsClientError", (error, socket) => {
    const body = `WebSocket upgrade refused: ${error.message}`;
    socket.end(
      `HTTP/1.1 400 ${STATUS_CODES[400]}\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  });
  return {
    upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, target: UpgradeTarget): void {
      protocols.set(request, target.protocol);
      extraHeaders.set(request, target.headers);
      wss.handleUpgrade(request, socket, head, (ws) => {
        if ("setNoDelay" in socket && typeof socket.setNoDelay === "function") {
          (socket.setNoDelay as (on: boolean) => void).call(socket, true);
        }
        readInTurns(socket, () => ws.isPaused);
        attach(ws, socket, target, options);
      });
    },
    closeAll(reason: string): void {
      for (const ws of wss.clients) ws.close(CloseCode.goingAway, closeReason(reason));
    },
  };
}
