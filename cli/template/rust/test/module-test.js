// Tests of the module, without a server: `npm test` builds it and runs them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openTestDatabase } from "@lightcone/host/testing";

const program = "{{name}}".replaceAll("-", "_");
const wasm = new URL(`../target/wasm32-unknown-unknown/release/${program}.wasm`, import.meta.url);
let origin;
before(async () => {
  origin = await openTestDatabase({ wasm });
});
after(() => origin.close());

test("everybody sees their own tasks", async () => {
  const app = await origin.fork(); // a database of this test's own
  const ada = await app.connect("ada");
  const bob = await app.connect("bob");
  const tasks = await ada.subscribe("SELECT * FROM my_tasks");
  await ada.call("add", { title: "write a module" });
  await bob.call("add", { title: "something else" });
  assert.deepEqual(
    tasks.rows("my_tasks").map(({ title, done }) => [title, done]),
    [["write a module", false]],
  );
  const [task] = tasks.rows("my_tasks");
  await assert.rejects(bob.call("finish", { id: task.id }), { message: `you have no task ${task.id}` });
  await ada.call("finish", { id: task.id });
  await ada.call("tidy_up");
  assert.deepEqual(tasks.rows("my_tasks"), []);
  assert.equal(app.table("task").count, 1, "Bob's is still there");
  await app.close();
});

test("a name is one person's", async () => {
  const app = await origin.fork();
  const ada = await app.connect("ada");
  const bob = await app.connect("bob");
  await ada.call("set_name", { name: "Ada" });
  await assert.rejects(bob.call("set_name", { name: "Ada" }), { message: "Ada is taken" });
  await ada.disconnect();
  assert.equal(app.table("person").rows()[0].online, false);
  await app.close();
});
