// How much one client that sends at full speed delays another: `node host/dist/test/server/fairness.js [SECONDS]`, after a build.
// Host, greedy client and modest client have a process each. The modest one makes a call, waits for the answer and makes the
// next, alone and in company, in turns; printed are the 50th and 99th percentile of its waiting, and their ratios.
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { assert, writeCallReducer, Writer } from "@lightcone/abi";
import { ChildHost } from "./child-host.ts";
import { RemoteHost } from "./remote-host.ts";
import { SocketClient } from "./socket-client.ts";

const rounds = 4;

/** Sends calls as fast as the host reads, until the process ends. */
async function beGreedy(address: string, token: string, confirmed: boolean): Promise<void> {
  const host = new RemoteHost();
  host.address = address;
  host.token = token;
  const { ws } = await SocketClient.open(host, "probe", { confirmed });
  ws.removeAllListeners("message");
  let answers = 0;
  ws.on("message", () => answers++);
  process.on("message", () => {
    process.send?.(answers);
  });
  const writer = new Writer();
  writeCallReducer(writer, 1, "whoami", new Uint8Array(0));
  const call = writer.finish();
  // The next calls are written as soon as the host has taken the last: its socket is always full, and nobody looks at it in a
  // loop, which would take from the host what it has of the machine.
  const send = (): void => {
    for (let i = 1; i < 1000; i++) ws.send(call);
    ws.send(call, send);
  };
  send();
}

/** Calls one after another for so long; the milliseconds of each. */
async function callInTurn(client: SocketClient, seconds: number): Promise<number[]> {
  const waits: number[] = [];
  const end = performance.now() + seconds * 1000;
  for (let start = performance.now(); start < end; start = performance.now()) {
    await client.call("whoami");
    waits.push(performance.now() - start);
  }
  return waits;
}

/** Runs `work` beside a greedy client; how many answers that got. */
async function besideGreedy(
  { address, token }: RemoteHost,
  confirmed: boolean,
  work: () => Promise<void>,
): Promise<number> {
  const greedy = fork(fileURLToPath(import.meta.url), ["greedy", address, token, `${confirmed}`]);
  await pause(1000);
  await work();
  greedy.send("how many?");
  const [answers] = (await once(greedy, "message")) as [number];
  greedy.kill();
  await once(greedy, "exit");
  return answers;
}

function percentile(waits: number[], share: number): number {
  waits.sort((a, b) => a - b);
  return waits[Math.floor((waits.length - 1) * share)] ?? 0;
}

async function measure(seconds: number): Promise<void> {
  const ends: (() => unknown)[] = [];
  const host = await ChildHost.start({ teardown: (end) => void ends.push(end) });
  const published = await host.publish("probe", "probe");
  assert(published.status === 200, published.text);
  for (const confirmed of [false, true]) {
    const client = await SocketClient.open(host, "probe", { confirmed });
    await callInTurn(client, 1);
    const alone: number[] = [];
    const company: number[] = [];
    let answers = 0;
    for (let round = 0; round < rounds; round++) {
      alone.push(...(await callInTurn(client, seconds)));
      answers += await besideGreedy(host, confirmed, async () => {
        company.push(...(await callInTurn(client, seconds)));
      });
    }
    const figures = [0.5, 0.99].map((share) => {
      const [without, beside] = [percentile(alone, share), percentile(company, share)];
      const ratio = (beside / without).toFixed(2);
      return `p${share * 100} ${without.toFixed(2)} ms alone, ${beside.toFixed(2)} ms in company, ratio ${ratio}`;
    });
    const title = confirmed ? "confirmed" : "unconfirmed";
    process.stdout.write(`${title}: ${figures.join("; ")}; greedy: ${answers} answers\n`);
    await client.close();
  }
  for (const end of ends) await end();
}

const [role, address = "", token = "", confirmed = ""] = process.argv.slice(2);
if (role === "greedy") await beGreedy(address, token, confirmed === "true");
else await measure(Number(role ?? 3));
