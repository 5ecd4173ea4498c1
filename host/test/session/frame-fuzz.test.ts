// Frames that were good before some bytes of them changed, in every protocol: each is answered or closes its socket, and the database
// goes on.
import {
  type Subprotocol,
  subprotocols,
  type V1ClientMessage,
  writeCallProcedure,
  writeCallReducer,
  writeOneOffQuery,
  Writer,
  writeSubscribe,
  writeUnsubscribe,
  writeV1ClientMessage,
} from "@lightcone/abi";
import { Rng } from "@lightcone/fixtures/rng";
import { readWasm } from "@lightcone/fixtures/wasm";
import { test } from "tap";
import { owner, TestHost } from "../../src/session/test-client.ts";
import { only, V1TestClient } from "../../src/session/v1/test-client.ts";
import { testSeeds } from "../datastore/seeds.ts";

interface Frame {
  readonly bytes: Uint8Array;
  readonly isText: boolean;
}

const query = "SELECT * FROM item WHERE id = 1";
const args = Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 0, 0x61);
const places = { argsStart: 0, argsEnd: 0, argsJson: undefined };

function written(write: (writer: Writer) => void): Frame {
  const writer = new Writer();
  write(writer);
  return { bytes: writer.finish(), isText: false };
}

const v2Frames: readonly Frame[] = [
  written((writer) => writeSubscribe(writer, 1, 2, [query, "SELECT * FROM *"])),
  written((writer) => writeUnsubscribe(writer, 1, 2, true)),
  written((writer) => writeOneOffQuery(writer, 1, query)),
  written((writer) => writeCallReducer(writer, 1, "upsert", args)),
  written((writer) => writeCallProcedure(writer, 1, "nobody", args)),
];

const v1Messages: readonly V1ClientMessage[] = [
  { kind: "callReducer", requestId: 1, name: "upsert", ...places, isSilent: false },
  { kind: "subscribe", requestId: 1, queries: [query] },
  { kind: "subscribeSingle", requestId: 1, queryId: 1, queries: [query] },
  { kind: "subscribeMulti", requestId: 1, queryId: 2, queries: [query, "SELECT * FROM *"] },
  { kind: "unsubscribe", requestId: 1, queryId: 1 },
  { kind: "unsubscribeMulti", requestId: 1, queryId: 2 },
  { kind: "oneOffQuery", messageId: Uint8Array.of(1), query },
  { kind: "callProcedure", requestId: 1, name: "nobody", ...places, isSilent: false },
];

const ids = { request_id: 1, query_id: { id: 1 } };
const texts: readonly object[] = [
  { CallReducer: { reducer: "upsert", args: '[1,"a"]', request_id: 1, flags: 0 } },
  { Subscribe: { query_strings: [query], request_id: 1 } },
  { SubscribeMulti: { query_strings: [query, "SELECT * FROM *"], ...ids } },
  { Unsubscribe: ids },
  { UnsubscribeMulti: ids },
  { OneOffQuery: { message_id: "aabb", query_string: query } },
];

const v1Frames: readonly Frame[] = [
  ...v1Messages.map((message) => written((writer) => writeV1ClientMessage(writer, message, args))),
  ...texts.map((text) => ({ bytes: Buffer.from(JSON.stringify(text)), isText: true })),
];

/** A good frame, or two of v3, with some bytes changed, lost, or doubled. */
function mutated(rng: Rng, frames: readonly Frame[]): Frame {
  const pick = (): Frame => frames[rng.nextBelow(frames.length)] as Frame;
  const { bytes, isText } = pick();
  const changed = [...bytes, ...(rng.nextBelow(4) === 0 ? pick().bytes : [])];
  for (let count = rng.nextBelow(4); count > 0; count--) {
    const at = rng.nextBelow(changed.length + 1);
    const what = rng.nextBelow(3);
    changed.splice(at, what === 0 ? 0 : 1, ...(what === 1 ? [] : [rng.nextBelow(256)]));
  }
  return { bytes: Uint8Array.from(changed), isText };
}

async function run(seed: number, protocol: Subprotocol): Promise<string[]> {
  const rng = new Rng(seed);
  const host = new TestHost();
  const service = await host.open();
  await service.publish(readWasm("probe"), owner);
  let socket = 1;
  let client = new V1TestClient(host, socket, "somebody", { protocol, compression: "Gzip" });
  const frames = protocol.startsWith("v1") ? v1Frames : v2Frames;
  for (let step = 0; step < 400; step++) {
    const { bytes, isText } = mutated(rng, frames);
    const ends = host.closed.length;
    client.raw(bytes, isText);
    client.payloads();
    if (host.closed.length === ends) continue;
    client = new V1TestClient(host, ++socket, "somebody", { protocol, compression: "Gzip" });
  }
  const last = new V1TestClient(host, ++socket, "last");
  last.take();
  only(last.call("whoami"), "transactionUpdate");
  const codes = host.closed.filter(({ code }) => code !== 1011 && code !== 1013);
  return [...host.failures, ...codes.map(({ code, reason }) => `${code} ${reason}`)];
}

void test("mutated frames in every protocol", async (t) => {
  for (const protocol of subprotocols) {
    for (const seed of testSeeds(2)) t.same(await run(seed, protocol), [], `${protocol} ${seed}`);
  }
});
