// WebSockets of Node, by the package ws: the token travels in a header, refusals can be read, pings can be seen.
import type { IncomingMessage } from "node:http";
import { closeReason, LightconeError } from "@lightcone/abi";
import { WebSocket } from "ws";
import { limit, wait } from "./limit.ts";
import { memoryTokenStore } from "./token.ts";
import {
  ClientCloseCode,
  lostSocket,
  offeredSubprotocols,
  refusal,
  type Socket,
  type SocketAddress,
  type SocketEvents,
  socketUrl,
  type Transport,
} from "./transport.ts";

export const transport: Transport = {
  open: (address, events) => new NodeSocket(address, events),
  createTokenStore: memoryTokenStore,
};

class NodeSocket implements Socket {
  readonly #events: SocketEvents;
  readonly #socket: WebSocket;
  readonly #idleTimer: NodeJS.Timeout;
  #isOver = false;

  constructor(address: SocketAddress, events: SocketEvents) {
    this.#events = events;
    const { token } = address;
    const socket = new WebSocket(socketUrl(address), [...offeredSubprotocols], {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      maxPayload: limit.frameLengthMax,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    this.#idleTimer = setTimeout(() => this.#giveUp(), wait.idleMs);
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    socket.on("ping", () => this.#idleTimer.refresh());
    socket.on("unexpected-response", (_request, response) => void this.#refused(response));
    socket.on("error", (error) => this.#end(socketError(error)));
    socket.on("close", (code, reason) => this.#end(lostSocket(code, reason.toString())));
  }

  get subprotocol(): string {
    return this.#socket.protocol;
  }

  #receive(data: WebSocket.RawData, isBinary: boolean): void {
    if (this.#isOver) return;
    this.#idleTimer.refresh();
    if (isBinary && data instanceof Uint8Array) {
      this.#events.frame(data);
      return;
    }
    const fault = "the server sent a text frame";
    this.close(fault);
    this.#events.closed(new LightconeError("LC_FRAME_INVALID", fault));
  }

  async #refused(response: IncomingMessage): Promise<void> {
    const error = refusal(response.statusCode ?? 0, await readStart(response));
    response.destroy();
    this.#end(error);
  }

  // A half-open connection would otherwise stay for hours: nothing is ever answered and nothing fails.
  #giveUp(): void {
    const message = `the server gave no sign for ${wait.idleMs} ms`;
    this.#end(new LightconeError("LC_CONNECTION", message));
    this.#socket.terminate();
  }

  #end(error: LightconeError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#idleTimer);
    this.#events.closed(error);
  }

  send(bytes: Uint8Array): void {
    if (!this.#isOver) this.#socket.send(bytes);
  }

  close(fault?: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#idleTimer);
    if (fault === undefined) this.#socket.close(ClientCloseCode.normal);
    else this.#socket.close(ClientCloseCode.protocolFault, closeReason(fault));
  }
}

function socketError(error: Error & { readonly code?: unknown }): LightconeError {
  // Frames that break the protocol of WebSockets have codes of the package; all else is the network's.
  const isFrame = typeof error.code === "string" && error.code.startsWith("WS_ERR_");
  const message = error.message === "" ? String(error.code) : error.message;
  return new LightconeError(isFrame ? "LC_FRAME_INVALID" : "LC_CONNECTION", message);
}

async function readStart(response: IncomingMessage): Promise<string> {
  let text = "";
  try {
    for await (const chunk of response.setEncoding("utf8")) {
      text += String(chunk);
      if (text.length >= limit.refusalLengthMax) break;
    }
  } catch {
    // A body that breaks off leaves the status, which says enough.
  }
  return text.slice(0, limit.refusalLengthMax);
}
