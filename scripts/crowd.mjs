// A host under many connections: so many that stay, then so many a second that come and go for a while.
//
//   npm run build && node scripts/crowd.mjs
//   node scripts/crowd.mjs --idle 5000 --per-second 300 --seconds 60 --rounds 3
//
// Prints after each round what the host holds: memory, file descriptors, rows of st_client.
import { parseArgs } from "node:util";

const compiled = new URL("../host/dist/test/server/", import.meta.url);
const { ChildHost } = await import(new URL("child-host.js", compiled).href);
const { churn, dropCrowd, hostFacts, openCrowd, settledFacts } = await import(
  new URL("crowd.js", compiled).href
);

const { values } = parseArgs({
  options: {
    idle: { type: "string", default: "5000" },
    "per-second": { type: "string", default: "300" },
    seconds: { type: "string", default: "60" },
    rounds: { type: "string", default: "3" },
  },
});

function show(what, { residentBytes, descriptorCount, clientCount }) {
  const memory = (residentBytes / 1e6).toFixed(1);
  console.log(`${what}: ${memory} MB, ${descriptorCount} descriptors, ${clientCount} clients`);
}

const ends = [];
const host = await ChildHost.start({ teardown: (end) => ends.push(end) });
try {
  await host.publish("bank", "bank");
  dropCrowd(await openCrowd(host, "bank", 500));
  const before = await settledFacts(host, "bank");
  show("after 500 connections", before);
  const idle = Number(values.idle);
  const crowd = await openCrowd(host, "bank", idle);
  const during = await hostFacts(host, "bank");
  show(`with ${idle} idle connections`, during);
  console.log(`${Math.round((during.residentBytes - before.residentBytes) / idle)} bytes each`);
  dropCrowd(crowd);
  show("without them", await settledFacts(host, "bank"));
  for (let round = 1; round <= Number(values.rounds); round++) {
    const seconds = Number(values.seconds);
    const count = await churn(host, "bank", Number(values["per-second"]), seconds);
    show(`round ${round}: ${count} in ${seconds} s`, await settledFacts(host, "bank"));
  }
} finally {
  for (const end of ends.reverse()) await end();
}
