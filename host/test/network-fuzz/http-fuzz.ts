// HTTP requests by chance, among them such that are none, over bare sockets; and the check that every answer is one.
import { once } from "node:events";
import { connect } from "node:net";
import { assert } from "@lightcone/abi";
import type { Rng } from "@lightcone/fixtures/rng";

/** How long an answer may take, in milliseconds. */
const answerMillisMax = 60_000;

/** How long a client waits before it goes, in milliseconds. */
const patienceMillis = 1000;

const goOn = "HTTP/1.1 100 Continue\r\n\r\n";

export interface HttpTally {
  requests: number;
  /** How often each status was answered; "none" where the connection just ended. */
  readonly statuses: Map<string, number>;
}

export function newHttpTally(): HttpTally {
  return { requests: 0, statuses: new Map() };
}

const usualMethods = ["GET", "POST", "PUT"];

const methods = [
  "GET",
  "POST",
  "PUT",
  "DELETE",
  "HEAD",
  "OPTIONS",
  "PATCH",
  "TRACE",
  "get",
  "\u0001",
  "M-SEARCH",
];

const paths = [
  "/v1/ping",
  "/v1/health",
  "/v1/metrics",
  "/v1/openapi.json",
  "/v1/identity",
  "/v1/identity/public-key",
  "/v1/identity/websocket-token",
  "/v1/identity/ID/verify",
  "/v1/identity/ID/databases",
  "/v1/energy/ID",
  "/v1/database/DB",
  "/v1/database/DB/names",
  "/v1/database/DB/identity",
  "/v1/database/DB/schema?version=10",
  "/v1/database/DB/schema?version=x",
  "/v1/database/DB/subscribe",
  "/v1/database/DB/call/transfer",
  "/v1/database/DB/call/nothing",
  "/v1/database/DB/sql",
  "/v1/database/DB/logs?num_lines=3",
  "/v1/database/DB/pre_publish",
  "/v1/database/DB/reset",
  "/v1/database/DB/lock",
  "/v1/database/DB/mcp",
  "/v1/database/DB/route/a",
  "/v1/database/DB/unstable/timestamp",
  "/v1/database/DB/backup",
  "/v1/mcp",
  "/",
  "/v1",
  "//v1//ping",
  "/v1/../v1/ping",
  "/v1/%",
  "/v1/database/%ff/call/%00",
  `/${"a".repeat(9000)}`,
  "*",
  "http://example.com/v1/ping",
];

const bodies = [
  "",
  "[]",
  "[1,2,3]",
  "[1,2,",
  '{"from":1,"to":2,"amount":1}',
  "SELECT * FROM account WHERE id = 1",
  "SELECT COUNT(*) AS n FROM account; DROP",
  "null",
  "\u0000asm\u0001\u0000\u0000\u0000",
  '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
  "[".repeat(5000),
];

function randomText(rng: Rng, lengthMax: number): string {
  const length = rng.nextBelow(lengthMax + 1);
  return String.fromCharCode(...Array.from({ length }, () => rng.nextBelow(256)));
}

interface Names {
  readonly database: string;
  readonly identity: string;
  /** Tokens: none of the owner's. */
  readonly tokens: readonly string[];
}

function pathOf(rng: Rng, { database, identity }: Names): string {
  const databases = [database, database, identity, "0".repeat(64), "no-such-name", "UPPER", "a--b"];
  let path = rng
    .pick(paths)
    .replace("DB", rng.pick(databases))
    .replace("ID", rng.pick([identity, "xyz"]));
  if (rng.nextBelow(8) === 0)
    path += `${path.includes("?") ? "&" : "?"}${randomText(rng, 20).replace(/[\s\p{Cc}]/gu, "+")}`;
  if (rng.nextBelow(10) === 0) {
    const at = rng.nextBelow(path.length);
    path =
      path.slice(0, at) + rng.pick(["%", "%zz", "/", "..", "\u00ff", "?", "#"]) + path.slice(at);
  }
  return path;
}

function headersOf(rng: Rng, { tokens }: Names, body: string): string[] {
  const headers = ["host: fuzz"];
  const tokenKinds = [...tokens, "garbage", "a.b.c", `${"x".repeat(5000)}.y.z`, ""];
  if (rng.nextBelow(3) > 0) headers.push(`authorization: Bearer ${rng.pick(tokenKinds)}`);
  if (rng.nextBelow(2) === 0)
    headers.push(
      `content-type: ${rng.pick(["application/json", "text/plain", "application/json; charset=utf-8", ""])}`,
    );
  const framing = rng.nextBelow(10);
  if (framing < 7) headers.push(`content-length: ${Buffer.byteLength(body, "latin1")}`);
  else if (framing === 7) headers.push("transfer-encoding: chunked");
  else if (framing === 8)
    headers.push(`content-length: ${rng.pick(["-1", "99999999999999999999", "x", "5, 6"])}`);
  if (rng.nextBelow(6) === 0)
    headers.push("connection: upgrade", "upgrade: websocket", "sec-websocket-version: 13");
  if (rng.nextBelow(12) === 0)
    headers.push(
      "sec-websocket-protocol: v2.bsatn.spacetimedb",
      `sec-websocket-key: ${rng.pick(["x", "AAAAAAAAAAAAAAAAAAAAAA=="])}`,
    );
  if (rng.nextBelow(8) === 0)
    headers.push(
      rng.pick([
        "expect: 100-continue",
        "origin: https://example.com",
        "x-forwarded-host: a b",
        `x-long: ${"y".repeat(20_000)}`,
        "bad header",
        ": none",
        "a: b\u0000c",
      ]),
    );
  return headers;
}

