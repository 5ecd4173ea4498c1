// WebSockets of clients: `ws` reads what they send; frames for them come ready from the databases' threads and are written to
// the bare socket, many at a time.
import { STATUS_CODES } from "node:http";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { CloseCode, closeReason } from "@lightcone/abi";
import { WebSocket, WebSocketServer } from "ws";
import { limit } from "../base/limit.ts";
import type { DatabaseConnection, SocketSink } from "./contract.ts";
import { OutgoingQueue } from "./outgoing.ts";
import type { Upgrade, UpgradeTarget } from "./router.ts";

export interface SocketOptions {
  /** A Ping at once and then this often; a client that stays silent for twice as long is cut off. */
  readonly pingMillis: number;
  /** How long a Close frame waits for its answer. */
  readonly closeMillis: number;
}

const defaultSocketOptions: SocketOptions = { pingMillis: 15_000, closeMillis: 250 };

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

  constructor(ws: WebSocket, pingMillis: number, onSilence: () => void) {
    ws.ping();
    const note = (): void => {
      this.#isAlive = true;
    };
    ws.on("pong", note);
    ws.on("ping", note);
    ws.on("message", note);
    this.#timer = setInterval(() => {
      // Nothing can be heard of a client that is not read from.
      if (ws.isPaused) return;
      this.#misses = this.#isAlive ? 0 : this.#misses + 1;
      this.#isAlive = false;
      if (this.#misses >= 2) onSilence();
      else ws.ping();
    }, pingMillis);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function makeSink(ws: WebSocket, socket: Duplex, options: SocketOptions): SocketSink {
  // Without a Close frame, which would have to wait like the rest (protocol.md section 8).
  const queue = new OutgoingQueue(socket, () => {
    ws.terminate();
  });
  return {
    write(frames: Uint8Array, onWritten?: () => void): void {
      if (ws.readyState === WebSocket.OPEN) queue.write(frames, onWritten);
    },
    endTurn(): void {
      queue.endTurn();
    },
    close(code: number, reason: string): void {
      queue.endTurn();
      ws.close(code, reason);
      setTimeout(() => {
        ws.terminate();
      }, options.closeMillis).unref();
    },
    drop(): void {
      ws.terminate();
    },
    pause(isPaused: boolean): void {
      if (isPaused) ws.pause();
      else ws.resume();
    },
  };
}

/** What is wrong with a frame before a database sees it. */
function textRefusal(protocol: string): string {
  const [version = protocol] = protocol.split(".");
  return closeReason(`${version} websocket does not support text messages`);
}

function attach(
  ws: WebSocket,
  socket: Duplex,
  target: UpgradeTarget,
  options: SocketOptions,
): void {
  const sink = makeSink(ws, socket, options);
  const heartbeat = new Heartbeat(ws, options.pingMillis, () => {
    ws.terminate();
  });
  const connection: DatabaseConnection = target.database.connect(
    {
      caller: target.caller,
      token: target.token,
      confirmed: target.options.confirmed,
      ...(target.meter === undefined ? {} : { meter: target.meter }),
    },
    sink,
  );
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    heartbeat.stop();
    connection.closed();
  };
  ws.on("message", (data, isBinary) => {
    if (isOver) return;
    if (isBinary) {
      connection.receive(data as Buffer);
      return;
    }
    end();
    sink.close(CloseCode.internalError, textRefusal(target.protocol));
  });
  // `ws` has sent the right code by itself; what it says of the fault is the client's, not ours.
  ws.on("error", () => {
    end();
    sink.close(CloseCode.internalError, "");
  });
  ws.on("close", end);
}

/** Makes the part of the server that speaks WebSocket. */
export function createSocketServer(options: SocketOptions = defaultSocketOptions): SocketServer {
  const wss = new WebSocketServer({
    noServer: true,
    maxPayload: limit.frameBytesMax,
    perMessageDeflate: false,
    skipUTF8Validation: true,
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
        attach(ws, socket, target, options);
      });
    },
    closeAll(reason: string): void {
      for (const ws of wss.clients) ws.close(CloseCode.goingAway, closeReason(reason));
    },
  };
}
