// A to-do list. Everybody has tasks of their own, which nobody else sees, and may take a name, which
// everybody sees.
import {
  Identity,
  ReducerContext,
  ReducerResult,
  Timestamp,
  ViewContext,
  err,
  log,
  ok,
} from "@lightcone/sdk-module-as";

const titleLengthMax = 200;

@table({ access: "public" })
export class Person {
  @primaryKey identity: Identity;
  @unique name: string;
  online: bool;
}

// Private: clients see of it what the view below shows.
@table({ access: "private" })
@index({ accessor: "byOwnerDone", columns: ["owner", "done"] })
export class Task {
  @primaryKey @autoInc id: u64;
  owner: Identity;
  done: bool;
  created: Timestamp;
  title: string;
}

@init
export function init(ctx: ReducerContext): void {
  log.info("the list is open");
}

@clientConnected
export function clientConnected(ctx: ReducerContext): void {
  setOnline(ctx, true);
}

@clientDisconnected
export function clientDisconnected(ctx: ReducerContext): void {
  setOnline(ctx, false);
}

/** Takes a name, which nobody else may have. */
@reducer
export function setName(ctx: ReducerContext, name: string): ReducerResult {
  if (name.length == 0) return err("a name must not be empty");
  const holder = ctx.db.person.name.find(name);
  if (holder != null && holder.identity != ctx.sender) return err(`${name} is taken`);
  const person: Person = { identity: ctx.sender, name, online: true };
  if (ctx.db.person.identity.find(ctx.sender) == null) ctx.db.person.insert(person);
  else ctx.db.person.identity.update(person);
  return ok();
}

@reducer
export function add(ctx: ReducerContext, title: string): ReducerResult {
  if (title.length == 0) return err("a task needs a title");
  if (title.length > titleLengthMax) return err(`a title has at most ${titleLengthMax} characters`);
  // The id 0 asks the host for the next one.
  ctx.db.task.insert({ id: 0, owner: ctx.sender, done: false, created: ctx.timestamp, title });
  return ok();
}

@reducer
export function finish(ctx: ReducerContext, id: u64): ReducerResult {
  const task = ctx.db.task.id.find(id);
  if (task == null || task.owner != ctx.sender) return err(`you have no task ${id}`);
  task.done = true;
  ctx.db.task.id.update(task);
  return ok();
}

/** Removes the tasks that are done. */
@reducer
export function tidyUp(ctx: ReducerContext): void {
  const count = ctx.db.task.byOwnerDone.delete2(ctx.sender, true);
  log.info(`${count} tasks removed`);
}

/** The caller's tasks. With a primary key clients are told of changed rows, not of one gone and one new. */
@view({ primaryKey: "id" })
export function myTasks(ctx: ViewContext): Task[] {
  return ctx.db.task.byOwnerDone.filter(ctx.sender).toArray();
}

function setOnline(ctx: ReducerContext, online: bool): void {
  const person = ctx.db.person.identity.find(ctx.sender);
  if (person == null) return;
  person.online = online;
  ctx.db.person.identity.update(person);
}