function chunked(rng: Rng, body: string): string {
  const size = rng.nextBelow(6) === 0 ? "zz" : body.length.toString(16);
  return body === "" ? "0\r\n\r\n" : `${size}\r\n${body}\r\n0\r\n\r\n`;
}

function requestText(rng: Rng, names: Names): string {
  if (rng.nextBelow(40) === 0) return `${randomText(rng, 300)}\r\n\r\n`;
  const body = rng.nextBelow(6) === 0 ? randomText(rng, 300) : rng.pick(bodies);
  const headers = headersOf(rng, names, body);
  const version =
    rng.nextBelow(30) === 0 ? rng.pick(["HTTP/1.0", "HTTP/2.0", "HTTP/9", ""]) : "HTTP/1.1";
  const isChunked = headers.includes("transfer-encoding: chunked");
  const content = isChunked ? chunked(rng, body) : body;
  return [
    `${rng.nextBelow(3) > 0 ? rng.pick(usualMethods) : rng.pick(methods)} ${pathOf(rng, names)} ${version}`,
    ...headers,
    "connection: close",
    "",
    content,
  ].join("\r\n");
}

const statusLine = /^HTTP\/1\.1 (\d{3}) [^\r\n]*$/;
const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(\P{Cc}*)$/u;

function bodyLength(text: string): number {
  let at = 0;
  let length = 0;
  for (;;) {
    const line = /^([0-9a-f]+)\r\n/i.exec(text.slice(at, at + 20));
    assert(line !== null, "an answer's chunk has no size");
    const size = Number.parseInt(line[1] as string, 16);
    at += line[0].length + size;
    assert(text.slice(at, at + 2) === "\r\n", "an answer's chunk has another size than it says");
    at += 2;
    length += size;
    if (size === 0) {
      assert(at === text.length, "more follows an answer");
      return length;
    }
  }
}

/** The status of one whole answer. Throws where it is none. */
function checkAnswer(text: string, isHead: boolean): number {
  const end = text.indexOf("\r\n\r\n");
  assert(end > 0, "an answer without an end of its headers");
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const status = Number(statusLine.exec(first)?.[1]);
  assert(status >= 100, `an answer begins with ${JSON.stringify(first.slice(0, 80))}`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const header = headerLine.exec(line);
    assert(header !== null, `an answer has the header line ${JSON.stringify(line.slice(0, 80))}`);
    headers.set((header[1] as string).toLowerCase(), header[2] as string);
  }
  const body = text.slice(end + 4);
  if (status === 100) return checkAnswer(body, isHead);
  if (status === 101) return status;
  if (isHead || status === 204 || status === 304)
    assert(body === "", "an answer has a body that it must not have");
  else if (headers.get("transfer-encoding") === "chunked") bodyLength(body);
  else {
    const length = headers.get("content-length");
    assert(
      length === undefined || Number(length) === body.length,
      `an answer of ${body.length} bytes says ${length}`,
    );
  }
  return status;
}

/** Statuses from 500 on that say what the request was about, not that the host is in trouble. */
const spokenFor: ReadonlySet<number> = new Set([501, 530]);

/** Sends one request and checks its answer. Rejects where that is malformed, a fault of the host, or missing. */
export async function fuzzRequest(
  rng: Rng,
  address: string,
  names: Names,
  tally: HttpTally,
): Promise<void> {
  const text = requestText(rng, names);
  const [host = "", port = ""] = address.split(":");
  const socket = connect({ port: Number(port), host, allowHalfOpen: true });
  const chunks: Buffer[] = [];
  socket.on("error", () => undefined);
  socket.on("data", (chunk) => {
    chunks.push(chunk);
    // A WebSocket has no end of its own.
    if (chunk.subarray(0, 12).toString("latin1") === "HTTP/1.1 101") socket.destroy();
  });
  socket.write(Buffer.from(text, "latin1"));
  // Whoever announced more than there is goes; a server need not answer then.
  let isGone = false;
  const leaving = setTimeout(() => {
    isGone = true;
    socket.end();
  }, patienceMillis);
  socket.once("end", () => socket.end());
  const timer = setTimeout(() => socket.destroy(new Error("no answer")), answerMillisMax);
  let isLate = false;
  timer.ref();
  socket.once("error", (error) => (isLate = error.message === "no answer"));
  await once(socket, "close").catch(() => undefined);
  clearTimeout(timer);
  clearTimeout(leaving);
  tally.requests++;
  const shown = JSON.stringify(text.slice(0, 500));
  assert(!isLate, `no answer within ${answerMillisMax / 1000} s to ${shown}`);
  const answer = Buffer.concat(chunks).toString("latin1");
  let status = "none";
  if (answer !== "" && !(isGone && answer === goOn)) {
    try {
      const code = checkAnswer(answer, text.startsWith("HEAD "));
      const isPublish = text.startsWith("PUT ") || text.startsWith("POST ");
      assert(
        code < 500 ||
          spokenFor.has(code) ||
          (code === 500 && isPublish && /^\w+ \S*\/v1\/database/.test(text)),
        `status ${code}: ${answer.slice(-200)}`,
      );
      status = String(code);
    } catch (thrown) {
      throw new Error(`${String(thrown)}; the request was ${shown}`);
    }
  }
  tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1);
}
