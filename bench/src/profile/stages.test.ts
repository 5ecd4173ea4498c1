import type { Profiler } from "node:inspector";
import { test } from "tap";
import { stageTimes } from "./stages.ts";

const host = "file:///home/x/node_modules/../host/dist/src";
const abi = "file:///home/x/abi/dist/src";

/** A profile of one stack, outermost first, whose innermost function ran for 10 microseconds. */
function profileOf(stack: readonly (readonly [name: string, url: string])[]): Profiler.Profile {
  const nodes = stack.map(([functionName, url], i) => ({
    id: i + 1,
    callFrame: { functionName, url, scriptId: "0", lineNumber: 0, columnNumber: 0 },
    children: i + 1 < stack.length ? [i + 2] : [],
  }));
  const leaf = stack.length;
  return { nodes, startTime: 0, endTime: 10, samples: [leaf, leaf], timeDeltas: [0, 10] };
}

void test("a sample belongs to the innermost function that serves one stage", (t) => {
  const check = (stack: readonly (readonly [string, string])[], stage: string): void => {
    const times = stageTimes(profileOf([["(root)", ""], ...stack]));
    const found = Object.entries(times).filter(([, micros]) => micros > 0);
    t.same(found, [[stage, 10]], stack.map(([name]) => name).join(" > "));
  };
  const call = ["runCall", `${host}/database/call.js`] as const;
  const commit = ["commit", `${host}/database/call.js`] as const;
  const module = ["wasm-function[3]", "wasm://wasm/00068276"] as const;
  const update = ["update", `${host}/datastore/table.js`] as const;
  const bytes = ["reserve", `${abi}/bytes/writer.js`] as const;

  check([call], "call");
  check([call, module], "call");
  check([call, module, ["wasm-to-js:iii:i", "wasm://wasm/1"]], "imports");
  check(
    [call, module, ["datastore_update_bsatn", `${host}/module/imports/datastore-write.js`], update],
    "imports",
  );
  check([call, commit, update], "commit");
  check([call, commit, ["encodeCommit", `${host}/log/segment.js`], bytes], "log");
  check([["admitCall", `${host}/database/call.js`]], "decode");
  check([["decodeClientMessage", `${abi}/wire/v2-client.js`]], "frame");
  check([["startLoop", "file:///home/x/node_modules/ws/lib/receiver.js"]], "frame");
  check([["send", `${host}/session/outbox.js`], bytes], "encode");
  check(
    [
      ["#receive", `${host}/server/worker-link.js`],
      ["openSlab", `${host}/session/slab.js`],
      ["writeUtf8", "node:net"],
    ],
    "send",
  );
  check(
    [
      ["onStreamRead", "node:internal/stream_base_commons"],
      ["push", "node:stream"],
    ],
    "frame",
  );
  check([["toString", "node:buffer"]], "other");
  check([["(idle)", ""]], "idle");
  check([["(garbage collector)", ""]], "gc");
  check([["(program)", ""]], "runtime");
  t.end();
});
