// 200,000 random frames and requests on a live host; `node scripts/network-fuzz.mjs` sends more.
import { t, test } from "tap";
import { testSeeds } from "../datastore/seeds.ts";
import { NetworkFuzz } from "./network-fuzz.ts";

t.setTimeout(900_000);

const frameCount = 190_000;
const requestCount = 10_000;
const warmUpShare = 0.2;
const megabyte = 1e6;

void test("random frames and requests: every reply is well-formed, others notice nothing, memory is flat", async (t) => {
  const [seed = 1] = testSeeds(1);
  const fuzz = await NetworkFuzz.open(t);
  await fuzz.sendFrames(frameCount * warmUpShare, seed);
  await fuzz.sendRequests(requestCount * warmUpShare, seed);
  const before = await fuzz.facts();
  await fuzz.sendFrames(frameCount * (1 - warmUpShare), seed + 1);
  await fuzz.sendRequests(requestCount * (1 - warmUpShare), seed + 1);
  const after = await fuzz.facts();
  const witnessed = await fuzz.finish();
  const { sockets, http } = fuzz;
  t.ok(sockets.frames >= frameCount && http.requests >= requestCount, "all were sent");
  t.ok(witnessed > 0, `${witnessed} calls of a good client were answered`);
  t.equal(after.clientCount, before.clientCount);
  const grown = (after.residentBytes - before.residentBytes) / megabyte;
  t.ok(grown < 60, `memory grew by ${grown.toFixed(1)} MB`);
  // What was seen shows that chance led everywhere.
  for (const end of ["1000", "1002", "1011", "gone"]) t.ok(sockets.ends.has(end), `end ${end}`);
  for (const status of ["200", "400", "401", "404", "405", "415"])
    t.ok(http.statuses.has(status), `status ${status}`);
  t.comment(
    `${sockets.connections} connections, ${sockets.frames} frames, ${sockets.replies} replies`,
  );
  t.comment(JSON.stringify([...sockets.ends, ...http.statuses]), `${grown.toFixed(1)} MB`);
});
