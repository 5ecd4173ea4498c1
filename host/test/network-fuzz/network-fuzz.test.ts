// 200,000 random frames and requests on a live host; `node scripts/network-fuzz.mjs` sends more.
import { subprotocols } from "@lightcone/abi";
import { t, test } from "tap";
import { testSeeds } from "../datastore/seeds.ts";
import { NetworkFuzz } from "./network-fuzz.ts";
import { reaches } from "./template.ts";

t.setTimeout(900_000);

const roundCount = 5;
const amounts = { frames: 37_000, requests: 2000, pgMessages: 1000 };

void test("random frames and requests: every reply is well-formed, others notice nothing, memory is flat", async (t) => {
  const [seed = 1] = testSeeds(1);
  const fuzz = await NetworkFuzz.open(t);
  for (let round = 0; round < roundCount; round++) await fuzz.round(amounts, seed + round);
  const witnessed = await fuzz.finish();
  const { sockets, http, pg } = fuzz;
  const sent = sockets.frames + http.requests + pg.messages;
  t.ok(sent >= 200_000, `${sent} were sent`);
  t.ok(witnessed > 0, `${witnessed} calls of a good client were answered`);
  // What was seen shows that chance led everywhere.
  for (const protocol of subprotocols) t.ok(sockets.protocols.has(protocol), protocol);
  for (const reach of reaches) t.ok((sockets.reached.get(reach) ?? 0) > 0, `a ${reach}`);
  t.ok(sockets.compressed > 0, "replies were compressed");
  for (const end of ["1000", "1002", "1007", "1011", "gone"])
    t.ok(sockets.ends.has(end), `end ${end}`);
  for (const status of ["200", "400", "401", "404", "405", "415"])
    t.ok(http.statuses.has(status), `status ${status}`);
  for (const state of ["28P01", "08P01", "42601", "42501", "26000"])
    t.ok(pg.errors.has(state), `SQLSTATE ${state}`);
  t.comment(fuzz.summary(), `memory grew by ${(fuzz.growth / 1e6).toFixed(1)} MB`);
});
