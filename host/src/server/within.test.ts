import { LightconeError } from "@lightcone/abi";
import { test } from "tap";
import { confirmedWithin, settledWithin } from "./within.ts";

const noop = (): void => undefined;

void test("what comes in time is passed on, as it is", async (t) => {
  const refusal = new LightconeError("LC_PUBLISH_REFUSED", "no");
  for (const millis of [undefined, 60_000]) {
    t.equal(await confirmedWithin(Promise.resolve("created"), millis), "created");
    await t.rejects(confirmedWithin(Promise.reject(refusal), millis), refusal);
  }
});

void test("who has waited long enough is told so, and what comes later is nobody's", async (t) => {
  let fail: (error: Error) => void = () => undefined;
  const publishing = new Promise<string>((_resolve, reject) => {
    fail = reject;
  });
  await t.rejects(confirmedWithin(publishing, 1), {
    code: "LC_PUBLISH_UNCONFIRMED",
    message: /within 1 ms/,
  });
  // Would end the process if nobody had taken it.
  fail(new Error("the disk failed"));
  await t.rejects(publishing, { message: "the disk failed" });
});

void test("a failure and a delay are nothing", async (t) => {
  t.equal(await settledWithin(Promise.resolve(7), 60_000), 7);
  t.equal(await settledWithin(Promise.reject(new Error("no")), 60_000), undefined);
  t.equal(await settledWithin(new Promise<number>(noop), 1), undefined);
});
