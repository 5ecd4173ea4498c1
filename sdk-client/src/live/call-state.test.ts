import { test } from "tap";
import { Deferred } from "../deferred.ts";
import { CallState } from "./call-state.ts";

void test("pending, done, failed, reset", async (t) => {
  const state = new CallState();
  const answers: Deferred<string>[] = [];
  const call = state.bind((word: string) => {
    const answer = new Deferred<string>();
    answers.push(answer);
    return answer.promise.then((end) => word + end);
  });
  const first = call("a");
  const second = call("b");
  t.same(state.get(), { isPending: true, error: undefined });
  answers[0]?.resolve("!");
  t.same(await first, { ok: true, value: "a!" });
  t.equal(state.get().isPending, true, "another one is under way");
  const error = new Error("no");
  answers[1]?.reject(error);
  t.same(await second, { ok: false, error });
  t.same(state.get(), { isPending: false, error });

  const third = call("c");
  t.same(state.get(), { isPending: true, error: undefined }, "a new call forgets the error");
  state.reset();
  t.same(state.get(), { isPending: false, error: undefined });
  answers[2]?.reject(error);
  t.equal((await third).ok, false, "who awaits it is told");
  t.same(state.get(), { isPending: false, error: undefined }, "and nobody else");
});

void test("what is thrown at once, and what is no error", async (t) => {
  const state = new CallState();
  const bad = state.bind((): Promise<void> => {
    throw new TypeError("at once");
  });
  t.match(await bad(), { ok: false, error: { message: "at once" } });
  const text: unknown = "text";
  const worse = state.bind(() => Promise.reject<void>(text as Error));
  t.match(await worse(), { ok: false, error: { message: "text" } });
});
