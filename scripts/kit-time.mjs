// How long a suite of fifty tests with isolated state takes in the test kit: `node scripts/kit-time.mjs` after a build. Each test
// forks a database, connects two clients, subscribes, calls, checks and closes.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const kit = new URL("../host/dist/src/testing.js", import.meta.url);
const { openTestDatabase } = await import(kit.href);

const testCount = 50;

for (const name of ["chat", "chat-as"]) {
  const path = fileURLToPath(new URL(`../fixtures/wasm/${name}.wasm`, import.meta.url));
  const start = performance.now();
  const cpu = process.cpuUsage();
  const origin = await openTestDatabase({ wasm: readFileSync(path) });
  for (let i = 0; i < testCount; i++) {
    const app = await origin.fork();
    const alice = await app.connect("alice");
    const bob = await app.connect("bob");
    const watched = await bob.subscribe("SELECT * FROM message");
    await alice.call("send_message", { text: `test ${i}` });
    const [change] = watched.changes();
    if (change?.inserted[0]?.["text"] !== `test ${i}`) throw new Error(`test ${i} saw another`);
    await app.close();
  }
  await origin.close();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const busy = ((user + system) / 1e6).toFixed(2);
  console.log(
    `${name}: ${testCount} tests in ${seconds.toFixed(2)} s (${busy} s of processor time)`,
  );
}
