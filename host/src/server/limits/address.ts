// Where a client is, as far as it can be told.
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

/** IPv6 networks of this many groups are handed to one customer: addresses within are one client's. */
const ipv6GroupCount = 4;

/**
 * The address that a request's client counts under: an IPv4 address, or the /64 of an IPv6 one.
 * With `trustsProxy` it is the last one in X-Forwarded-For, which the nearest proxy has written;
 * those before it are the client's own claims.
 */
export function clientAddress(request: IncomingMessage, trustsProxy: boolean): string {
  const peer = request.socket.remoteAddress ?? "";
  return networkOf((trustsProxy ? forwardedAddress(request) : undefined) ?? peer);
}

function forwardedAddress({ headers }: IncomingMessage): string | undefined {
  const forwarded = headers["x-forwarded-for"];
  const text = Array.isArray(forwarded) ? forwarded.join(",") : forwarded;
  const last = text?.split(",").at(-1)?.trim() ?? "";
  const bare = /^\[(.*)\](?::\d+)?$/.exec(last)?.[1] ?? last.replace(/^([\d.]+):\d+$/, "$1");
  return isIP(bare) === 0 ? undefined : bare;
}

/** The same of an address as Node tells it. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || isIP(address) !== 6) return mapped ?? address;
  const [head = "", tail] = address.replace(/%.*$/, "").toLowerCase().split("::");
  const groups = head === "" ? [] : head.split(":");
  const tailGroups = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - groups.length - tailGroups.length;
  const all = [...groups, ...Array<string>(Math.max(0, zeros)).fill("0"), ...tailGroups];
  const network = all.slice(0, ipv6GroupCount).map((group) => group.replace(/^0+(?=.)/, ""));
  return `${network.join(":")}::/64`;
}
