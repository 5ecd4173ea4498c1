// A module with each thing that a module can have; several test files run it.
import { importAll } from "./rig.ts";

const types = `
@struct export class Point { x: f64; y: f64; }
@struct export class Segment { from: Point; to: Point; label: string | null; }
export enum Color { Red, Green, DarkBlue }
@sum export class Shape { circle: f64; box: Segment; nothing: Unit; many: Segment[]; }
@struct export class Tree { name: string; children: Tree[]; }
`;

const columns = `
@table({ access: "public" })
export class Column {
  @primaryKey id: u32;
  b: bool; i8: i8; u8: u8; i16: i16; u16: u16; i32: i32; u32: u32; i64: i64; u64: u64; f32: f32; f64: f64;
  i128: I128; u128: U128; i256: I256; u256: U256;
  text: string; bytes: Uint8Array; numbers: u16[]; texts: string[]; holes: (string | null)[];
  nested: u8[][]; flags: bool[]; colors: Color[]; points: Point[];
  maybeText: string | null; maybeNumber: Option<u32>; maybeMaybe: Option<Option<bool>>; maybeList: u32[] | null;
  maybePoint: Point | null; outcome: Result<u32, string>; unit: Unit;
  identity: Identity; connection: ConnectionId; at: Timestamp; span: TimeDuration; schedule: ScheduleAt; uuid: Uuid;
  segment: Segment; color: Color; shape: Shape;
}

function column(id: u32, shape: Shape): Column {
  const from: Point = { x: 1.5, y: -2 };
  const to: Point = { x: 0, y: 1e100 };
  const segment: Segment = { from, to, label: null };
  return {
    id, b: true, i8: -128, u8: 255, i16: -32768, u16: 65535, i32: i32.MIN_VALUE, u32: u32.MAX_VALUE,
    i64: i64.MIN_VALUE, u64: u64.MAX_VALUE, f32: 0.5, f64: -0.25,
    i128: I128.min, u128: U128.max, i256: I256.min, u256: U256.max,
    text: "\\u2603 \\uD83D\\uDE00 \\uD800", bytes: new Uint8Array(3), numbers: [1, 65535], texts: ["", "b"],
    holes: [null, "x"], nested: [[1], []], flags: [true, false], colors: [Color.DarkBlue, Color.Red], points: [from],
    maybeText: "", maybeNumber: Option.some<u32>(7), maybeMaybe: Option.some(Option.none<bool>()),
    maybeList: null, maybePoint: to, outcome: Result.err<u32, string>("no"), unit,
    identity: Identity.zero, connection: new ConnectionId(1, 2), at: new Timestamp(-1), span: new TimeDuration(5),
    schedule: ScheduleAt.interval(new TimeDuration(1000000)), uuid: new Uuid(1, 0), segment, color: Color.Green, shape,
  };
}

@reducer export function fillColumns(ctx: ReducerContext): ReducerResult {
  const rows = ctx.db.column;
  rows.insert(column(1, Shape.circle(2)));
  rows.insert(column(2, Shape.many([column(0, Shape.nothing()).segment])));
  const first = rows.id.find(1);
  if (!first) return err("row 1 is not there");
  // What was read is what was written: the host finds the very same row.
  if (!rows.delete(first)) return err("row 1 came back otherwise");
  rows.insert(first);
  const second = rows.id.find(2)!;
  if (second.shape.tag != ShapeTag.many || !second.shape.isMany) return err("another shape");
  if (second.shape.many[0].to.y != 1e100) return err("another segment");
  if (second.maybeText !== "" || second.text.length != first.text.length) return err("another text");
  if (!rows.delete(second)) return err("row 2 came back otherwise");
  rows.insert(second);
  return ok();
}

@reducer export function wrongVariant(ctx: ReducerContext): void {
  log.info(Shape.circle(1).box.label!);
}

@reducer export function takeAll(ctx: ReducerContext, shape: Shape, color: Color, list: Segment[], maybe: Option<i64>, big: U256, tree: Tree): ReducerResult {
  return err(tree.children[0].name + shape.tag.toString() + " " + color.toString() + " " + list.length.toString() + " " + maybe.value.toString() + " " + big.toString());
}
`;

