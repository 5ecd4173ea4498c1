// A way to a host that shows which WebSocket protocol was agreed on, and may take one out of what clients offer.
import { createServer, connect, type AddressInfo } from "node:net";
import type { Test } from "tap";

export interface ProtocolProxy {
  readonly url: string;
  /** What the host has chosen, one for each WebSocket. */
  readonly chosen: readonly string[];
}

/** A proxy before the host at `url`. `hidden` is a protocol that the host is not to hear of. */
export async function startProtocolProxy(
  t: Test,
  url: string,
  hidden?: string,
): Promise<ProtocolProxy> {
  const target = new URL(url);
  const chosen: string[] = [];
  const server = createServer((client) => {
    const host = connect(Number(target.port), target.hostname);
    client.on("data", (chunk) => {
      // Headers come in one piece here, and frames of clients are masked.
      const text = chunk.toString("latin1");
      const isOffer = hidden !== undefined && /sec-websocket-protocol:/i.test(text);
      const passed = isOffer ? text.replaceAll(new RegExp(`${hidden},? *`, "g"), "") : text;
      host.write(Buffer.from(passed, "latin1"));
    });
    host.on("data", (chunk) => {
      const answer = /^HTTP\/1\.1 101 [^]*?sec-websocket-protocol: *(\S+)/i.exec(
        chunk.toString("latin1", 0, 2000),
      );
      if (answer?.[1] !== undefined) chosen.push(answer[1]);
      client.write(chunk);
    });
    for (const [one, other] of [
      [client, host],
      [host, client],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  t.teardown(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, chosen };
}
