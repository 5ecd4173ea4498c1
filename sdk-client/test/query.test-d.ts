// What the compiler makes of built queries, procedures and indexes: each marked line must not compile. Nothing here runs.
import type { Query, Uuid } from "../src/index.ts";
import {
  type DbConnection,
  type EverythingRow,
  type FindShapeArgs,
  type ForgetArgs,
  type GeoShape,
  type Message,
  tables,
} from "./golden/index.js";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function assertType<T extends true>(): T | void {}

const { everything, mailOutbox2, message, messageLog, myMessages, ping, topPair } = tables;

export function checkConditions(uuid: Uuid): void {
  const built = message.where(({ id, text }) => id.ge(1n).and(text.ne("")).or(id.eq(id)));
  assertType<typeof built extends Query<Message> ? true : false>();
  everything.where((row) => row.uuid.eq(uuid));
  // @ts-expect-error an id is a bigint
  message.where(({ id }) => id.eq(1));
  // @ts-expect-error a room is a number
  message.where(({ roomId }) => roomId.eq(1n));
  // @ts-expect-error u64 and u32 do not compare
  message.where(({ id, roomId }) => id.eq(roomId));
  // @ts-expect-error i32 and u32 are both numbers here, but not to SQL
  everything.where(({ aI32, aU32 }) => aI32.eq(aU32));
  // @ts-expect-error options do not compare
  everything.where(({ maybe }) => maybe.eq("x"));
  // @ts-expect-error sums do not compare
  everything.where(({ color }) => color.eq("green"));
  // @ts-expect-error spans of time do not compare
  everything.where(({ span }) => span);
  // @ts-expect-error there is no such column
  message.where(({ oops }) => oops.eq(1));
  // @ts-expect-error a column is no condition
  everything.where(({ aBool }) => aBool);
  // @ts-expect-error SQL of subscriptions has no NOT
  message.where(({ id }) => id.eq(1n).not());
  // @ts-expect-error SQL of subscriptions has no NULL
  message.where(({ text }) => text.eq(undefined));
}

export function checkJoins(): void {
  const left = message.leftSemijoin(everything, (one, other) => one.id.eq(other.id));
  assertType<Equal<typeof left, Query<Message>>>();
  const right = message.rightSemijoin(everything, (one, other) => one.id.eq(other.id));
  assertType<Equal<typeof right, Query<EverythingRow>>>();
  mailOutbox2.leftSemijoin(messageLog, (one, other) => one.weight.eq(other.weight));
  // @ts-expect-error text has no index
  message.leftSemijoin(everything, (one, other) => one.text.eq(other.aString));
  // @ts-expect-error an index of two columns is none of the first
  mailOutbox2.leftSemijoin(messageLog, (one) => one.left.eq(one.left));
  // @ts-expect-error u64 and u32 do not compare
  message.leftSemijoin(everything, (one, other) => one.roomId.eq(other.id));
  // @ts-expect-error views have no indexes
  message.leftSemijoin(myMessages, (one, other) => one.id.eq(other.id));
  // @ts-expect-error events cannot be looked up
  ping.leftSemijoin(everything, (one, other) => one.x.eq(other.aF64));
  // @ts-expect-error a join is not joined again
  left.leftSemijoin(everything, (one, other) => one.id.eq(other.id));
  // @ts-expect-error nor filtered: filter the tables that are joined
  void left.where;
}

export async function checkConnection(connection: DbConnection): Promise<void> {
  const { db, procedures } = connection;
  const rows = await connection.query(message.where(({ id }) => id.eq(1n)));
  assertType<Equal<typeof rows, readonly Message[]>>();
  connection.subscribe(message);
  connection.subscribe([message, "SELECT * FROM ping", topPair]);
  // @ts-expect-error neither a text nor a query
  connection.subscribe(7);

  assertType<Equal<Awaited<ReturnType<typeof procedures.countMessages>>, bigint>>();
  const shape = await procedures.findShape({ nearPoint: { x: 1, y: 2 } });
  assertType<Equal<typeof shape, GeoShape | undefined>>();
  assertType<Equal<Parameters<typeof procedures.findShape>, [args: FindShapeArgs]>>();
  assertType<Equal<Parameters<typeof procedures.forget>, [args: ForgetArgs]>>();
  // @ts-expect-error it takes no arguments
  void procedures.countMessages({});
  // @ts-expect-error there is no such procedure
  void procedures.sendMessage;

  const { byId, byRoomIdAndText } = db.message.index;
  assertType<Equal<ReturnType<typeof byId.filter>, readonly Message[]>>();
  byId.filter(1n);
  byId.range({ gt: 1n, le: 5n });
  byRoomIdAndText.filter(1);
  byRoomIdAndText.filter(1, "x");
  byRoomIdAndText.range({ ge: 1 });
  byRoomIdAndText.range(1, { lt: "x" });
  // @ts-expect-error a room is a number
  byRoomIdAndText.filter("x");
  // @ts-expect-error bounds come last
  byRoomIdAndText.range({ ge: 1 }, "x");
  // @ts-expect-error it has two columns
  byRoomIdAndText.filter(1, "x", 2);
  // @ts-expect-error there is no index on text
  void db.message.index.byText;
  // @ts-expect-error views have no indexes
  void db.myMessages.index;

  db.message.onChange(({ updated: [first] }) => {
    assertType<Equal<typeof first, readonly [before: Message, after: Message] | undefined>>();
  });
}