const indexes = `
@table({ access: "public" })
@index({ accessor: "byTeamScore", columns: ["team", "score"] })
@index({ accessor: "byNameTeam", kind: "hash", columns: ["name", "team"] })
@unique({ columns: ["team", "score"] })
export class Player {
  @primaryKey @autoInc id: u64;
  @unique name: string;
  @index team: u32;
  score: i32;
  @defaultValue("none") note: string;
}

@table({ accessor: "slot" })
class Slot { @unique @index({ kind: "direct", accessor: "place" }) at: u8; color: Color; }

@table
export class Answer { @primaryKey question: string; value: string; }

function answer(ctx: ReducerContext, question: string, value: string): void {
  const rows = ctx.db.answer;
  if (rows.question.find(question)) rows.question.update({ question, value });
  else rows.insert({ question, value });
}

function names(rows: RowIter<Player>): string {
  const list: string[] = [];
  while (rows.next()) list.push(rows.value.name);
  list.sort();
  return list.join(",");
}

@reducer export function fillPlayers(ctx: ReducerContext): void {
  const rows = ctx.db.player;
  const texts = ["ada", "bea", "cyd", "dan", "eve", "fay"];
  for (let i = 0; i < texts.length; i++) {
    const row = rows.insert({ id: 0, name: texts[i], team: i / 2, score: i % 2, note: "" });
    if (row.id != i + 1) throw new Error("no id came back");
  }
}

@reducer export function askPlayers(ctx: ReducerContext): void {
  const rows = ctx.db.player;
  answer(ctx, "count", rows.count().toString());
  answer(ctx, "filter", names(rows.team.filter(1)));
  answer(ctx, "prefix", names(rows.byTeamScore.range(Range.atMost<u32>(0))));
  answer(ctx, "prefix range", names(rows.byTeamScore.range2(2, Range.after(0))));
  answer(ctx, "between", names(rows.id.range(Range.between<u64>(2, 4))));
  answer(ctx, "before", names(rows.name.range(Range.before("c"))));
  answer(ctx, "all", names(rows.name.range(Range.all<string>())));
  answer(ctx, "hash", names(rows.byNameTeam.filter2("bea", 0)));
  const both = rows.byTeamScore.find(1, 1);
  answer(ctx, "unique of two", both ? both.name : "none");
  answer(ctx, "missing", rows.name.find("zoe") ? "found" : "none");
  const again = rows.tryInsert({ id: 0, name: "ada", team: 9, score: 9, note: "" });
  answer(ctx, "try insert", again.isOk ? "inserted" : again.error.isUniqueViolation ? "unique" : again.error.toString());
  const nobody = rows.id.tryUpdate({ id: 99, name: "x", team: 0, score: 50, note: "" });
  answer(ctx, "try update", nobody.isOk ? "updated" : nobody.error.isNoSuchRow ? "no row" : nobody.error.toString());
  const iterator = rows.iter();
  iterator.next();
  answer(ctx, "left open", (iterator.toArray().length + 1).toString());
}

@reducer export function changePlayers(ctx: ReducerContext): void {
  const rows = ctx.db.player;
  const ada = rows.name.find("ada")!;
  ada.score = 100;
  rows.id.update(ada);
  answer(ctx, "delete key", rows.name.delete("bea").toString() + rows.name.delete("bea").toString());
  answer(ctx, "delete filter", rows.team.delete(1).toString());
  answer(ctx, "delete range", rows.byTeamScore.deleteRange2(2, Range.atLeast(1)).toString());
  answer(ctx, "left", names(rows.iter()));
  ctx.db.slot.insert({ at: 3, color: Color.Red });
  answer(ctx, "direct", ctx.db.slot.place.range(Range.atLeast<u8>(0)).toArray().length.toString());
  answer(ctx, "unique name", ctx.db.slot.at.find(3) ? "found" : "none");
  answer(ctx, "clear", ctx.db.slot.clear().toString());
}

@reducer export function insertTwice(ctx: ReducerContext): void {
  ctx.db.player.insert({ id: 0, name: "new", team: 50, score: 0, note: "" });
  ctx.db.player.insert({ id: 0, name: "new", team: 51, score: 0, note: "" });
}

@reducer export function readMany(ctx: ReducerContext, count: u32): void {
  const rows = ctx.db.answer;
  for (let i: u32 = 0; i < count; i++) rows.insert({ question: "many " + i.toString(), value: "x".repeat(i) });
  let length = 0;
  const outer = rows.iter();
  while (outer.next()) {
    length += outer.value.value.length;
    const inner = rows.iter();
    inner.next();
  }
  answer(ctx, "many", length.toString());
}
`;

