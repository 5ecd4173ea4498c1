// Every subprotocol over real sockets: what is settled before the first message, and what each makes of the same database
// (protocol.md sections 1, 2, 5 and 6).
import {
  type Compression,
  rowCount,
  type ServerMessage,
  type Subprotocol,
  writeCallReducer,
  Writer,
  writeSubscribe,
} from "@lightcone/abi";
import { t, test } from "tap";
import { ChildHost } from "./child-host.ts";
import { messagesOf, PayloadClient, unpack, v1Message } from "./v1-client.ts";

// Hosts take their time to start on a busy machine.
t.setTimeout(300_000);

const host = await ChildHost.start(t);
await host.publish("probe", "probe");

const [v3, v2, v1, json] = [
  "v3.bsatn.spacetimedb",
  "v2.bsatn.spacetimedb",
  "v1.bsatn.spacetimedb",
  "v1.json.spacetimedb",
] as const;

const call = { kind: "callReducer", argsStart: 0, argsEnd: 0, argsJson: undefined } as const;

function upsertArgs(id: number, text: string): Uint8Array {
  const writer = new Writer();
  writer.u32(id);
  writer.string(text);
  return writer.finish();
}

function writeUpsert(writer: Writer, requestId: number, id: number, text: string): void {
  writeCallReducer(writer, requestId, "upsert", upsertArgs(id, text));
}

/** Reads v2 messages until as many have come, with in how many frames. */
async function readMessages(
  client: PayloadClient,
  count: number,
): Promise<{ readonly messages: ServerMessage[]; readonly frameCount: number }> {
  const messages: ServerMessage[] = [];
  let frameCount = 0;
  for (; messages.length < count; frameCount++) messages.push(...messagesOf(await client.next()));
  return { messages, frameCount };
}

