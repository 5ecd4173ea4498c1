// Addresses of names by DNS alone, without a thread. The machine's own way occupies one of the few
// threads that its disk and its cryptography need as well, for as long as a server of names is silent:
// where strangers choose the names, that would be theirs to clog.
import { type LookupAddress, promises } from "node:dns";
import type { LookupAll } from "./node-client.ts";

/** How long one server of names is waited for, and how often it is asked. */
const timeoutMillis = 1500;
const tries = 2;

/** `servers` are IP:PORT; those that the machine is configured with if not given. */
export function lookupByDns(servers?: readonly string[]): LookupAll {
  return (host, found) => {
    const resolver = new promises.Resolver({ timeout: timeoutMillis, tries });
    if (servers !== undefined) resolver.setServers(servers);
    void addressesOf(resolver, host).then(
      (addresses) => found(null, addresses),
      (thrown: unknown) => found(thrown as Error, []),
    );
  };
}

/** Of both families; a name needs to have one of them. */
async function addressesOf(resolver: promises.Resolver, host: string): Promise<LookupAddress[]> {
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  if (v4.status === "rejected" && v6.status === "rejected") throw v4.reason;
  const toAddresses = (result: PromiseSettledResult<string[]>, family: number): LookupAddress[] =>
    result.status === "fulfilled" ? result.value.map((address) => ({ address, family })) : [];
  return [...toAddresses(v4, 4), ...toAddresses(v6, 6)];
}
