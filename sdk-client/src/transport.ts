// What the client needs of a WebSocket. transport-node.ts and transport-browser.ts give it; package.json chooses.
import { type ErrorCode, LightconeError, type Subprotocol } from "@lightcone/abi";
import type { TokenStore } from "./token.ts";

/** Frames of this subprotocol hold several messages; those of the other one, which has the same messages, hold one. */
export const batchingSubprotocol: Subprotocol = "v3.bsatn.spacetimedb";

/** What this client speaks, the best first: the server chooses. */
export const offeredSubprotocols: readonly Subprotocol[] = [
  batchingSubprotocol,
  "v2.bsatn.spacetimedb",
];

/** Where to connect, and as whom. */
export interface SocketAddress {
  /** With scheme http or https; a path in front of `/v1` is kept. Ends without a slash. */
  readonly serverUrl: string;
  readonly databaseName: string;
  /** Undefined leaves it to the server. */
  readonly confirmedReads: boolean | undefined;
  /** Whether the server may compress what it sends. Undefined: it must not. */
  readonly compression?: "None" | "Gzip" | undefined;
  /** Long-lived. Undefined: the server makes an identity. */
  readonly token: string | undefined;
}

export interface SocketEvents {
  /** One binary frame. The bytes are valid only during the call. */
  frame(bytes: Uint8Array): void;
  /**
   * The socket is gone, or was never there: LC_TOKEN_INVALID, LC_DATABASE_UNKNOWN and LC_REQUEST_INVALID where the server
   * refused for good, LC_FRAME_INVALID where it broke the protocol, otherwise LC_CONNECTION. The last event, told once.
   */
  closed(error: LightconeError): void;
}

export interface Socket {
  /** What the server chose, once it has; a transport that does not tell is taken to speak one message a frame. */
  readonly subprotocol?: string | undefined;
  /** Sends one binary frame; the bytes must not change afterwards. After the end it does nothing. */
  send(bytes: Uint8Array): void;
  /** Ends it without any further event. `fault` is told to the server. */
  close(fault?: string): void;
}

/** Ways to reach a server. Programs may bring their own. */
export interface Transport {
  /** Begins to connect and returns at once: no event comes before that. Sending may begin after the first frame. */
  open(address: SocketAddress, events: SocketEvents): Socket;
  /** Where tokens are kept unless the program says otherwise. */
  createTokenStore(): TokenStore;
}

/** The address of the WebSocket; `queryToken` is a short-lived token for clients that cannot send headers. */
export function socketUrl(address: SocketAddress, queryToken?: string): string {
  const { serverUrl, databaseName, confirmedReads, compression = "None" } = address;
  const query = new URLSearchParams({ compression });
  if (confirmedReads !== undefined) query.set("confirmed", String(confirmedReads));
  if (queryToken !== undefined) query.set("token", queryToken);
  const path = `/v1/database/${encodeURIComponent(databaseName)}/subscribe`;
  // Of http and https only the first letters differ from ws and wss.
  return `${serverUrl.replace(/^http/, "ws")}${path}?${query.toString()}`;
}

/** Codes of a Close frame by which a client may tell its own reasons (RFC 6455, 7.4.2). */
export const ClientCloseCode = { normal: 1000, protocolFault: 4002 } as const;

const codesByStatus: Readonly<Record<number, ErrorCode>> = {
  400: "LC_REQUEST_INVALID",
  401: "LC_TOKEN_INVALID",
  403: "LC_FORBIDDEN",
  404: "LC_DATABASE_UNKNOWN",
};

/** A server's answer that is no WebSocket. */
export function refusal(status: number, text: string): LightconeError {
  const reason = text.trim() === "" ? "" : `: ${text.trim()}`;
  return new LightconeError(
    codesByStatus[status] ?? "LC_CONNECTION",
    `the server refused the connection with status ${status}${reason}`,
  );
}

/** A socket that ended without our doing. */
export function lostSocket(code: number, reason: string): LightconeError {
  const why = reason === "" ? "" : `, ${reason}`;
  return new LightconeError("LC_CONNECTION", `the connection ended (code ${code}${why})`);
}