void test("[protocol.md 1.2] the server's order decides, and is echoed", async (t) => {
  const cases: readonly (readonly [offer: readonly string[], chosen: Subprotocol])[] = [
    [[v2, v3], v3],
    [[json, v1, v2], v2],
    [[json, v1], v1],
    [["v9", json], json],
  ];
  for (const [offer, chosen] of cases) {
    const client = await PayloadClient.open(host, "probe", offer);
    t.equal(client.ws.protocol, chosen, offer.join());
    const hello = await client.next();
    const kind = chosen === json || chosen === v1 ? "identityToken" : "initialConnection";
    if (chosen === json) t.match(Buffer.from(hello.bytes).toString(), /^\{"IdentityToken":/);
    else t.match(chosen === v1 ? v1Message(hello) : messagesOf(hello)[0], { kind });
    await client.close();
  }
});

void test("[protocol.md 1.4] what is refused before anything is said", async (t) => {
  const cases: readonly (readonly [offer: string, query: string, status: number])[] = [
    ["v9", "", 400],
    [v1, "?compression=brotli", 400],
    [json, "?light=1", 400],
    [v3, "?confirmed=no", 400],
    [v3, `?connection_id=${"0".repeat(32)}`, 400],
  ];
  for (const [offer, query, expected] of cases) {
    const client = new PayloadClient(host, "probe", [offer], query);
    const status = await new Promise((resolve) => {
      client.ws.once("unexpected-response", (_request, response) => resolve(response.statusCode));
    });
    t.equal(status, expected, `${offer} ${query}`);
  }
});

void test("v1: thousands of calls in flight with light updates, and a watcher that hears of all", async (t) => {
  const query = "?compression=None&light=true";
  const caller = await PayloadClient.open(host, "probe", v1, query);
  const watcher = await PayloadClient.open(host, "probe", v1, query);
  for (const client of [caller, watcher]) t.match(await client.nextV1(), { kind: "identityToken" });
  const queries = ["SELECT * FROM item WHERE id >= 1000000"];
  watcher.sendV1({ kind: "subscribeMulti", requestId: 1, queryId: 1, queries });
  t.match(await watcher.nextV1(), { kind: "subscribeMultiApplied" });
  const count = 3000;
  for (let i = 0; i < count; i++) {
    const args = upsertArgs(1_000_000 + i, `${i}`);
    caller.sendV1({ ...call, name: "upsert", requestId: i, isSilent: i % 10 === 9 }, args);
  }
  let seen = 0;
  for (let i = 0; i < count; i++) {
    if (i % 10 === 9) continue;
    const answer = await caller.nextV1();
    if (answer.kind !== "transactionUpdate" || answer.status.kind !== "committed") {
      t.fail(`call ${i}: ${answer.kind}`);
      break;
    }
    if (answer.requestId === i && answer.reducer === "upsert") seen++;
  }
  t.equal(seen, count * 0.9, "each call that asked for it is answered, in order");
  let rows = 0;
  for (let i = 0; i < count; i++) {
    const update = await watcher.nextV1();
    if (update.kind !== "transactionUpdateLight") break;
    for (const { parts } of update.tables) {
      for (const { inserts } of parts) rows += rowCount(inserts);
    }
  }
  t.equal(rows, count);
  const [first, second] = await Promise.all([caller.close(), watcher.close()]);
  t.match([first, second], [{ code: 1005 }, { code: 1005 }]);
  await host.call("probe", "clear_items");
});

void test("[protocol.md 2.2] long bodies are compressed as asked, short ones are not", async (t) => {
  await host.call("probe", "insert_many", 0, 2000);
  const bodies: Record<string, string> = {};
  const cases: readonly (readonly [Subprotocol, Compression | "", number])[] = [
    [v2, "None", 0],
    [v2, "Gzip", 2],
    [v2, "Brotli", 1],
    [v3, "", 1],
    [v3, "Gzip", 2],
    [v1, "", 1],
    [v1, "None", 0],
  ];
  for (const [protocol, compression, expected] of cases) {
    const query = compression === "" ? "" : `?compression=${compression}`;
    const client = await PayloadClient.open(host, "probe", protocol, query);
    t.equal(unpack(await client.next()).tag, 0, "the first message is short");
    const queries = ["SELECT * FROM item"];
    if (protocol === v1) {
      client.sendV1({ kind: "subscribeMulti", requestId: 1, queryId: 1, queries });
    } else {
      const writer = new Writer();
      writeSubscribe(writer, 1, 1, queries);
      client.send(writer.finish());
    }
    const payload = await client.next();
    const { tag, body } = unpack(payload);
    t.equal(tag, expected, `${protocol} ${compression}`);
    if (expected !== 0) t.ok(payload.bytes.length * 2 < body.length, "and much shorter");
    if (protocol === v1) {
      t.match(v1Message(payload), { tables: [{ table: "item", rowCount: 2000n }] });
    } else {
      const text = Buffer.from(body).toString("hex");
      t.equal(text, (bodies[v2] ??= text), "the same whatever it is packed in");
    }
    await client.close();
  }
});

void test("one large update goes to clients of every kind", async (t) => {
  const kinds: readonly (readonly [Subprotocol, Compression])[] = [
    [v2, "None"],
    [v2, "Gzip"],
    [v2, "Brotli"],
    [v3, "Gzip"],
    [v3, "None"],
    [v1, "Brotli"],
    [v1, "None"],
    [json, "Gzip"],
  ];
  const subscribe = new Writer();
  writeSubscribe(subscribe, 1, 1, ["SELECT * FROM item WHERE id = 77777"]);
  const clients = [];
  for (const [protocol, compression] of kinds) {
    const client = await PayloadClient.open(
      host,
      "probe",
      protocol,
      `?compression=${compression}&confirmed=false`,
    );
    await client.next();
    const queries = ["SELECT * FROM item WHERE id = 77777"];
    if (protocol === v1 || protocol === json) {
      client.sendV1({ kind: "subscribe", requestId: 1, queries });
    } else client.send(subscribe.finish());
    await client.next();
    clients.push({ client, protocol, compression });
  }
  await host.call("probe", "big_string", 77777, 5000);
  const tags = { None: 0, Brotli: 1, Gzip: 2 } as const;
  for (const { client, protocol, compression } of clients) {
    const payload = await client.next();
    const title = `${protocol} ${compression}`;
    if (protocol === json) {
      t.ok(payload.isText, title);
      t.match(JSON.parse(Buffer.from(payload.bytes).toString()), {
        TransactionUpdateLight: { update: { tables: [{ num_rows: 1 }] } },
      });
      continue;
    }
    t.equal(unpack(payload).tag, tags[compression], title);
    if (protocol === v1) {
      t.match(v1Message(payload), { kind: "transactionUpdateLight", tables: [{ rowCount: 1n }] });
    } else t.match(messagesOf(payload), [{ kind: "transactionUpdate" }]);
  }
  for (const { client } of clients) await client.close();
});

void test("[protocol.md 5] v3: several messages in a frame, each way", async (t) => {
  for (const compression of ["None", "Gzip"]) {
    const client = await PayloadClient.open(host, "probe", v3, `?compression=${compression}`);
    await client.next();
    const writer = new Writer();
    writeSubscribe(writer, 7, 1, ["SELECT * FROM item WHERE id = 5"]);
    const count = 500;
    for (let i = 0; i < count; i++) writeUpsert(writer, i, 5, `${i}`);
    client.send(writer.finish());
    const { messages, frameCount } = await readMessages(client, count + 1);
    const [applied, ...results] = messages;
    t.match(applied, { kind: "subscribeApplied", requestId: 7 });
    const ids = results.map((one) => (one.kind === "reducerResult" ? one.requestId : -1));
    t.same(
      ids,
      Array.from({ length: count }, (_, i) => i),
      "in order",
    );
    t.ok(frameCount * 2 < messages.length, `${messages.length} messages in ${frameCount} frames`);
    await client.close();
  }
});

void test("[protocol.md 2.1] frames that no protocol takes", async (t) => {
  const good = new Writer();
  writeUpsert(good, 3, 5, "good");
  const bad = Buffer.concat([good.finish(), Uint8Array.of(99)]);
  const flood = Buffer.concat(Array.from({ length: 16_385 }, () => good.finish()));
  const noText = (version: string): string => `${version} websocket does not support text messages`;
  const none = "v3 websocket binary payload must contain at least one v2 client message";
  const cases: readonly (readonly [Subprotocol, Uint8Array | string, object])[] = [
    [v3, new Uint8Array(0), { code: 1011, reason: none }],
    [v3, "{}", { code: 1011, reason: noText("v3") }],
    [v2, "{}", { code: 1011, reason: noText("v2") }],
    [v3, bad, { code: 1011, reason: /unknown tag 99/ }],
    [v3, flood, { code: 1013, reason: "too many requests" }],
    [v1, Uint8Array.of(99), { code: 1011, reason: /unknown tag 99/ }],
    [v1, "{}", { code: 1011, reason: /one key/ }],
    [json, "nonsense", { code: 1011, reason: /not JSON/ }],
    [json, new Uint8Array(0), { code: 1011, reason: /too short/ }],
  ];
  for (const [protocol, frame, end] of cases) {
    const client = await PayloadClient.open(host, "probe", protocol, "?compression=None");
    await client.next();
    client.ws.send(frame);
    t.match(await client.ended, end, `${protocol} ${JSON.stringify(end)}`);
  }
  const client = await PayloadClient.open(host, "probe", v3, "?compression=None");
  await client.next();
  client.send(bad);
  const { messages } = await readMessages(client, 1);
  t.match(messages, [{ kind: "reducerResult", requestId: 3 }], "what came before it was done");
  await client.ended;
});

void test("text that is not UTF-8 breaks the rules of WebSocket", async (t) => {
  const client = await PayloadClient.open(host, "probe", json);
  await client.next();
  client.ws.send(Uint8Array.of(0xff, 0xfe), { binary: false });
  t.equal((await client.ended).code, 1007);
});

void test("v1.json: calls and rows as text, and binary frames if a client sends them", async (t) => {
  const client = await PayloadClient.open(host, "probe", json);
  t.match(await client.nextJson(), { IdentityToken: { token: host.token } });
  const queries = ["SELECT * FROM item WHERE id = 88888"];
  client.sendJson({ Subscribe: { query_strings: queries, request_id: 1 } });
  t.match(await client.nextJson(), { InitialSubscription: { request_id: 1 } });
  const args = '[88888,"größer \\"als\\" 1"]';
  client.sendJson({ CallReducer: { reducer: "upsert", args, request_id: 2, flags: 0 } });
  const row = '[88888,"größer \\"als\\" 1"]';
  t.match(await client.nextJson(), {
    TransactionUpdate: {
      status: { Committed: { tables: [{ updates: [{ deletes: [], inserts: [row] }] }] } },
      reducer_call: { reducer_name: "upsert", args, request_id: 2 },
    },
  });
  client.sendV1(
    { ...call, name: "upsert", requestId: 3, isSilent: false },
    upsertArgs(88888, "new"),
  );
  t.match(await client.nextJson(), { TransactionUpdate: { reducer_call: { request_id: 3 } } });
  await client.close();
});

void test("a long first result is whole in every protocol, whatever compression was asked for", async (t) => {
  await host.call("probe", "clear_items");
  await host.call("probe", "insert_many", 0, 20_000);
  for (const protocol of [v3, v2, v1, json] as const) {
    const client = await PayloadClient.open(host, "probe", protocol, "?compression=Gzip");
    await client.next();
    const queries = ["SELECT * FROM item", "SELECT * FROM pair"];
    if (protocol === v1 || protocol === json) {
      client.sendV1({ kind: "subscribeMulti", requestId: 1, queryId: 1, queries });
    } else {
      const writer = new Writer();
      writeSubscribe(writer, 1, 1, queries);
      client.send(writer.finish());
    }
    if (protocol === json) {
      const answer = (await client.nextJson())["SubscribeMultiApplied"] as {
        update: { tables: { num_rows: number; updates: { inserts: string[] }[] }[] };
      };
      const [table] = answer.update.tables;
      t.equal(table?.num_rows, 20_000);
      t.equal(table?.updates[0]?.inserts.length, 20_000);
    } else if (protocol === v1) {
      const answer = await client.nextV1();
      t.match(answer, { kind: "subscribeMultiApplied", tables: [{ rowCount: 20_000n }] });
    } else {
      const [answer] = messagesOf(await client.next());
      if (answer?.kind !== "subscribeApplied") throw new Error(answer?.kind);
      t.same(
        answer.tables.map(({ rows }) => rowCount(rows)),
        [20_000],
      );
    }
    await client.close();
  }
});
