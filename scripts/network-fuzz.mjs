// Random frames and requests on a live host; see host/test/network-fuzz for what they are and what must hold.
//
//   npm run build && node scripts/network-fuzz.mjs --frames 10000000 --requests 100000
//   node scripts/network-fuzz.mjs --seed 7 --rounds 30 --pg 500000
//
// Prints after each round what was sent and what the host holds; ends with 1 and a seed where something is wrong. `--pg` counts messages
// of PostgreSQL's protocol, unless given one for fifty frames.
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";

const compiled = new URL("../host/dist/test/network-fuzz/network-fuzz.js", import.meta.url);
const { NetworkFuzz } = await import(compiled.href);

const { values } = parseArgs({
  options: {
    frames: { type: "string", default: "1000000" },
    requests: { type: "string", default: "10000" },
    pg: { type: "string" },
    rounds: { type: "string", default: "20" },
    seed: { type: "string", default: "1000" },
  },
});

const ends = [];
const rounds = Number(values.rounds);
const amounts = {
  frames: Number(values.frames) / rounds,
  requests: Number(values.requests) / rounds,
  pgMessages: Number(values.pg ?? Number(values.frames) / 50) / rounds,
};
const start = performance.now();
try {
  const fuzz = await NetworkFuzz.open({ teardown: (end) => ends.push(end) });
  for (let round = 0; round < rounds; round++) {
    const facts = await fuzz.round(amounts, Number(values.seed) + round);
    const { sockets, http, pg } = fuzz;
    console.log(
      `${((performance.now() - start) / 1000).toFixed(0)} s: ${sockets.frames} frames over ${sockets.connections} connections, ` +
        `${sockets.replies} replies, ${http.requests} requests, ${pg.messages} messages of PostgreSQL: ` +
        `${(facts.residentBytes / 1e6).toFixed(1)} MB, ${facts.descriptorCount} descriptors, ${facts.clientCount} clients`,
    );
  }
  console.log(fuzz.summary());
  console.log(`memory grew by ${(fuzz.growth / 1e6).toFixed(1)} MB after the first third`);
  console.log(`${await fuzz.finish()} calls of a good client were answered meanwhile`);
} catch (thrown) {
  console.log(String(thrown));
  process.exitCode = 1;
} finally {
  for (const end of ends.reverse()) await end();
}
