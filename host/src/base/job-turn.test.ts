// One job at a time, in all threads.
import { once } from "node:events";
import { test } from "tap";
import { Worker } from "node:worker_threads";
import { endJobTurn, takeJobTurn } from "./job-turn.ts";

void test("turns follow each other within a thread", async (t) => {
  const order: string[] = [];
  await takeJobTurn();
  const others = ["second", "third"].map(async (name) => {
    await takeJobTurn();
    order.push(name);
    endJobTurn();
  });
  await new Promise(setImmediate);
  order.push("first");
  endJobTurn();
  await Promise.all(others);
  t.equal(order[0], "first");
  t.same([...order].sort(), ["first", "second", "third"]);
});

void test("a thread that ends within its turn is named by who saw it end", async (t) => {
  const script = new URL("./job-turn.js", import.meta.url).href;
  const source = `import(${JSON.stringify(script)}).then(async ({ takeJobTurn }) => {
    await takeJobTurn();
    require("node:worker_threads").parentPort.postMessage("taken");
    setInterval(() => undefined, 1000);
  });`;
  const worker = new Worker(source, { eval: true });
  const { threadId } = worker;
  await once(worker, "message");
  let isTaken = false;
  const turn = takeJobTurn().then(() => {
    isTaken = true;
  });
  endJobTurn();
  await new Promise(setImmediate);
  t.notOk(isTaken, "only its holder gives a turn away");
  await worker.terminate();
  endJobTurn(threadId);
  await turn;
  t.ok(isTaken);
  endJobTurn();
});
