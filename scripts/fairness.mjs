// How much one client that sends at full speed delays another: `node scripts/fairness.mjs [SECONDS]`. A host, the greedy client
// and the modest one each have a process; the modest one makes a call, waits for the answer and makes the next, alone and in
// company, in turns. Prints the 50th and 99th percentile of its waiting, and the ratio.
import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeCallReducer, Writer } from "@lightcone/abi";
import { startServer } from "@lightcone/host";
import { WebSocket } from "ws";

const rounds = 4;
const self = fileURLToPath(import.meta.url);

/** A client of protocol v2 that has been greeted. */
async function open({ address, token, confirmed }) {
  const path = `/v1/database/probe/subscribe?compression=None&confirmed=${confirmed}`;
  const socket = new WebSocket(`ws://${address}${path}`, ["v2.bsatn.spacetimedb"], {
    headers: { authorization: `Bearer ${token}` },
    perMessageDeflate: false,
  });
  await new Promise((resolve, reject) => {
    socket.once("message", resolve);
    socket.once("error", reject);
  });
  return socket;
}

function callMessage() {
  const writer = new Writer();
  writeCallReducer(writer, 1, "whoami", new Uint8Array(0));
  return writer.finish();
}

const percentile = (sorted, share) => sorted[Math.floor((sorted.length - 1) * share)];

/** Calls one after another for so long; milliseconds of each. */
async function modest(socket, seconds) {
  const message = callMessage();
  const waits = [];
  const end = performance.now() + seconds * 1000;
  for (let start = performance.now(); start < end; start = performance.now()) {
    const answered = new Promise((resolve) => {
      socket.once("message", resolve);
    });
    socket.send(message);
    await answered;
    waits.push(performance.now() - start);
  }
  return waits.sort((a, b) => a - b);
}

/** Sends as fast as the host reads, until told to stop. */
function greedy(socket) {
  const message = callMessage();
  let isOn = false;
  let answers = 0;
  socket.on("message", () => answers++);
  const send = () => {
    if (!isOn) return;
    for (let i = 0; i < 200 && socket.bufferedAmount < 1_000_000; i++) socket.send(message);
    setImmediate(send);
  };
  return {
    set(on) {
      const before = answers;
      isOn = on;
      answers = 0;
      if (on) send();
      return before;
    },
  };
}

async function runHost() {
  const dataDir = await mkdtemp(join(tmpdir(), "lightcone-fairness-"));
  const server = await startServer({ listenAddr: "127.0.0.1:0", dataDir });
  process.on("message", async () => {
    await server.close();
    await rm(dataDir, { recursive: true });
    process.exit();
  });
  process.send(server.address);
}

async function runClient(role) {
  const [given] = await new Promise((resolve) => {
    process.once("message", (...all) => resolve(all));
  });
  const socket = await open(given);
  const load = role === "greedy" ? greedy(socket) : undefined;
  process.on("message", async ({ on, seconds }) => {
    process.send(load === undefined ? await modest(socket, seconds) : load.set(on));
  });
  process.send("ready");
}

function ask(child, message) {
  return new Promise((resolve) => {
    child.once("message", resolve);
    child.send(message);
  });
}

async function measure(seconds) {
  const host = fork(self, ["host"]);
  const address = await new Promise((resolve) => {
    host.once("message", resolve);
  });
  const made = await fetch(`http://${address}/v1/identity`, { method: "POST" });
  const { token } = await made.json();
  const program = readFileSync(new URL("../fixtures/wasm/probe.wasm", import.meta.url));
  const headers = { authorization: `Bearer ${token}` };
  await fetch(`http://${address}/v1/database/probe`, { method: "PUT", headers, body: program });
  const children = { greedy: fork(self, ["greedy"]), modest: fork(self, ["modest"]) };
  for (const confirmed of [false, true]) {
    const waits = { alone: [], company: [] };
    for (const child of Object.values(children)) {
      if (!confirmed) await ask(child, { address, token, confirmed });
    }
    if (confirmed) {
      for (const child of Object.values(children)) child.kill();
      children.greedy = fork(self, ["greedy"]);
      children.modest = fork(self, ["modest"]);
      for (const child of Object.values(children)) await ask(child, { address, token, confirmed });
    }
    await ask(children.modest, { seconds: 1 });
    let answers = 0;
    for (let round = 0; round < rounds; round++) {
      waits.alone.push(...(await ask(children.modest, { seconds })));
      await ask(children.greedy, { on: true });
      waits.company.push(...(await ask(children.modest, { seconds })));
      answers += await ask(children.greedy, { on: false });
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    for (const all of Object.values(waits)) all.sort((a, b) => a - b);
    const at = (name, share) => percentile(waits[name], share);
    const ratio = (share) => (at("company", share) / at("alone", share)).toFixed(2);
    const show = (name) =>
      `p50 ${at(name, 0.5).toFixed(2)} ms, p99 ${at(name, 0.99).toFixed(2)} ms`;
    console.log(`${confirmed ? "confirmed" : "unconfirmed"}:`);
    console.log(`  alone       ${show("alone")}, ${waits.alone.length} calls`);
    console.log(`  in company  ${show("company")}, ${waits.company.length} calls`);
    console.log(`  greedy      ${Math.round(answers / rounds / seconds)} calls a second`);
    console.log(`  ratio       p50 ${ratio(0.5)}, p99 ${ratio(0.99)}`);
  }
  for (const child of Object.values(children)) child.kill();
  host.send("end");
}

const [role] = process.argv.slice(2);
if (role === "host") await runHost();
else if (role === "greedy" || role === "modest") await runClient(role);
else await measure(Number(role ?? 3));
