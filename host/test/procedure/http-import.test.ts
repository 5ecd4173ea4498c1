// What a procedure is told of the HTTP requests it sends (abi.md section 5.9), with a client that answers as the test likes.
import { t as file, test } from "tap";
import { compileCodec, encode, Errno, exhausted, type Value } from "@lightcone/abi";
import type { HttpClient, HttpClientRequest, HttpOutcome } from "../../src/base/http/client.ts";
import { limit } from "../../src/base/limit.ts";
import { PlayerScript } from "./player.ts";
import {
  callProcedure,
  errorOf,
  eventually,
  openRig,
  resultsOf,
  type Rig,
  valueOf,
} from "./rig.ts";

// Code is made on a thread of its own, which takes its time on a busy machine.
file.setTimeout(180_000);

const utf8 = new TextEncoder();

/** Keeps what was sent, and answers when it is told to. */
class HeldClient implements HttpClient {
  readonly sent: HttpClientRequest[] = [];
  readonly answers: ((outcome: HttpOutcome) => void)[] = [];
  cancelCount = 0;

  send(request: HttpClientRequest, done: (outcome: HttpOutcome) => void): () => void {
    this.sent.push(request);
    this.answers.push(done);
    return () => {
      this.cancelCount++;
    };
  }
}

/** Request by hand: method tag, no headers or one, timeout, uri, HTTP/1.1. */
function requestBytes(
  tag: number,
  uri: string,
  { timeout, extension }: { timeout?: bigint; extension?: string } = {},
): Uint8Array {
  const u32 = (value: number): number[] => [...new Uint8Array(Uint32Array.of(value).buffer)];
  const text = (value: string): number[] => [...u32(value.length), ...utf8.encode(value)];
  const micros = [...new Uint8Array(BigInt64Array.of(timeout ?? 0n).buffer)];
  return Uint8Array.from([
    tag,
    ...(extension === undefined ? [] : text(extension)),
    ...u32(2),
    ...text("x-a"),
    ...u32(1),
    0xff,
    ...text("x-a"),
    ...u32(0),
    ...(timeout === undefined ? [1] : [0, ...micros]),
    ...text(uri),
    2,
  ]);
}

const textCodec = compileCodec({ kind: "string" });
const textBytes = (text: Value): Uint8Array => encode(textCodec, text);

interface Asked {
  readonly script: PlayerScript;
  readonly out: number;
  readonly first: number;
  readonly second: number;
}

/** A script that sends a request and reads both sources. */
function ask(request: Uint8Array, body: Uint8Array): Asked {
  const script = new PlayerScript();
  const at = script.place(request);
  const bodyAt = script.place(body);
  const out = script.place(Uint8Array.of(9, 9, 9, 9, 9, 9, 9, 9));
  const [first, second] = [script.place(new Uint8Array(64)), script.place(new Uint8Array(64))];
  script.call("procedure_http_request", at, request.length, bodyAt, body.length, out);
  // Source 1 was the script.
  script.call("bytes_source_read", 2, first, script.word(64));
  script.call("bytes_source_read", 3, second, script.word(64));
  return { script, out, first, second };
}

async function sentBy(rig: Rig, client: HeldClient, asked: Asked): Promise<void> {
  const { length } = client.sent;
  rig.client.procedure("play", asked.script.encode());
  await eventually(() => (client.sent.length > length ? true : undefined));
}

function answered(rig: Rig, client: HeldClient, outcome: HttpOutcome): Uint8Array {
  client.answers.shift()?.(outcome);
  const [result] = resultsOf(rig.host.take(1));
  if (result === undefined) throw new Error("no result");
  return valueOf(result);
}

const numbers = (script: PlayerScript, value: Uint8Array): number[] =>
  script.results(value).map(Number);

void test("a request as it is sent, and its response", async (t) => {
  const client = new HeldClient();
  const rig = await openRig(undefined, client);
  const asked = ask(requestBytes(2, "http://a.example/?q"), utf8.encode("body"));
  await sentBy(rig, client, asked);
  t.match(client.sent[0], {
    method: "POST",
    url: "http://a.example/?q",
    timeoutMillis: limit.httpTimeoutMillisDefault,
  });
  t.same(client.sent[0]?.headers, [
    { name: "x-a", value: Uint8Array.of(0xff) },
    { name: "x-a", value: new Uint8Array(0) },
  ]);
  t.same(client.sent[0]?.body, utf8.encode("body"));
  rig.client.call("add", { id: 1 });
  t.same(rig.items(), [1], "reducers go on");
  rig.host.take(1);
  const value = answered(rig, client, {
    kind: "response",
    response: {
      status: 418,
      httpVersion: "1.0",
      headers: [{ name: "b", value: Uint8Array.of(7) }],
      body: utf8.encode("tea"),
    },
  });
  t.same(numbers(asked.script, value), [0, exhausted, exhausted]);
  t.same(asked.script.bytes(value, asked.out, 8), [2, 0, 0, 0, 3, 0, 0, 0]);
  const head = [1, 0, 0, 0, 1, 0, 0, 0, 98, 1, 0, 0, 0, 7, 1, 0xa2, 1];
  t.same(asked.script.bytes(value, asked.first, head.length), head);
  t.same(asked.script.bytes(value, asked.second, 3), utf8.encode("tea"));
});

