// A module that does everything of which the host double has an opinion. What a reducer saw, it leaves in
// the table `answer`.
import {
  err,
  HandlerContext,
  HttpRequest,
  HttpResponse,
  log,
  ok,
  Option,
  ProcedureContext,
  Range,
  ReducerContext,
  ReducerResult,
  ViewContext,
  AnonymousViewContext,
} from "@lightcone/sdk-module-as";

@table({ access: "public" })
export class Item {
  @primaryKey @autoInc id: u64;
  @index group: u32;
  @unique name: string;
  text: string;
}

@table({ accessor: "pair" })
@index({ accessor: "byBoth", columns: ["left", "right"] })
export class Pair {
  left: u32;
  right: string;
}

@table({ accessor: "answer" })
export class Answer {
  @primaryKey about: string;
  text: string;
}

function answer(ctx: ReducerContext, about: string, text: string): void {
  ctx.db.answer.about.delete(about);
  ctx.db.answer.insert({ about, text });
}

@reducer export function fill(ctx: ReducerContext, count: u32, size: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const row = ctx.db.item.insert({
      id: 0,
      group: i % 3,
      name: "n" + i.toString(),
      text: "x".repeat(size),
    });
    assert(row.id == i + 1, "the id comes back");
    ctx.db.pair.insert({ left: i % 2, right: "r" + i.toString() });
  }
}

@reducer export function readAll(ctx: ReducerContext): void {
  let text = ctx.db.item.count().toString();
  const rows = ctx.db.item.iter();
  while (rows.next()) text += " " + rows.value.name + ":" + rows.value.text.length.toString();
  assert(!rows.next(), "the end stays the end");
  answer(ctx, "all", text);
}

@reducer export function readNothing(ctx: ReducerContext): void {
  const rows = ctx.db.item.group.filter(99);
  answer(ctx, "nothing", rows.next() ? "something" : "nothing");
  rows.close();
  rows.close();
}

@reducer export function leaveOpen(ctx: ReducerContext): void {
  ctx.db.item.iter();
  const rows = ctx.db.item.iter();
  rows.next();
  const others = ctx.db.pair.iter();
  others.next();
  const closed = ctx.db.item.iter();
  closed.next();
  closed.close();
  closed.close();
  assert(!closed.next(), "a closed one has no rows");
}

@reducer export function leaveOpenAndFail(ctx: ReducerContext): ReducerResult {
  const rows = ctx.db.item.iter();
  rows.next();
  return err("größe".repeat(50));
}

@reducer export function readWithin(ctx: ReducerContext): void {
  let text = "";
  const rows = ctx.db.item.iter();
  while (rows.next()) {
    const row = rows.value;
    const others = ctx.db.item.group.filter(row.group);
    while (others.next()) {
      const found = ctx.db.item.id.find(others.value.id);
      if (found && found.name == row.name) text += row.name;
    }
  }
  answer(ctx, "within", text);
}

@reducer export function changeWhileReading(ctx: ReducerContext): void {
  let count = 0;
  const rows = ctx.db.item.iter();
  while (rows.next()) {
    const row = rows.value;
    row.text = "changed";
    ctx.db.item.id.update(row);
    if (row.id % 2 == 0) ctx.db.item.delete(row);
    count++;
  }
  answer(ctx, "changed", count.toString() + " " + ctx.db.item.count().toString());
}

@reducer export function search(ctx: ReducerContext): void {
  let text = "";
  const between = ctx.db.item.id.range(Range.between<u64>(2, 4));
  while (between.next()) text += between.value.id.toString();
  const pairs = ctx.db.pair.byBoth.range2(1, Range.after("r1"));
  while (pairs.next()) text += " " + pairs.value.right;
  const both = ctx.db.pair.byBoth.filter2(0, "r2");
  while (both.next()) text += " " + both.value.right;
  const byName = ctx.db.item.name.find("n1");
  text += byName ? " " + byName.id.toString() : " none";
  text += ctx.db.item.name.find("absent") ? " some" : " none";
  answer(ctx, "search", text);
}

@reducer export function remove(ctx: ReducerContext): void {
  let text = ctx.db.item.group.delete(0).toString();
  text += ctx.db.item.id.delete(2) ? " gone" : " absent";
  text += ctx.db.item.id.delete(2) ? " gone" : " absent";
  text += " " + ctx.db.pair.byBoth.delete(1).toString();
  text += " " + ctx.db.pair.clear().toString() + " " + ctx.db.item.count().toString();
  answer(ctx, "remove", text);
}

@reducer export function twice(ctx: ReducerContext): void {
  const first = ctx.db.item.tryInsert({ id: 0, group: 0, name: "same", text: "" });
  const second = ctx.db.item.tryInsert({ id: 0, group: 0, name: "same", text: "" });
  answer(ctx, "twice", first.isOk.toString() + " " + second.error.toString());
}

@reducer export function echo(ctx: ReducerContext, text: string, list: u32[], maybe: Option<u64>): void {
  let sum: u64 = maybe.isSome ? maybe.value : 0;
  for (let i = 0; i < list.length; i++) sum += list[i];
  answer(ctx, "echo", text + sum.toString());
}

@reducer export function claims(ctx: ReducerContext): void {
  const jwt = ctx.senderAuth.jwt;
  answer(ctx, "claims", jwt ? jwt.subject + jwt.audience.join() : "none");
}

@reducer export function speak(ctx: ReducerContext, text: string): void {
  log.info(text);
  log.timer(text).end();
}

@reducer export function fall(ctx: ReducerContext): void {
  const rows = ctx.db.item.iter();
  rows.next();
  throw new Error("fallen");
}

@view({ name: "all_items" }) export function allItems(ctx: AnonymousViewContext): Item[] {
  return ctx.db.item.iter().toArray();
}

@view({ name: "one_item" }) export function oneItem(ctx: ViewContext): Item | null {
  const rows = ctx.db.item.iter();
  rows.next();
  // The views run while a procedure commits: much garbage, so that what is wrongly freed is written over.
  let garbage: string[] = [];
  for (let i = 0; i < 200; i++) garbage.push("garbage".repeat(i));
  return ctx.db.item.id.find(1);
}

@procedure export function commits(ctx: ProcedureContext, count: u32): string {
  let text = "";
  for (let i: u32 = 0; i < count; i++) {
    const tx = ctx.beginTx();
    const kept = "kept" + i.toString();
    const rows = tx.db.item.iter();
    rows.next();
    tx.db.item.insert({ id: 0, group: 7, name: kept, text: kept });
    tx.commit();
    text += kept;
  }
  const tx = ctx.beginTx();
  tx.db.item.clear();
  tx.rollback();
  return text + ctx.timestamp.micros.toString();
}

@procedure export function fetches(ctx: ProcedureContext, url: string): string {
  const answer = ctx.http.post(url, "asked");
  const error = answer.error;
  if (error) return "error " + error;
  return answer.response.code.toString() + " " + answer.response.text();
}

@httpHandler({ method: "POST", path: "/hello" })
export function hello(ctx: HandlerContext, request: HttpRequest): HttpResponse {
  return HttpResponse.ofText(request.uri + " " + request.text(), 201);
}
