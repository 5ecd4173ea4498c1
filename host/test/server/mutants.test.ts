// Modules that are broken in two hundred ways are published to a host: it refuses or runs each, and a database beside them goes on
// as if nothing were.
import { setTimeout as pause } from "node:timers/promises";
import { t, test } from "tap";
import { readWasm } from "@lightcone/fixtures/wasm";
import { seededRandom } from "../../src/base/random.ts";
import { testSeeds } from "../datastore/seeds.ts";
import { ChildHost } from "./child-host.ts";
import { SocketClient } from "./socket-client.ts";
import { mutations } from "./wasm-mutant.ts";

// Hosts take their time on a busy machine.
t.setTimeout(600_000);

const mutantCount = 200;
/** What a call of a module that is broken may be answered with: it ran, is refused, failed, ran out of energy. */
const callStatuses = [200, 400, 402, 404, 530];

/** Whether a host answers a call again, however its thread came out of the last one. */
async function callStatus(host: ChildHost, name: string, reducer: string): Promise<number> {
  return (await host.call(name, reducer, 1, 2, 3)).status;
}

for (const seed of testSeeds(1)) {
  void test(`${mutantCount} broken modules (seed ${seed})`, async (t) => {
    const random = seededRandom(seed);
    const host = await ChildHost.start(t, { callTimeLimitMs: 5000 });
    t.equal((await host.publish("neighbour", "probe")).status, 200);
    const neighbour = await SocketClient.open(host, "neighbour");
    const kept = (writer: { u32(n: number): void; string(text: string): void }): void => {
      writer.u32(1);
      writer.string("kept");
    };
    t.equal(await neighbour.call("insert_unique", kept), "ok");
    let isOver = false;
    let answers = 0;
    const going = (async () => {
      while (!isOver) {
        if ((await neighbour.call("whoami")) !== "ok") return;
        answers++;
        await pause(20);
      }
    })();
    const bank = readWasm("bank");
    const names = Object.keys(mutations);
    const seen = new Map<number, number>();
    for (let i = 0; i < mutantCount; i++) {
      const kind = names[i % names.length] as string;
      const mutant = mutations[kind]?.(bank, random) ?? bank;
      const name = `mutant-${i}`;
      const before = answers;
      const { status, text } = await host.publish(name, mutant);
      seen.set(status, (seen.get(status) ?? 0) + 1);
      // A module that does not load or fails in its own code is told apart from a fault of the host by its text.
      const isExpected = status === 200 || (status === 500 && /\bmodule\b/.test(text));
      if (!isExpected) t.fail(`${kind} (${i}): publish answered ${status} ${text}`);
      if (status === 200) {
        for (const reducer of ["transfer", "seed", "no_such"]) {
          const called = await callStatus(host, name, reducer);
          if (!callStatuses.includes(called)) t.fail(`${kind} (${i}): ${reducer} ${called}`);
        }
        t.equal((await host.send("DELETE", `database/${name}`)).status, 200);
      } else {
        t.equal((await host.send("GET", `database/${name}`)).status, 404, "nothing remains");
      }
      t.ok(answers >= before, kind);
    }
    isOver = true;
    await going;
    t.ok((seen.get(200) ?? 0) > 10 && (seen.get(500) ?? 0) > 10, JSON.stringify([...seen]));
    t.ok(answers > 20, `${answers} answers`);
    t.equal(await neighbour.call("whoami"), "ok", "the neighbour never lost its connection");
    t.same(await host.sql("neighbour", "SELECT id, text FROM item"), [[1, "kept"]]);
    await neighbour.close();
  });
}
