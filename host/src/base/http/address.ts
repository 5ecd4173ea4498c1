// Which addresses are the world's: a module may send requests there and nowhere else, or it could ask the machine that runs the
// host, its cloud and its neighbours for what is not meant for it.
import { BlockList, isIP } from "node:net";

type Subnet = readonly [network: string, prefix: number];

/** IPv4 that is not public unicast (the special-purpose registry of RFC 6890 and its updates). */
const specialV4: readonly Subnet[] = [
  ["0.0.0.0", 8], // this network
  ["10.0.0.0", 8], // private
  ["100.64.0.0", 10], // carrier NAT
  ["127.0.0.0", 8], // loopback
  ["168.63.129.16", 32], // public by its number, but each Azure machine's own host
  ["169.254.0.0", 16], // link-local, where clouds keep their secrets
  ["172.16.0.0", 12], // private
  ["192.0.0.0", 24], // protocol assignments
  ["192.0.2.0", 24], // documentation
  ["192.88.99.0", 24], // relays from 6to4
  ["192.168.0.0", 16], // private
  ["198.18.0.0", 15], // benchmarks
  ["198.51.100.0", 24], // documentation
  ["203.0.113.0", 24], // documentation
  ["224.0.0.0", 4], // multicast
  ["240.0.0.0", 4], // reserved, broadcast
];

/** All IPv6 that is assigned for the world. What is outside, loopback, local, multicast, v4-mapped or NAT64, is special. */
const publicV6: Subnet = ["2000::", 3];

/** Parts of it that are not public unicast, or in which an IPv4 address is wrapped. */
const specialV6: readonly Subnet[] = [
  ["2001::", 23], // protocol assignments, Teredo
  ["2001:db8::", 32], // documentation
  ["2002::", 16], // 6to4
  ["3fff::", 20], // documentation
];

function listOf(family: "ipv4" | "ipv6", subnets: readonly Subnet[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of subnets) list.addSubnet(network, prefix, family);
  return list;
}

const specialV4List = listOf("ipv4", specialV4);
const publicV6List = listOf("ipv6", [publicV6]);
const specialV6List = listOf("ipv6", specialV6);

/** Whether an address, as text without brackets, is public unicast. What is no address is not. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !specialV4List.check(address, "ipv4");
    case 6:
      return publicV6List.check(address, "ipv6") && !specialV6List.check(address, "ipv6");
    default:
      return false;
  }
}
