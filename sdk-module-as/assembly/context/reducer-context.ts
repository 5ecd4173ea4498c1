// What a reducer gets.
import { CallContext } from "./call-context";
import { SenderAuth } from "./sender-auth";
import { Tables } from "./tables";

export class ReducerContext extends CallContext {
  /** The tables. Everything a reducer does is one transaction. */
  get db(): Tables {
    return changetype<Tables>(0);
  }

  /** What the caller's token says. */
  get senderAuth(): SenderAuth {
    return new SenderAuth(this.c0, this.c1);
  }
}

/** Reducers run one after another in an instance: one context is enough. */
const context: ReducerContext = new ReducerContext();

/** For the generated code: the context of the call that begins. */
export function reducerContext(
  s0: u64,
  s1: u64,
  s2: u64,
  s3: u64,
  c0: u64,
  c1: u64,
  micros: i64,
): ReducerContext {
  context.begin(s0, s1, s2, s3, c0, c1, micros);
  return context;
}
