// What many connections cost a host, and that nothing of them stays. `node scripts/crowd.mjs` does the same for longer.
import { t, test } from "tap";
import { ChildHost } from "../server/child-host.ts";
import { churn, dropCrowd, hostFacts, openCrowd, settledFacts } from "../server/crowd.ts";

t.setTimeout(600_000);

const skip = process.platform !== "linux" && "what a process holds is read from /proc";
const megabyte = 1e6;

void test(
  "5,000 idle connections take under 40 kB of the host's memory each",
  { skip },
  async (t) => {
    const count = 5000;
    const host = await ChildHost.start(t);
    await host.publish("bank", "bank");
    // Code is compiled and pools are filled by the first ones.
    dropCrowd(await openCrowd(host, "bank", 500));
    const before = await settledFacts(host, "bank");
    const crowd = await openCrowd(host, "bank", count);
    const during = await hostFacts(host, "bank");
    t.equal(during.clientCount, before.clientCount + count);
    const bytesEach = (during.residentBytes - before.residentBytes) / count;
    t.ok(bytesEach < 40_000, `${Math.round(bytesEach)} bytes each`);
    t.comment(`${Math.round(bytesEach)} bytes each`);
    dropCrowd(crowd);
    const after = await settledFacts(host, "bank");
    t.equal(after.clientCount, before.clientCount);
    t.ok(after.descriptorCount <= before.descriptorCount + 2, "their descriptors are closed");
  },
);

void test("connections that come and go leave nothing", { skip }, async (t) => {
  const host = await ChildHost.start(t);
  await host.publish("bank", "bank");
  await churn(host, "bank", 300, 10);
  const before = await settledFacts(host, "bank");
  const count = await churn(host, "bank", 300, 15);
  const after = await settledFacts(host, "bank");
  t.equal(after.clientCount, before.clientCount);
  t.ok(after.descriptorCount <= before.descriptorCount + 2, "descriptors");
  const grown = (after.residentBytes - before.residentBytes) / megabyte;
  t.ok(grown < 40, `memory grew by ${grown.toFixed(1)} MB`);
  t.comment(`${count} connections, ${grown.toFixed(1)} MB`);
});
