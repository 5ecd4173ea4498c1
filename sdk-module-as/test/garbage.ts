// A module whose one reducer allocates in every way that reducers do.
import { importAll } from "./rig.ts";

export const garbage: string = `${importAll}
@table class Row { @primaryKey @autoInc id: u64; text: string; }

let last: Row | null = null;

@reducer function churn(ctx: ReducerContext, text: string): ReducerResult {
  const rows = ctx.db.row;
  const first = rows.id.find(42);
  if (!first) return err("not found");
  first.text = text + " " + ctx.timestamp.micros.toString() + " " + ctx.sender.toHex();
  rows.id.update(first);
  const made = rows.insert({ id: 0, text: "made" });
  if (made.id != 99) return err("no id");
  const all = rows.iter().toArray();
  if (all.length != 3) return err("wrong count");
  // One that is left open.
  const open = rows.iter();
  open.next();
  // Something that outlives the call.
  last = all[1];
  const words = text.split("l");
  return words.length == 3 ? ok() : err("wrong split");
}
`;
