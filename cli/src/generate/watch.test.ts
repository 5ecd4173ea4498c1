// Watching a source: what is told, and how often.
import { LightconeError } from "@lightcone/abi";
import { test } from "tap";
import { CommandError } from "../exit.ts";
import type { Found } from "./source.ts";
import { watchSource } from "./watch.ts";

/** What successive looks find (`!` is nothing to be found), and what is told of that; the watch ends after the last. */
const runs: Record<string, readonly [looks: string, told: string]> = {
  "nothing changes": ["aaaa", "a"],
  "a change is told once it has settled": ["abbb", "a b"],
  "pieces of a file are not": ["abcdd", "a d"],
  "back to what it was": ["abaa", "a"],
  "there and back again": ["abbaa", "a b a"],
  "gone for a while": ["a!!bb", "a !gone b"],
  "gone, and back as it was": ["a!!aa", "a !gone"],
  "one that cannot be used": ["axxxbb", "a !useless b"],
};

async function watchAll(looks: string): Promise<string> {
  const told: string[] = [];
  const stop = new AbortController();
  let at = 0;
  const look = async (): Promise<Found> => {
    const stamp = looks[at++] ?? "";
    if (at >= looks.length) stop.abort();
    if (stamp === "!") throw new CommandError("usage", "gone", "");
    return {
      stamp,
      definition: () => {
        throw new Error("not asked for");
      },
    };
  };
  await watchSource({
    look,
    onFound: ({ stamp }) => {
      if (stamp === "x") throw new LightconeError("LC_MODULE_INVALID", "useless");
      told.push(stamp);
    },
    onFault: ({ message }) => told.push(`!${message}`),
    intervalMillis: 0,
    stop: stop.signal,
  });
  return told.join(" ");
}

for (const [title, [looks, told]] of Object.entries(runs)) {
  void test(title, async (t) => {
    t.equal(await watchAll(looks), told);
  });
}

void test("what is wrong at once is thrown, and so is what nobody expected", async (t) => {
  await t.rejects(watchAll("!aa"), { message: "gone" });
  await t.rejects(watchAll("xaa"), { code: "LC_MODULE_INVALID" });
  const found: Found = {
    stamp: "a",
    definition: () => {
      throw new Error("not asked for");
    },
  };
  let count = 0;
  const look = async (): Promise<Found> => {
    if (count++ > 0) throw new TypeError("a bug");
    return found;
  };
  const options = { look, onFound: () => undefined, onFault: () => undefined, intervalMillis: 0 };
  await t.rejects(watchSource({ ...options, stop: new AbortController().signal }), /a bug/);
});
