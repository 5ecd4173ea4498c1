import { decodeClientMessage, Reader } from "@lightcone/abi";
import { test } from "tap";
import { echoExchange, transferExchange } from "./exchange.ts";
import { argumentBytes, drawPairs, encodeArguments, transferFrames } from "./frames.ts";

/** Undoes the mask of a whole frame and yields its message. */
function unmask(frame: Uint8Array): Uint8Array {
  const length = (frame[1] ?? 0) & 0x7f;
  const mask = frame.subarray(2, 6);
  return frame.slice(6, 6 + length).map((byte, i) => byte ^ (mask[i % 4] ?? 0));
}

void test("arguments are those of the pairs", (t) => {
  const pairs = drawPairs(1.5);
  const args = encodeArguments(pairs);
  const view = new DataView(args.buffer, args.byteOffset, args.byteLength);
  t.equal(args.length, pairs.from.length * argumentBytes);
  for (const i of [0, 1, 77_777, pairs.from.length - 1]) {
    t.equal(view.getUint32(i * argumentBytes, true), pairs.from[i]);
    t.equal(view.getUint32(i * argumentBytes + 4, true), pairs.to[i]);
    t.equal(view.getBigInt64(i * argumentBytes + 8, true), 1n);
  }
  t.end();
});

void test("a frame is a masked call with its request id", (t) => {
  const frames = transferFrames(0);
  const pairs = drawPairs(0);
  const target = new Uint8Array(3 + frames.frameBytes);
  for (const [i, requestId] of [
    [0, 0],
    [5, 1],
    [frames.count - 1, 0xfedcba98],
  ] as const) {
    frames.copy(i, requestId, target, 3);
    const frame = target.subarray(3);
    t.equal(frame[0], 0x82, "final and binary");
    t.equal(frame[1], 0x80 | (frames.frameBytes - 6), "masked, with its length");
    const message = unmask(frame);
    const call = decodeClientMessage(new Reader(message));
    t.match(call, { kind: "callReducer", requestId, name: "transfer" });
    const view = new DataView(message.buffer, message.length - argumentBytes);
    t.equal(view.getUint32(0, true), pairs.from[i]);
    t.equal(view.getUint32(4, true), pairs.to[i]);
  }
  t.end();
});

void test("an echo is read as it was sent", (t) => {
  const exchange = echoExchange();
  const frame = new Uint8Array(exchange.frames.frameBytes);
  exchange.frames.copy(3, 123_456_789, frame, 0);
  const message = unmask(frame);
  t.equal(message.length, 60);
  t.equal(exchange.read(message), "committed");
  t.equal(exchange.requestId(message), 123_456_789);
  t.end();
});

void test("answers of the host are read as far as the load needs them", (t) => {
  const exchange = transferExchange(0);
  const answer = (tag: number, outcome: number): Uint8Array =>
    Uint8Array.of(0, tag, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, outcome);
  t.equal(exchange.read(answer(6, 0)), "committed");
  t.equal(exchange.read(answer(6, 1)), "committed");
  t.equal(exchange.read(answer(6, 2)), "refused");
  t.equal(exchange.read(answer(6, 3)), "refused");
  t.equal(exchange.read(answer(0, 0)), "other");
  t.equal(exchange.requestId(answer(6, 0)), 0x04030201);
  t.end();
});
