// A host that is told to end under load, and its clients of our own library: they are told, come back by themselves and go on.
import { setTimeout as pause } from "node:timers/promises";
import { readWasm } from "@lightcone/fixtures/wasm";
import type { DbConnection } from "@lightcone/sdk-client";
import { t, test } from "tap";
import { connect, type Probe } from "./probe-client.ts";
import { openRig } from "./rig.ts";

t.setTimeout(300_000);

void test("SIGTERM under load: what was acknowledged is there, and clients go on", async (t) => {
  const rig = await openRig(t);
  const program = readWasm("probe");
  const made = await fetch(`${rig.url()}/v1/identity`, { method: "POST" });
  const { token } = (await made.json()) as { token: string };
  const published = await fetch(`${rig.url()}/v1/database/probe`, {
    method: "PUT",
    headers: { authorization: `Bearer ${token}` },
    body: program,
  });
  t.equal(published.status, 200);
  const acknowledged = new Set<number>();
  let last = 0;
  let isOver = false;
  const connections = Array.from({ length: 3 }, () => connect(rig.url()));
  const load = async ({ reducers }: DbConnection<Probe>): Promise<void> => {
    while (!isOver) {
      const first = ++last;
      try {
        await reducers.insertBoth({ first, second: 1_000_000 + first });
        acknowledged.add(first);
      } catch {
        // The connection broke, or is down: the call may or may not have happened.
        await pause(20);
      }
    }
  };
  const loads = connections.flatMap((each) => [load(each), load(each)]);
  const more = async (count: number): Promise<void> => {
    const wanted = acknowledged.size + count;
    while (acknowledged.size < wanted) await pause(10);
  };
  await more(50);
  await rig.restart();
  await more(50);
  isOver = true;
  await Promise.all(loads);
  const [reader] = connections as [DbConnection<Probe>];
  await reader.subscribe(["SELECT * FROM item"]).applied;
  const missing = [...acknowledged].filter(
    (id) =>
      reader.db.item.find({ id }) === undefined ||
      reader.db.item.find({ id: 1_000_000 + id }) === undefined,
  );
  t.same(missing, [], `${acknowledged.size} acknowledged`);
  for (const connection of connections) connection.disconnect();
  await rig.stop();
});