const calls = `
@table({ accessor: "event", event: true, access: "public" })
export class Happening { text: string; }

@table({ scheduled: ring, access: "public" })
export class Alarm { @primaryKey @autoInc scheduledId: u64; scheduledAt: ScheduleAt; text: string; }

@table({ access: "public" })
export class Seen { @primaryKey @autoInc id: u64; what: string; who: Identity; }

@reducer function ring(ctx: ReducerContext, alarm: Alarm): void {
  ctx.db.seen.insert({ id: 0, what: "rang " + alarm.text, who: ctx.sender });
}

@reducer export function setAlarm(ctx: ReducerContext, text: string): void {
  ctx.db.alarm.insert({ scheduledId: 0, scheduledAt: ScheduleAt.time(ctx.timestamp), text });
  ctx.db.event.insert({ text });
}

@init export function start(ctx: ReducerContext): void {
  ctx.db.seen.insert({ id: 0, what: "init " + ctx.senderAuth.isInternal.toString(), who: ctx.sender });
}
@clientConnected function arrived(ctx: ReducerContext): void {
  const claims = ctx.senderAuth.jwt;
  log.info("connected " + (ctx.connectionId != null).toString() + " " + (claims != null && claims.subject.length > 0).toString());
}
@clientDisconnected function departed(ctx: ReducerContext): void { log.debug("disconnected"); }

@reducer({ name: "SayIt" }) export function say(ctx: ReducerContext): void { log.warn("said"); }
@reducer export function failByAssert(ctx: ReducerContext): void { assert(false, "an assert's text"); }
@reducer export function failByBareAssert(ctx: ReducerContext): void { assert(false); }
@reducer export function chance(ctx: ReducerContext): ReducerResult {
  const a = ctx.newUuidV7();
  const b = ctx.newUuidV7();
  return err((a != b).toString() + (ctx.random.range<u32>(3, 4) == 3).toString() + (ctx.newUuidV4() != ctx.newUuidV4()).toString());
}

@view export function mine(ctx: ViewContext): Seen[] {
  const found: Seen[] = [];
  const rows = ctx.db.seen.iter();
  while (rows.next()) if (rows.value.who == ctx.sender) found.push(rows.value);
  return found;
}
@view export function first(ctx: AnonymousViewContext): Seen | null { return ctx.db.seen.id.find(1); }
@view export function boxed(ctx: AnonymousViewContext): Option<Seen> { return Option.none<Seen>(); }
@view({ name: "Leaders" }) export function best(ctx: AnonymousViewContext): Query<Player> {
  const from = ctx.from.player;
  return from.where(from.cols.score.gte(0).and(from.cols.name.ne("o'neil"))).where(from.cols.team.lt(2));
}
@view export function joined(ctx: ViewContext): Query<Seen> {
  const seen = ctx.from.seen;
  return ctx.from.player.rightSemijoin(seen, ctx.from.player.cols.id.eqColumn(seen.cols.id)).where(seen.cols.who.eq(ctx.sender));
}

@procedure export function add(ctx: ProcedureContext, a: u32, b: u32): u32 { return a + b; }
@procedure export function nothing(ctx: ProcedureContext): void {}
@procedure export function describe(ctx: ProcedureContext, shape: Shape | null): Segment {
  const zero: Point = { x: 0, y: 0 };
  return { from: zero, to: zero, label: shape ? shape.tag.toString() : null };
}
@procedure export function twoTransactions(ctx: ProcedureContext): u64 {
  const kept = ctx.beginTx();
  kept.db.seen.insert({ id: 0, what: "kept", who: kept.sender });
  kept.commit();
  const lost = ctx.beginTx();
  lost.db.seen.insert({ id: 0, what: "lost", who: ctx.sender });
  lost.rollback();
  const before = ctx.timestamp;
  const later = ctx.sleep(TimeDuration.fromMillis(2));
  const tx = ctx.beginTx();
  const count = tx.db.seen.count();
  tx.commit();
  return later.micros > before.micros && later == ctx.timestamp ? count : 0;
}
@procedure export function fetchOwn(ctx: ProcedureContext, url: string): string {
  const answer = ctx.http.get(url);
  const error = answer.error;
  if (error !== null) return "failed";
  return answer.response.code.toString() + " " + answer.response.text();
}

@httpHandler({ method: "POST", path: "/echo" })
@httpHandler({ path: "/any" })
export function echo(ctx: HandlerContext, request: HttpRequest): HttpResponse {
  const tx = ctx.beginTx();
  const count = tx.db.answer.count();
  tx.commit();
  return HttpResponse.ofText(request.text() + "!" + (count >= 0 ? "" : "?"), 201);
}

@table({ accessor: "secret", access: "public" })
export class Secret { @index owner: Identity; text: string; }
@rowFilter const own = "SELECT * FROM secret WHERE owner = :sender";
@reducer export function hide(ctx: ReducerContext, text: string): void { ctx.db.secret.insert({ owner: ctx.sender, text }); }
`;

export const everything: string = importAll + types + columns + indexes + calls;
