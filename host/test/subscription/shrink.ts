// Cuts a script that fails down to what it fails by, and prints it so that a reader can follow.
import { kinds } from "./kinds.ts";
import { type Action, type Change, queryText, type Row, type Script } from "./script.ts";

/** Whether a script still fails. */
type Fails = (script: Script) => boolean;

/** Leaves out as many items as it can: large runs of them first, then single ones. */
function shrinkList<T>(items: readonly T[], fails: (items: readonly T[]) => boolean): readonly T[] {
  let left = items;
  for (let size = Math.ceil(left.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < left.length;) {
      const without = [...left.slice(0, at), ...left.slice(at + size)];
      if (fails(without)) left = without;
      else at += size;
    }
  }
  return left;
}

/** Shrinks the lists inside one action. */
function shrinkAction(action: Action, fails: (action: Action) => boolean): Action {
  if (action.kind === "commit") {
    const changes = shrinkList(action.changes, (list) => fails({ ...action, changes: list }));
    return { ...action, changes };
  }
  if (action.kind !== "subscribe") return action;
  const queries = shrinkList(action.queries, (list) => fails({ ...action, queries: list }));
  return { ...action, queries };
}

/** A script that fails as the given one does, with nothing in it that it could do without. */
export function shrink(script: Script, fails: Fails): Script {
  const actions = shrinkList(script.actions, (list) => fails({ ...script, actions: list }));
  let shrunk: Script = { ...script, actions };
  actions.forEach((_, i) => {
    const withAction = (action: Action): Script => ({
      ...shrunk,
      actions: shrunk.actions.map((each, j) => (j === i ? action : each)),
    });
    shrunk = withAction(
      shrinkAction(shrunk.actions[i] as Action, (action) => fails(withAction(action))),
    );
  });
  const rules = shrinkList(shrunk.rules, (list) => fails({ ...shrunk, rules: list }));
  return { ...shrunk, rules };
}

/** A script as text. */
export function describe(script: Script): string {
  const { tables, views, rules, actions, clients } = script;
  const sql = (query: Parameters<typeof queryText>[1]): string => queryText(script, query);
  return [
    ...tables.map(({ name, columns, indexes, unique, isPrivate, isEvent }) => {
      const shown = columns.map((column) => `${column.name} ${column.kind}`).join(", ");
      const kind = `${isPrivate ? "private " : ""}${isEvent ? "event " : ""}`;
      return `${kind}${name}(${shown}) indexes ${JSON.stringify(indexes)} unique ${JSON.stringify(unique)}`;
    }),
    ...views.map(({ behaviour, ...view }) =>
      JSON.stringify(
        behaviour.kind === "query"
          ? { ...view, returns: sql(behaviour.query) }
          : { ...view, behaviour },
      ),
    ),
    ...rules.map(({ query }) => `rule: ${sql(query)}`),
    ...clients.map(({ caller, isOwner }, i) =>
      isOwner ? `client ${i}: caller ${caller}, the owner` : `client ${i}: caller ${caller}`,
    ),
    ...actions.map((action) => {
      switch (action.kind) {
        case "subscribe":
          return `client ${action.client} subscribes ${action.set}: ${action.queries.map(sql).join("; ")}`;
        case "unsubscribe":
          return `client ${action.client} unsubscribes ${action.set}`;
        case "update":
          return `the program is updated, tables ${action.tables.join()}`;
        case "disconnect":
          return `client ${action.client} disconnects`;
        case "ask":
          return `client ${action.client} asks: ${sql(action.query)}`;
        case "commit": {
          const changes = action.changes.map((change) => describeChange(script, change)).join("; ");
          return `${action.isRolledBack ? "roll back" : "commit"}: ${changes}`;
        }
      }
    }),
  ].join("\n");
}

function describeChange({ tables }: Script, change: Change): string {
  const { name = "", columns = [] } = tables[change.table] ?? {};
  const rowText = (row: Row): string =>
    row
      .map((cell, i) => {
        const kind = columns[i]?.kind ?? "u32";
        return kinds[kind].cells[cell]?.literal ?? `${kind} number ${cell}`;
      })
      .join(", ");
  if ("row" in change) return `${change.kind} ${name} (${rowText(change.row)})`;
  return "place" in change ? `${change.kind} ${name} row ${change.place}` : `clear ${name}`;
}
