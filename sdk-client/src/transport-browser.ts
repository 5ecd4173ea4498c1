// WebSockets of browsers, which cannot send headers: the token is exchanged for one that lives a minute and may stand in
// an address (http-and-auth.md section 3).
import { LightconeError, messageOf } from "@lightcone/abi";
import { limit } from "./limit.ts";
import { memoryTokenStore, type TokenStore } from "./token.ts";
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
  open: (address, events) => new BrowserSocket(address, events),
  createTokenStore,
};

class BrowserSocket implements Socket {
  readonly #events: SocketEvents;
  #socket: WebSocket | undefined;
  #isOver = false;

  constructor(address: SocketAddress, events: SocketEvents) {
    this.#events = events;
    void this.#open(address);
  }

  async #open(address: SocketAddress): Promise<void> {
    try {
      const { serverUrl, token } = address;
      const queryToken = token === undefined ? undefined : await exchangeToken(serverUrl, token);
      if (!this.#isOver) this.#socket = this.#connect(socketUrl(address, queryToken));
    } catch (thrown) {
      this.#end(
        thrown instanceof LightconeError
          ? thrown
          : new LightconeError("LC_CONNECTION", `cannot connect: ${messageOf(thrown)}`),
      );
    }
  }

  get subprotocol(): string | undefined {
    return this.#socket?.protocol;
  }

  #connect(url: string): WebSocket {
    const socket = new WebSocket(url, [...offeredSubprotocols]);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", (event: MessageEvent<unknown>) => {
      if (!this.#isOver) this.#receive(event.data);
    });
    // A browser tells why a connection failed neither here nor in the error event, lest pages scan networks.
    socket.addEventListener("close", (event) => this.#end(lostSocket(event.code, event.reason)));
    return socket;
  }

  #receive(data: unknown): void {
    if (!(data instanceof ArrayBuffer)) {
      this.#fail("the server sent a text frame");
    } else if (data.byteLength > limit.frameLengthMax) {
      this.#fail(`the server sent a frame of ${data.byteLength} bytes`);
    } else {
      this.#events.frame(new Uint8Array(data));
    }
  }

  #fail(fault: string): void {
    const events = this.#events;
    this.close(fault);
    events.closed(new LightconeError("LC_FRAME_INVALID", fault));
  }

  #end(error: LightconeError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#events.closed(error);
  }

  send(bytes: Uint8Array): void {
    if (this.#isOver) return;
    // The declared parameter excludes shared memory, which no writer of ours has.
    this.#socket?.send(bytes as Uint8Array<ArrayBuffer>);
  }

  close(fault?: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (fault === undefined) this.#socket?.close(ClientCloseCode.normal);
    else this.#socket?.close(ClientCloseCode.protocolFault);
  }
}

async function exchangeToken(serverUrl: string, token: string): Promise<string> {
  const response = await fetch(`${serverUrl}/v1/identity/websocket-token`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
  });
  if (!response.ok) {
    const text = await response.text();
    throw refusal(response.status, text.slice(0, limit.refusalLengthMax));
  }
  const answer: unknown = await response.json();
  const short = (answer as { readonly token?: unknown } | null)?.token;
  if (typeof short !== "string") {
    throw new LightconeError("LC_CONNECTION", "the server's websocket-token answer has no token");
  }
  return short;
}

const storageKeyPrefix = "lightcone token ";

/** Tokens in localStorage, so that a page is the same identity after a reload; in memory where there is none. */
function createTokenStore(): TokenStore {
  const storage = findStorage();
  if (storage === undefined) return memoryTokenStore();
  return {
    get: (serverUrl) => storage.getItem(storageKeyPrefix + serverUrl) ?? undefined,
    set: (serverUrl, token) => storage.setItem(storageKeyPrefix + serverUrl, token),
  };
}

// Workers have no localStorage, and pages that may not use it throw on the mere access.
function findStorage(): Storage | undefined {
  try {
    return globalThis.localStorage ?? undefined;
  } catch {
    return undefined;
  }
}
