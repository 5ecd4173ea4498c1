// A client that sends far more than the database takes: it gets all its answers, and the others get theirs in time.
import { t, test } from "tap";
import { ChildHost } from "./child-host.ts";
import { SocketClient } from "./socket-client.ts";

// Hosts take their time to start on a busy machine.
t.setTimeout(180_000);

void test("[SUB7] a client with tens of thousands of calls under way holds up itself alone", async (t) => {
  const host = await ChildHost.start(t);
  await host.publish("probe", "probe");
  const [greedy, modest] = [
    await SocketClient.open(host, "probe", { confirmed: false }),
    await SocketClient.open(host, "probe", { confirmed: false }),
  ];
  const callCount = 40_000;
  for (let i = 0; i < callCount; i++) greedy.sendCall("whoami", new Uint8Array(0), i);
  let lastAnswer = -1;
  let isInOrder = true;
  const allAnswered = (async (): Promise<void> => {
    while (lastAnswer < callCount - 1) {
      const message = await greedy.next();
      if (message?.kind !== "reducerResult") throw new Error(`got ${message?.kind ?? "an end"}`);
      isInOrder &&= message.requestId === lastAnswer + 1;
      lastAnswer = message.requestId;
    }
  })();
  t.equal(await modest.call("whoami"), "ok");
  t.ok(lastAnswer < callCount - 1, `answered after ${lastAnswer + 1} calls of the other`);
  await allAnswered;
  t.ok(isInOrder);
  await Promise.all([greedy.close(), modest.close()]);
});
