// Generated bindings in use: what the compiler makes of them, and that they read and write what the module means.
import {
  type ClientMessage,
  type Codec,
  compileCodec,
  ConnectionId,
  decode,
  decodeClientMessage,
  Identity,
  type ProductValue,
  Reader,
  ref,
  type ServerMessage,
  TimeDuration,
  Timestamp,
  Uuid,
  Writer,
  writeServerMessage,
} from "@lightcone/abi";
import { test } from "tap";
import {
  type Color,
  DbConnection,
  type DbModule,
  type DrawArgs,
  type EverythingRow,
  type GeoShape,
  type Marker,
  type Message,
  type Names,
  type SendMessageArgs,
  type Tree,
} from "../test/golden/index.js";
import { goldenDef } from "../test/golden-def.ts";
import { rowList } from "../test/row-list.ts";
import type { EventContext } from "./event.ts";
import { memoryTokenStore } from "./token.ts";
import type { SocketEvents, Transport } from "./transport.ts";

/** A server made of one function. */
class FakeLine {
  readonly sent: { readonly message: ClientMessage; readonly frame: Uint8Array }[] = [];
  #events: SocketEvents | undefined;

  readonly transport: Transport = {
    open: (_, events) => {
      this.#events = events;
      queueMicrotask(() => {
        const identity = new Identity(7n);
        const connectionId = new ConnectionId(8n);
        this.tell({ kind: "initialConnection", identity, connectionId, token: "tok" });
      });
      return {
        send: (frame) => {
          this.sent.push({ message: decodeClientMessage(new Reader(frame)), frame });
        },
        close: () => undefined,
      };
    },
    createTokenStore: memoryTokenStore,
  };

  tell(message: ServerMessage): void {
    const writer = new Writer();
    writer.u8(0);
    writeServerMessage(writer, message);
    this.#events?.frame(writer.finish());
  }
}

function connect(line: FakeLine): DbConnection {
  return DbConnection.builder()
    .withUri("http://fake")
    .withDatabaseName("golden")
    .withTransport(line.transport)
    .build();
}

/** A row as the module names its fields. */
const sentRow: ProductValue = {
  id: 1n,
  a_bool: true,
  a_string: "ä",
  a_i8: -1,
  a_u8: 255,
  a_i16: -2,
  a_u16: 2,
  a_i32: -3,
  a_u32: 3,
  a_i64: -4n,
  a_u64: 4n,
  a_i128: -5n,
  a_u128: 5n,
  a_i256: -6n,
  a_u256: 6n,
  a_f32: 0.5,
  a_f64: 0.1,
  some_bytes: Uint8Array.of(1, 2),
  identity: new Identity(7n),
  connection_id: new ConnectionId(8n),
  sent_at: new Timestamp(9n),
  span: new TimeDuration(-9n),
  uuid: new Uuid(10n),
  due: { tag: "Time", value: new Timestamp(11n) },
  maybe: undefined,
  maybe_maybe: { some: undefined },
  maybe_nothing: { some: {} },
  outcome: { err: "no" },
  list: [undefined, { x: 1, y: 2 }],
  grid: [[], [1.5]],
  color: { tag: "darkRed", value: undefined },
  shape: { tag: "point", value: { x: 3, y: 4 } },
  tree: { tag: "node", value: [{ tag: "leaf", value: "l" }] },
  names: ["a", "b"],
};

const seenRow: EverythingRow = {
  id: 1n,
  aBool: true,
  aString: "ä",
  aI8: -1,
  aU8: 255,
  aI16: -2,
  aU16: 2,
  aI32: -3,
  aU32: 3,
  aI64: -4n,
  aU64: 4n,
  aI128: -5n,
  aU128: 5n,
  aI256: -6n,
  aU256: 6n,
  aF32: 0.5,
  aF64: 0.1,
  someBytes: Uint8Array.of(1, 2),
  identity: new Identity(7n),
  connectionId: new ConnectionId(8n),
  sentAt: new Timestamp(9n),
  span: new TimeDuration(-9n),
  uuid: new Uuid(10n),
  due: { tag: "Time", value: new Timestamp(11n) },
  maybe: undefined,
  maybeMaybe: { some: undefined },
  maybeNothing: { some: {} },
  outcome: { err: "no" },
  list: [undefined, { x: 1, y: 2 }],
  grid: [[], [1.5]],
  color: { tag: "darkRed", value: undefined },
  shape: { tag: "point", value: { x: 3, y: 4 } },
  tree: { tag: "node", value: [{ tag: "leaf", value: "l" }] },
  names: ["a", "b"],
};

void test("a row of every type", async (t) => {
  const line = new FakeLine();
  const connection = connect(line);
  await connection.connected;
  const seen: EverythingRow[] = [];
  connection.db.everything.onInsert((row) => seen.push(row));
  connection.subscribe("SELECT * FROM everything");
  const codec: Codec<ProductValue> = compileCodec(ref(0), goldenDef.typespace);
  const tables = [{ table: "everything", rows: rowList(codec, [sentRow]) }];
  line.tell({ kind: "subscribeApplied", requestId: 1, querySetId: 1, tables });
  t.same(seen, [seenRow]);
  t.equal(connection.db.everything.find({ id: 1n }), seen[0]);
  connection.disconnect();
});

