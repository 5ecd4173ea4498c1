// Random frames and requests on a live host; see host/test/network-fuzz for what must hold.
//
//   npm run build && node scripts/network-fuzz.mjs --frames 10000000 --requests 100000
//   node scripts/network-fuzz.mjs --seed 7 --rounds 10
//
// Prints after each round what was sent and what the host holds; ends with 1 and a seed where something is wrong.
import { parseArgs } from "node:util";

const compiled = new URL("../host/dist/test/network-fuzz/network-fuzz.js", import.meta.url);
const { NetworkFuzz } = await import(compiled.href);

const { values } = parseArgs({
  options: {
    frames: { type: "string", default: "1000000" },
    requests: { type: "string", default: "10000" },
    rounds: { type: "string", default: "10" },
    seed: { type: "string", default: "1000" },
  },
});

const ends = [];
const rounds = Number(values.rounds);
try {
  const fuzz = await NetworkFuzz.open({ teardown: (end) => ends.push(end) });
  for (let round = 0; round < rounds; round++) {
    await fuzz.sendFrames(Number(values.frames) / rounds, Number(values.seed) + round);
    await fuzz.sendRequests(Number(values.requests) / rounds, Number(values.seed) + round);
    const { residentBytes, descriptorCount, clientCount } = await fuzz.facts();
    const { frames, connections, replies } = fuzz.sockets;
    console.log(
      `${frames} frames over ${connections} connections, ${replies} replies, ${fuzz.http.requests} requests: ` +
        `${(residentBytes / 1e6).toFixed(1)} MB, ${descriptorCount} descriptors, ${clientCount} clients`,
    );
  }
  const tally = [...fuzz.sockets.ends, ...fuzz.http.statuses];
  console.log(tally.map(([what, count]) => `${what}: ${count}`).join(", "));
  console.log(`${await fuzz.finish()} calls of a good client were answered meanwhile`);
} catch (thrown) {
  console.log(String(thrown));
  process.exitCode = 1;
} finally {
  for (const end of ends.reverse()) await end();
}
