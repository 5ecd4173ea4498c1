import { compileCodec, type ProductValue, type ServerMessage, Timestamp } from "@lightcone/abi";
import { test } from "tap";
import { chat, message } from "../test/chat.ts";
import { connectClient, startClient, startHost, status } from "../test/client.ts";
import type { FakeSession } from "../test/fake-host.ts";
import { rowList, rowListOfBytes } from "../test/row-list.ts";

const codec = compileCodec<ProductValue>(chat.tables.message.row, chat.types);
const noRows = rowList(codec, []);
const oneRow = rowList(codec, [message(1, "a")]);
const unknownRow = rowList(codec, [message(7, "never sent")]);

function update(table: string, inserts: typeof noRows, deletes = noRows): ServerMessage {
  const rows = [{ kind: "persistent" as const, inserts, deletes }];
  return { kind: "transactionUpdate", querySets: [{ querySetId: 1, tables: [{ table, rows }] }] };
}

const timestamp = new Timestamp(0n);
const outcome = { kind: "okEmpty" } as const;

/** Each breaks the protocol, after a subscription to `message` with one row: what is sent, what is told. */
const faults: readonly (readonly [string, ServerMessage | Uint8Array | string, RegExp])[] = [
  ["garbage", new Uint8Array([0, 99, 1, 2]), /unknown tag 99 of a server message/],
  ["an empty frame", new Uint8Array(0), /data too short/],
  ["a cut message", new Uint8Array([0, 1, 5, 0]), /data too short/],
  ["compression", new Uint8Array([2, 31, 139]), /compression 2 was not asked for/],
  ["text", "hello", /the server sent a text frame/],
  ["an unknown table", update("secret", noRows), /secret, which the bindings do not have/],
  ["a row too short", update("message", rowListOfBytes([1, 2])), /data too short for u64/],
  [
    "a row too long",
    update("message", rowListOfBytes(new Array(17).fill(0))),
    /a row of message has 1 bytes more than its type; generate the bindings anew/,
  ],
  ["an unknown row deleted", update("message", noRows, unknownRow), /had not been sent/],
  [
    "a row deleted twice",
    update("message", noRows, rowList(codec, [message(1, "a"), message(1, "a")])),
    /more often than it had been sent/,
  ],
  ["kept rows of an event table", update("ping", oneRow), /ping is no event table to the server/],
  [
    "events of a kept table",
    {
      kind: "transactionUpdate",
      querySets: [
        {
          querySetId: 1,
          tables: [{ table: "message", rows: [{ kind: "event", events: oneRow }] }],
        },
      ],
    },
    /message is an event table to the server/,
  ],
  [
    "an answer to no call",
    { kind: "reducerResult", requestId: 77, timestamp, outcome },
    /answered the call 77/,
  ],
  [
    "an answer of another kind",
    { kind: "oneOffQueryResult", requestId: 1, result: { kind: "ok", tables: [] } },
    /answered the query 1/,
  ],
  [
    "rows nobody subscribed to",
    { kind: "subscribeApplied", requestId: 9, querySetId: 9, tables: [] },
    /the query set 9, which does not exist/,
  ],
  [
    "a second SubscribeApplied",
    { kind: "subscribeApplied", requestId: 1, querySetId: 1, tables: [] },
    /SubscribeApplied for the query set 1 out of turn/,
  ],
  [
    "an UnsubscribeApplied nobody asked for",
    { kind: "unsubscribeApplied", requestId: 1, querySetId: 1, tables: [] },
    /UnsubscribeApplied for the query set 1 out of turn/,
  ],
];

for (const [title, frame, expected] of faults) {
  void test(`closes the connection on ${title}`, async (t) => {
    const host = await startHost(t);
    host.commit({ insert: { message: [message(1, "a")] } });
    const client = await connectClient(t, host);
    const { connection, taken } = client;
    await connection.subscribe("SELECT * FROM message").applied;
    taken();
    host.override = () => true;
    const call = connection.reducers.clear();
    await host.heard(2);
    send(host.session, frame);
    await t.rejects(call, { code: "LC_OUTCOME_UNKNOWN", message: expected });
    t.equal(connection.status.kind, "closed", "a server that errs once would err again");
    t.match(connection.status, { error: { code: "LC_FRAME_INVALID", message: expected } });
    t.same(taken(), ["disconnect LC_FRAME_INVALID over"], "nothing of the frame was applied");
    t.equal(connection.db.message.count(), 1);
    t.same(connection.db.message.find({ id: 1n }), message(1, "a"));
    await host.closed();
    t.match(host.closes[0], /^4002 /);
    t.match(host.closes[0], expected);
  });
}

function send(session: FakeSession, frame: ServerMessage | Uint8Array | string): void {
  if (typeof frame === "string" || frame instanceof Uint8Array) session.sendRaw(frame);
  else session.send(frame);
}

void test("a message before or after its turn", async (t) => {
  const host = await startHost(t);
  host.greets = false;
  const early = startClient(t, host);
  await host.connected();
  host.session.send(update("message", noRows));
  await t.rejects(early.connection.connected, { code: "LC_FRAME_INVALID", message: /out of turn/ });
  t.same(early.taken(), ["connect error LC_FRAME_INVALID"]);
});

void test("a server that does not greet", async (t) => {
  const host = await startHost(t);
  host.greets = false;
  const timers: (() => void)[] = [];
  const client = startClient(t, host, (builder) =>
    builder.withClockwork({
      setTimer: (callback) => {
        timers.push(callback);
        return () => undefined;
      },
      random: () => 0,
    }),
  );
  await host.connected();
  t.equal(timers.length, 1);
  timers[0]?.();
  await t.rejects(client.connection.connected, {
    code: "LC_CONNECTION",
    message: "the server did not greet within 10000 ms",
  });
});

void test("a second greeting", async (t) => {
  const host = await startHost(t);
  const client = await connectClient(t, host);
  const identity = client.connection.identity!;
  const connectionId = client.connection.connectionId!;
  host.session.send({ kind: "initialConnection", identity, connectionId, token: "x" });
  await status(client, "closed");
  t.match(client.connection.status, { error: { code: "LC_FRAME_INVALID" } });
});