void test("no body has no source; an error has its text and leaves the second word", async (t) => {
  const client = new HeldClient();
  const rig = await openRig(undefined, client);
  const empty = ask(requestBytes(0, "http://a.example/"), new Uint8Array(0));
  await sentBy(rig, client, empty);
  const response = { status: 204, httpVersion: "1.1", headers: [], body: new Uint8Array(0) };
  const value = answered(rig, client, { kind: "response", response });
  t.same(numbers(empty.script, value), [0, exhausted, Errno.noSuchBytes]);
  t.same(empty.script.bytes(value, empty.out, 8), [2, 0, 0, 0, 0, 0, 0, 0]);
  const failing = ask(requestBytes(0, "http://a.example/"), new Uint8Array(0));
  await sentBy(rig, client, failing);
  const failed = answered(rig, client, { kind: "failed", message: "no such host" });
  t.same(numbers(failing.script, failed), [Errno.httpError, exhausted, Errno.noSuchBytes]);
  t.same(failing.script.bytes(failed, failing.out, 8), [2, 0, 0, 0, 9, 9, 9, 9]);
  t.same(failing.script.bytes(failed, failing.first, 16), textBytes("no such host"));
});

void test("methods and timeouts", async (t) => {
  const client = new HeldClient();
  const rig = await openRig(undefined, client);
  const url = "http://a.example/";
  const cases: [Uint8Array, Partial<HttpClientRequest>][] = [
    [requestBytes(1, url), { method: "HEAD" }],
    [requestBytes(5, url), { method: "CONNECT" }],
    [requestBytes(7, url), { method: "TRACE" }],
    [requestBytes(9, url, { extension: "PURGE" }), { method: "PURGE" }],
    [requestBytes(0, url, { timeout: 1_500_000n }), { timeoutMillis: 1500 }],
    [requestBytes(0, url, { timeout: -1n }), { timeoutMillis: 0 }],
    [requestBytes(0, url, { timeout: 2n ** 62n }), { timeoutMillis: limit.httpTimeoutMillisMax }],
  ];
  for (const [bytes, expected] of cases) {
    await sentBy(rig, client, ask(bytes, new Uint8Array(0)));
    t.match(client.sent.at(-1), expected);
    answered(rig, client, { kind: "failed", message: "" });
  }
});

void test("refused before anything is sent, in this order", async (t) => {
  const client = new HeldClient();
  const off = await openRig();
  const on = await openRig(undefined, client);
  const good = requestBytes(0, "http://a.example/");
  const bad = good.subarray(0, -1);
  const cases: [string, Rig, Uint8Array, boolean, number][] = [
    ["switched off", off, bad, true, Errno.httpError],
    ["inside a transaction", on, bad, true, Errno.wouldBlockTransaction],
    ["no request", on, bad, false, Errno.bsatnDecodeError],
    ["no request at all", on, new Uint8Array(0), false, Errno.bsatnDecodeError],
  ];
  for (const [title, rig, request, isInside, expected] of cases) {
    const script = new PlayerScript();
    const room = script.place(new Uint8Array(8));
    if (isInside) script.call("procedure_start_mut_tx", room);
    const at = script.place(request);
    script.call("procedure_http_request", at, request.length, 0, 0, room);
    if (isInside) script.call("procedure_abort_mut_tx");
    const text = script.place(new Uint8Array(64));
    script.call("bytes_source_read", 2, text, script.word(64));
    const value = valueOf(await callProcedure(rig, "play", script.encode()));
    t.equal(numbers(script, value)[isInside ? 1 : 0], expected, title);
    if (expected !== Errno.httpError) continue;
    const told = textBytes("module outbound HTTP requests are disabled");
    t.same(script.bytes(value, text, told.length), told);
  }
  const wild: [string, number[]][] = [
    ["request", [0, 4, 1, 0, 64]],
    ["body", [64, 4, 0, 4, 64]],
    ["out", [64, 4, 64, 4, 0]],
    ["far", [-1, 4, 64, 4, 64]],
  ];
  for (const [title, args] of wild) {
    const script = new PlayerScript().call("procedure_http_request", ...args);
    t.match(errorOf(await callProcedure(on, "play", script.encode())), /fatal error/, title);
  }
  t.same(client.sent, []);
});

void test("a database that closes gives up requests under way", async (t) => {
  const client = new HeldClient();
  const rig = await openRig(undefined, client);
  await sentBy(rig, client, ask(requestBytes(0, "http://a.example/"), new Uint8Array(0)));
  await rig.host.service.close("over");
  t.equal(client.cancelCount, 1);
  client.answers[0]?.({ kind: "failed", message: "too late" });
  t.same(rig.host.failures, []);
});
