// The benchmarks' WebSockets: clients that write many frames at once, and the echo server they are
// compared with.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";

export interface ClientOptions {
  readonly url: string;
  readonly protocols: readonly string[];
  /** For the upgrade request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Called for each message, all of one read before anything else happens. */
  readonly onMessage: (message: Uint8Array) => void;
  /** The connection ended, or broke for a reason. Not called after `close`. */
  readonly onEnd: (reason: string) => void;
}

export interface ClientSocket {
  /**
   * Writes the bytes of whole frames, masked as a client must. They must stay as they are
   * afterwards.
   */
  writeFrames(frames: Uint8Array): void;
  close(): Promise<void>;
}

/** Neither side of a benchmark compresses or looks for bad UTF-8: so does the host. */
const lean = { perMessageDeflate: false, skipUTF8Validation: true } as const;

/** Opens a client. Rejects with the reason if the server refuses it. */
export async function openClient(options: ClientOptions): Promise<ClientSocket> {
  const { url, protocols, headers, onMessage, onEnd } = options;
  const ws = new WebSocket(url, [...protocols], { headers, ...lean });
  let isClosing = false;
  ws.on("message", (data) => {
    onMessage(data as Buffer);
  });
  const socket = await new Promise<Duplex>((resolve, reject) => {
    ws.once("upgrade", (response) => {
      ws.once("open", () => {
        resolve(response.socket);
      });
    });
    ws.on("error", reject);
    ws.on("close", (code, reason) => {
      const text = `closed with code ${code} ${reason.toString()}`;
      reject(new Error(text));
      if (!isClosing) onEnd(text);
    });
  });
  return {
    writeFrames: (frames) => {
      socket.write(frames);
    },
    close: async () => {
      isClosing = true;
      ws.close();
      await once(ws, "close");
    },
  };
}

/** Starts a server that sends each message back as it comes, and resolves with its port. */
export async function startEchoServer(): Promise<number> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, ...lean });
  server.on("connection", (ws) => {
    ws.on("message", (message) => {
      ws.send(message);
    });
  });
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
