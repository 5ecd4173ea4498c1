import type { IncomingMessage } from "node:http";
import { test } from "tap";
import { clientAddress } from "./address.ts";

function request(remoteAddress: string, forwarded?: string | string[]): IncomingMessage {
  const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
  return { socket: { remoteAddress }, headers } as unknown as IncomingMessage;
}

void test("addresses, and networks of IPv6", async (t) => {
  const rows: readonly [string, string][] = [
    ["1.2.3.4", "1.2.3.4"],
    ["::ffff:1.2.3.4", "1.2.3.4"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:0db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["", ""],
  ];
  for (const [address, wanted] of rows) {
    t.equal(clientAddress(request(address), false), wanted, address);
  }
});

void test("behind a proxy only what it has written itself counts", async (t) => {
  const rows: readonly [string | string[] | undefined, string][] = [
    ["5.6.7.8", "5.6.7.8"],
    ["9.9.9.9, 5.6.7.8", "5.6.7.8"],
    [["9.9.9.9", "5.6.7.8:1234"], "5.6.7.8"],
    ["[2001:db8::1]:80", "2001:db8:0:0::/64"],
    ["unknown", "10.0.0.1"],
    ["", "10.0.0.1"],
    [undefined, "10.0.0.1"],
  ];
  for (const [header, wanted] of rows) {
    t.equal(clientAddress(request("10.0.0.1", header), true), wanted, String(header));
    t.equal(clientAddress(request("10.0.0.1", header), false), "10.0.0.1", "not believed");
  }
});
