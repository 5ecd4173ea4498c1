// Where the host listens, and how it stops: nothing new is taken, what is under way gets some time.
import { once } from "node:events";
import type { Server } from "node:http";
import type { Server as SecureServer } from "node:https";
import { isIP, type Server as TcpServer, type Socket } from "node:net";
import { LightconeError, messageOf, present } from "@lightcone/abi";
import type { Report } from "./report.ts";

/** A host and a port to listen on. */
export interface ListenAddress {
  /** A name or an address, IPv6 without brackets. */
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
}

/** Reads `HOST:PORT`; an IPv6 address stands in brackets. LC_CONFIG if it is neither. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 0xffff || (match?.[1] !== undefined && isIP(host) !== 6)) {
    throw new LightconeError(
      "LC_CONFIG",
      `the listen address must be HOST:PORT, for instance 127.0.0.1:3000, not ${text}`,
    );
  }
  return { host, port };
}

/** Whether only programs of the same machine reach an IP address. */
export function isLoopbackAddress(address: string): boolean {
  return /^(?:::ffff:)?127\./.test(address) || address === "::1";
}

/** Begins to listen. LC_CONFIG, with `fault` and the reason, if the address is in use or not this machine's. */
export async function listenAt(
  server: TcpServer,
  { host, port }: ListenAddress,
  fault: string,
  report: Report,
): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (thrown) {
    throw new LightconeError("LC_CONFIG", `${fault}: ${messageOf(thrown)}`);
  }
  // For instance when the system has no file descriptors left. Without a listener it would end the
  // process.
  server.on("error", (error) => report(error, "accepting a connection"));
}

function boundOf(server: TcpServer): { readonly address: string; readonly port: number } {
  const bound = server.address();
  return present(bound !== null && typeof bound === "object" ? bound : undefined, "a TCP address");
}

/** `HOST:PORT` as bound, with the port that was drawn for 0. */
export function addressOf(server: TcpServer): string {
  const { address, port } = boundOf(server);
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** A listening server with all of its connections, those that became WebSockets included. */
export class Listener {
  readonly #server: Server | SecureServer;
  readonly #report: Report;
  readonly #sockets = new Set<Socket>();

  /** Takes a server that does not listen yet. */
  constructor(server: Server | SecureServer, report: Report) {
    this.#server = server;
    this.#report = report;
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  /** LC_CONFIG if the address is in use or not this machine's. */
  async listen(address: ListenAddress): Promise<void> {
    await listenAt(this.#server, address, "cannot listen there", this.#report);
  }

  #bound(): { readonly address: string; readonly port: number } {
    return boundOf(this.#server);
  }

  get port(): number {
    return this.#bound().port;
  }

  /** `HOST:PORT` as bound, with the port that was drawn for 0. */
  get address(): string {
    return addressOf(this.#server);
  }

  /** Whether only programs of this machine can connect. */
  get isLoopback(): boolean {
    return isLoopbackAddress(this.#bound().address);
  }

  /** Takes no more connections, and drops those that have nothing under way. */
  stop(): void {
    this.#server.close();
    this.#server.closeIdleConnections();
    this.#server.prependListener("request", (_request, response) => {
      response.shouldKeepAlive = false;
    });
  }

  /** Resolves when all connections have ended; those that have not after `graceMillis` are cut. */
  async end(graceMillis: number): Promise<void> {
    const ended = [...this.#sockets].map((socket) => once(socket, "close"));
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, graceMillis);
    // A connection that broke has ended as well.
    await Promise.allSettled(ended);
    clearTimeout(timer);
  }
}
