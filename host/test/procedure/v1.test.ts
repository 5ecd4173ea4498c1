// Procedures of protocol v1 (protocol.md sections 6.2 and 7.3).
import { t as file, test } from "tap";
import { V1TestClient } from "../../src/session/v1/test-client.ts";
import { PlayerScript } from "./player.ts";
import { eventually, openRig } from "./rig.ts";

// Code is made on a thread of its own, which takes its time on a busy machine.
file.setTimeout(180_000);

void test("values come as BSATN or as JSON, after the updates of the call's own transactions", async (t) => {
  const rig = await openRig();
  const bsatn = new V1TestClient(rig.host, 2, "alice");
  const json = new V1TestClient(rig.host, 3, "bob", { protocol: "v1.json.spacetimedb" });
  for (const client of [bsatn, json]) client.payloads();
  bsatn.multi(1, "SELECT * FROM item");
  const script = new PlayerScript();
  const out = script.place(new Uint8Array(8));
  script.call("procedure_start_mut_tx", out).insert(rig.tableId, 4).call("procedure_commit_mut_tx");
  const early = bsatn.callRaw("callProcedure", "play", script.encode(0), 9);
  const answers = await eventually(() => {
    early.push(...bsatn.take());
    return early.at(-1)?.kind === "procedureResult" ? early : undefined;
  });
  t.match(answers.at(-1), {
    kind: "procedureResult",
    status: { kind: "returned" },
    requestId: 9,
  });
  t.match(answers[0], { kind: "transactionUpdateLight", tables: [{ table: "item" }] });
  t.equal(answers.length, 2);
  const bytes = Buffer.from(script.encode(0).subarray(4)).toString("hex");
  const args = JSON.stringify([bytes]);
  const call = { procedure: "play", args, request_id: 5, flags: 0 };
  const told = json.sendJson({ CallProcedure: call });
  const [answer] = await eventually(() => {
    told.push(...json.takeJson());
    return told.length > 0 ? told : undefined;
  });
  t.match(answer, { ProcedureResult: { status: { Returned: /^".*"$/ }, request_id: 5 } });
});
