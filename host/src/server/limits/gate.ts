// What every request passes before its route runs: whether the host is stopping, and whether its client has had its share.
import type { IncomingMessage } from "node:http";
import { LightconeError } from "@lightcone/abi";
import type { Credentials } from "../auth/credentials.ts";
import type { Readiness } from "../readiness.ts";
import { clientAddress, networkOf } from "./address.ts";
import {
  type Client,
  type ConnectionMeter,
  freeMeter,
  type Meter,
  type Traffic,
} from "./traffic.ts";

export interface Gate {
  /** LC_DATABASE_UNAVAILABLE while the host is stopping, except for what asks about that. */
  enter(path: string): void;
  /** Counts a request. `caller` is undefined where credentials are not looked at. LC_RATE_LIMIT if it is one too many. */
  request(request: IncomingMessage, path: string, caller: Credentials | undefined): Meter;
  /** Counts a WebSocket until its TCP connection ends. LC_RATE_LIMIT if it is one too many. */
  connection(request: IncomingMessage, caller: Credentials): Meter;
}

/** The same for those who do not speak HTTP. */
export interface PgGate {
  /** Counts a connection of PostgreSQL's protocol, which no proxy speaks for. LC_RATE_LIMIT if it is one too many. */
  pgConnection(remoteAddress: string, identity: string): ConnectionMeter;
}

export interface GateOptions {
  readonly readiness: Readiness;
  readonly traffic: Traffic;
  /** Whether X-Forwarded-For tells where a client is. */
  readonly trustsProxy: boolean;
}

/** Answered by a host that is stopping as well, and counted for nobody. */
export const openPaths: ReadonlySet<string> = new Set([
  "/v1/ping",
  "/v1/health",
  "/v1/ready",
  "/v1/metrics",
]);

export function createGate({ readiness, traffic, trustsProxy }: GateOptions): Gate & PgGate {
  const clientOf = (request: IncomingMessage, caller: Credentials | undefined): Client => ({
    address: clientAddress(request, trustsProxy),
    identity:
      caller === undefined || caller.isAnonymous ? undefined : caller.token.identity.toHex(),
  });
  return {
    enter(path) {
      if (!readiness.isDraining || openPaths.has(path)) return;
      throw new LightconeError("LC_DATABASE_UNAVAILABLE", "the host is stopping");
    },
    request(request, path, caller) {
      const client = openPaths.has(path) ? undefined : clientOf(request, caller);
      if (client === undefined) return freeMeter;
      if (path === "/v1/identity") traffic.admitIdentity(client);
      return traffic.admitRequest(client);
    },
    connection(request, caller) {
      const meter = traffic.openConnection(clientOf(request, caller));
      if (request.socket.destroyed) meter.close();
      else request.socket.once("close", () => meter.close());
      return meter;
    },
    pgConnection(remoteAddress, identity) {
      return traffic.openConnection({ address: networkOf(remoteAddress), identity });
    },
  };
}
