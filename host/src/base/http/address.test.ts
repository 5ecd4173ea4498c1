// One address of every class that modules may not reach, and its neighbours that they may.
import { test } from "tap";
import { isPublicAddress } from "./address.ts";

const special: Readonly<Record<string, readonly string[]>> = {
  unspecified: ["0.0.0.0", "0.255.255.255", "::"],
  loopback: ["127.0.0.1", "127.255.255.254", "::1"],
  private: ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fdff::1"],
  "link-local": ["169.254.169.254", "fe80::1", "fe80::1%eth0", "febf::1"],
  "site-local": ["fec0::1"],
  "carrier NAT": ["100.64.0.1", "100.127.255.255"],
  documentation: ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
  benchmarks: ["198.18.0.1", "198.19.255.255", "2001:2::1"],
  assignments: ["192.0.0.1", "2001::1", "2001:1ff::1", "5f00::1", "100::1"],
  multicast: ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
  reserved: ["240.0.0.1", "255.255.255.255", "192.88.99.1", "4000::1"],
  "v4-mapped": ["::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:7f00:1"],
  "v4-compatible": ["::127.0.0.1"],
  NAT64: ["64:ff9b::7f00:1", "64:ff9b::8.8.8.8", "64:ff9b:1::1"],
  "6to4": ["2002:7f00:1::1"],
  "no address": ["", "localhost", "1.2.3", "256.1.1.1", "[::1]"],
};

const open: readonly string[] = [
  "1.1.1.1",
  "8.8.8.8",
  "9.255.255.255",
  "11.0.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "169.253.0.1",
  "172.15.255.255",
  "172.32.0.0",
  "192.0.1.0",
  "192.167.255.255",
  "198.17.255.255",
  "198.20.0.0",
  "223.255.255.255",
  "2606:4700::1111",
  "2001:200::1",
  "2a00::1",
  "3ffe::1",
];

void test("special addresses are refused, by class", (t) => {
  for (const [kind, addresses] of Object.entries(special)) {
    for (const address of addresses) t.notOk(isPublicAddress(address), `${kind}: ${address}`);
  }
  t.end();
});

void test("their neighbours are not", (t) => {
  for (const address of open) t.ok(isPublicAddress(address), address);
  t.end();
});