void test("arguments arrive as the module names them", async (t) => {
  const line = new FakeLine();
  const connection = connect(line);
  await connection.connected;
  const shape: GeoShape = { tag: "nothing" };
  const calls = [
    connection.reducers.draw({ shape, by: new Identity(1n), parts: Uint8Array.of(5) }),
    connection.reducers.sendMessage({ text: "hi", replyTo: 3n }),
    connection.reducers.clearAll(),
  ];
  // A call is encoded and sent before its method returns: calls and subscriptions keep their order.
  const shown = line.sent.map(({ message, frame }) => {
    if (message.kind !== "callReducer") return message.kind;
    const reducer = goldenDef.reducers.find(({ name }) => name === message.name);
    const codec = compileCodec(reducer?.params ?? ref(99), goldenDef.typespace);
    return [message.name, decode(codec, frame.subarray(message.argsStart, message.argsEnd))];
  });
  t.same(shown, [
    [
      "draw",
      {
        shape: { tag: "nothing", value: undefined },
        by: new Identity(1n),
        parts: Uint8Array.of(5),
      },
    ],
    ["send_message", { text: "hi", reply_to: 3n }],
    ["clear_all", {}],
  ]);
  connection.disconnect();
  for (const call of calls) await t.rejects(call, { code: "LC_OUTCOME_UNKNOWN" });
});

// What follows is for the compiler: each marked line must not compile.

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function assertType<_T extends true>(): void {
  // Nothing to do at run time.
}

function checkTypes(connection: DbConnection, sql: string): void {
  const { db, reducers } = connection;
  db.message.onInsert((row, event) => {
    assertType<Equal<typeof row, Message>>();
    assertType<Equal<typeof event, EventContext>>();
    // @ts-expect-error rows are shared, nobody may change them
    row.text = "";
  });
  db.message.onUpdate((before, after) => assertType<Equal<typeof before, typeof after>>());
  assertType<Equal<ReturnType<typeof db.message.find>, Message | undefined>>();
  db.message.find({ id: 1n });
  db.message.find({ roomId: 1 });
  db.mailOutbox2.find({ left: "", right: "" });
  // @ts-expect-error an id is a bigint
  db.message.find({ id: 1 });
  // @ts-expect-error text is not unique
  db.message.find({ text: "" });
  // @ts-expect-error both columns are needed
  db.mailOutbox2.find({ left: "" });
  // @ts-expect-error without a primary key nothing is an update
  void db.mailOutbox2.onUpdate;
  // @ts-expect-error without unique columns nothing can be found
  void db.messageLog.find;
  // @ts-expect-error rows of event tables are not kept
  void db.ping.count;
  // @ts-expect-error private tables are left out
  void db.secret;

  void reducers.clearAll();
  void reducers.sendMessage({ text: "", replyTo: undefined });
  // @ts-expect-error an argument is missing
  void reducers.sendMessage({ text: "" });
  // @ts-expect-error arguments have names
  void reducers.sendMessage("", undefined);
  // @ts-expect-error lifecycle reducers are the host's
  void reducers.init;
  // @ts-expect-error no such variant
  const shape: GeoShape = { tag: "square" };
  const tree: Tree = {
    tag: "node",
    value: [
      { tag: "leaf", value: "" },
      { tag: "node", value: [] },
    ],
  };
  void [shape, tree];

  assertType<Equal<typeof db, DbModule["tables"]>>();
  assertType<Equal<Parameters<typeof reducers.draw>, [args: DrawArgs]>>();
  assertType<Equal<SendMessageArgs["replyTo"], bigint | undefined>>();
  assertType<Equal<EverythingRow["names"], Names>>();
  assertType<Equal<EverythingRow["maybeNothing"], { readonly some: Marker } | undefined>>();
  assertType<Equal<Color["tag"], "darkRed" | "green">>();

  type Row<T extends Promise<readonly unknown[]>> = Awaited<T>[number];
  const message = connection.query("SELECT * FROM message WHERE id = 1");
  assertType<Equal<Row<typeof message>, Message>>();
  const lower = connection.query('select * from "my_messages"');
  assertType<Equal<Row<typeof lower>, Message>>();
  const lines = connection.query(`
    SELECT * FROM message;
  `);
  assertType<Equal<Row<typeof lines>, Message>>();
  const dynamic = connection.query(sql);
  assertType<Equal<Row<typeof dynamic>, ProductValue>>();
  const unknownTable = connection.query("SELECT * FROM other");
  assertType<Equal<Row<typeof unknownTable>, ProductValue>>();
}

void test("types", (t) => {
  t.type(checkTypes, "function");
  t.end();
});
