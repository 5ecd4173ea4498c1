// The leaf types behind exports that take and leave bytes, so that a test can compare them with its own.
import { Reader } from "../../assembly/bytes/reader";
import { decodeUtf8Lossy } from "../../assembly/bytes/utf8";
import { Writer } from "../../assembly/bytes/writer";
import { HttpMethod } from "../../assembly/http/method";
import { HttpRequest } from "../../assembly/http/request";
import { HttpResponse } from "../../assembly/http/response";
import { JwtClaims } from "../../assembly/json/claims";
import { tryParseJson } from "../../assembly/json/parse";
import { JsonKind, JsonValue } from "../../assembly/json/value";
import { log } from "../../assembly/log";
import { Random } from "../../assembly/random";
import {
  ConnectionId,
  err,
  I128,
  I256,
  Identity,
  ok,
  Option,
  Range,
  Result,
  ScheduleAt,
  TimeDuration,
  Timestamp,
  U128,
  U256,
  Uuid,
} from "../../assembly/index-of-types";

let input: ArrayBuffer = new ArrayBuffer(0);
const out = new Writer(1024);

/** Makes room for the next call's bytes; where they go. */
export function inputAt(length: i32): usize {
  if (input.byteLength < length) input = new ArrayBuffer(length);
  return changetype<usize>(input);
}
export function outputAt(): usize {
  return out.pointer;
}
export function outputLength(): i32 {
  return out.length;
}
export function collect(): void {
  __collect();
}

function begin(length: i32): Reader {
  out.clear();
  return new Reader(changetype<usize>(input), length);
}

function optional<T>(value: T | null): bool {
  out.bool(value !== null);
  return value !== null;
}

// --- wide integers: every operation of two numbers that cannot fail, then what can ---

function arithmetic<W>(a: W, b: W, count: i32): void {
  (a + b).write(out);
  (a - b).write(out);
  (a * b).write(out);
  (a & b).write(out);
  (a | b).write(out);
  (a ^ b).write(out);
  (~a).write(out);
  (-a).write(out);
  (a << count).write(out);
  (a >> count).write(out);
  (a >>> count).write(out);
  out.bool(a == b);
  out.bool(a != b);
  out.bool(a < b);
  out.bool(a <= b);
  out.bool(a > b);
  out.bool(a >= b);
  out.i32(a.compare(b));
  out.f64(a.toF64());
  out.u64(a.toU64());
  out.i64(a.toI64());
  U128.from(a).write(out);
  I128.from(a).write(out);
  U256.from(a).write(out);
  I256.from(a).write(out);
  out.string(a.toString());
  out.string(`${b}`);
  out.string(a.toString(2 + (count & 31)));
  out.string(a.toHex());
}
export function arithmeticU128(length: i32): void {
  const r = begin(length);
  const a = U128.read(r);
  const b = U128.read(r);
  arithmetic<U128>(a, b, r.i32());
}
export function arithmeticI128(length: i32): void {
  const r = begin(length);
  const a = I128.read(r);
  const b = I128.read(r);
  arithmetic<I128>(a, b, r.i32());
}
export function arithmeticU256(length: i32): void {
  const r = begin(length);
  const a = U256.read(r);
  const b = U256.read(r);
  arithmetic<U256>(a, b, r.i32());
}
export function arithmeticI256(length: i32): void {
  const r = begin(length);
  const a = I256.read(r);
  const b = I256.read(r);
  arithmetic<I256>(a, b, r.i32());
}

function division<W>(a: W, b: W): void {
  (a / b).write(out);
  (a % b).write(out);
}
export function divisionU128(length: i32): void {
  const r = begin(length);
  const a = U128.read(r);
  division<U128>(a, U128.read(r));
}
export function divisionI128(length: i32): void {
  const r = begin(length);
  const a = I128.read(r);
  division<I128>(a, I128.read(r));
}
export function divisionU256(length: i32): void {
  const r = begin(length);
  const a = U256.read(r);
  division<U256>(a, U256.read(r));
}
export function divisionI256(length: i32): void {
  const r = begin(length);
  const a = I256.read(r);
  division<I256>(a, I256.read(r));
}

export function parseWide(length: i32): void {
  const text = begin(length).string();
  const a = U128.tryParse(text);
  if (optional(a)) a!.write(out);
  const b = I128.tryParse(text);
  if (optional(b)) b!.write(out);
  const c = U256.tryParse(text);
  if (optional(c)) c!.write(out);
  const d = I256.tryParse(text);
  if (optional(d)) d!.write(out);
}

export function fromSmall(length: i32): void {
  const r = begin(length);
  const a = r.i64();
  U128.from(a).write(out);
  I256.from(a).write(out);
  U256.from<u64>(a).write(out);
  I128.from<u64>(a).write(out);
  I256.from<i32>(<i32>a).write(out);
  I128.from<u8>(<u8>a).write(out);
  U256.from<bool>(a != 0).write(out);
}

export function constants(): void {
  begin(0);
  U128.min.write(out);
  U128.max.write(out);
  I128.min.write(out);
  I128.max.write(out);
  U256.zero.write(out);
  U256.max.write(out);
  I256.min.write(out);
  I256.max.write(out);
  I256.one.write(out);
}

// --- special types ---

export function specials(length: i32): void {
  const r = begin(length);
  const identity = Identity.read(r);
  const connection = ConnectionId.read(r);
  const uuid = Uuid.read(r);
  const timestamp = Timestamp.read(r);
  const duration = TimeDuration.read(r);
  const schedule = ScheduleAt.read(r);
  identity.write(out);
  connection.write(out);
  uuid.write(out);
  timestamp.write(out);
  duration.write(out);
  schedule.write(out);
  Identity.fromU256(identity.toU256()).write(out);
  ConnectionId.fromU128(connection.toU128()).write(out);
  out.bytes(identity.toBytes());
  out.bytes(Identity.fromBytes(identity.toBytes()).toBytes());
  out.bytes(ConnectionId.fromBytes(connection.toBytes()).toBytes());
  out.string(identity.toString());
  out.string(connection.toString());
  out.string(uuid.toString());
  out.string(timestamp.toString());
  out.string(duration.toString());
  out.string(schedule.toString());
  out.bool(identity.isZero);
  out.bool(connection.isZero);
  out.bool(schedule.isInterval);
  out.i64(schedule.isInterval ? schedule.interval.micros : schedule.time.micros);
  out.i64(timestamp.toMillis());
  out.i64(duration.toMillis());
  out.u32(uuid.version);
}

export function orders(length: i32): void {
  const r = begin(length);
  const a = Identity.read(r);
  const b = Identity.read(r);
  out.i32(a.compare(b));
  out.bool(a == b);
  const s = Timestamp.read(r);
  const t = Timestamp.read(r);
  out.i32(s.compare(t));
  out.bool(s < t);
  out.bool(s >= t);
  out.bool(s == t);
  const none: Identity | null = null;
  out.bool(none == null);
  out.bool(a == none);
  out.bool(none != a);
}

export function timeArithmetic(length: i32): void {
  const r = begin(length);
  const t = Timestamp.read(r);
  const d = TimeDuration.read(r);
  (t + d).write(out);
  (t - d).write(out);
  t.since(new Timestamp(d.micros)).write(out);
  (d + d).write(out);
  (-d).write(out);
  d.abs().write(out);
  (d * 3).write(out);
}
export function timeTimes(micros: i64, times: i64): i64 {
  return (new TimeDuration(micros) * times).micros;
}

export function parseSpecials(length: i32): void {
  const text = begin(length).string();
  const identity = Identity.tryFromHex(text);
  if (optional(identity)) identity!.write(out);
  const connection = ConnectionId.tryFromHex(text);
  if (optional(connection)) connection!.write(out);
  const uuid = Uuid.tryParse(text);
  if (optional(uuid)) uuid!.write(out);
  const timestamp = Timestamp.tryParse(text);
  if (optional(timestamp)) timestamp!.write(out);
}

export function uuids(micros: i64, count: i32): void {
  begin(0);
  const now = new Timestamp(micros);
  const random = Random.ofCall(now);
  for (let i = 0; i < count; i++) {
    Uuid.v4(random).write(out);
    Uuid.v7(random, now).write(out);
  }
}

export function randoms(micros: i64, low: i64, high: i64, count: i32): void {
  begin(0);
  const random = Random.ofCall(new Timestamp(micros));
  for (let i = 0; i < count; i++) {
    out.u64(random.u64());
    out.u32(random.u32());
    out.f64(random.f64());
    out.bool(random.bool());
    out.i64(random.range<i64>(low, high));
    out.u8(random.range<u8>(0, 255));
    out.bytes(random.bytes(11));
    const list = [1, 2, 3, 4];
    random.shuffle(list);
    for (let j = 0; j < 4; j++) out.i32(list[j]);
  }
}

export function seeded(seed: u64, count: i32): void {
  begin(0);
  const random = new Random(seed);
  for (let i = 0; i < count; i++) out.u64(random.u64());
}

// --- text, JSON, HTTP ---

export function lossy(length: i32): void {
  out.string(decodeUtf8Lossy(begin(length).bytes()));
}

function writeJson(value: JsonValue): void {
  out.u8(<u8>value.kind);
  switch (value.kind) {
    case JsonKind.Bool:
      out.bool(value.asBool());
      break;
    case JsonKind.Number:
      out.string(value.digits());
      out.f64(value.asF64());
      break;
    case JsonKind.String:
      out.string(value.asString());
      break;
    case JsonKind.Array:
    case JsonKind.Object:
      out.u32(value.length);
      for (let i = 0; i < value.length; i++) {
        if (value.isObject) out.string(value.nameAt(i));
        writeJson(value.at(i));
      }
  }
}
export function json(length: i32): void {
  const value = tryParseJson(begin(length).string());
  if (optional(value)) writeJson(value!);
}
export function jsonInteger(length: i32): void {
  out.i64(tryParseJson(begin(length).string())!.asI64());
}

export function claims(length: i32): void {
  const claims = new JwtClaims(begin(length).string());
  out.string(claims.issuer);
  out.string(claims.subject);
  const audience = claims.audience;
  out.u32(audience.length);
  for (let i = 0; i < audience.length; i++) out.string(audience[i]);
  const role = claims.text("role");
  if (optional(role)) out.string(role!);
}

export function httpRequest(length: i32): void {
  HttpRequest.read(begin(length)).write(out);
}
export function httpResponse(length: i32): void {
  HttpResponse.read(begin(length)).write(out);
}
export function httpMethodOf(length: i32): void {
  const method = HttpMethod.of(begin(length).string());
  method.write(out);
  out.bool(method == HttpMethod.of(method.name));
}
export function httpBuilt(): void {
  begin(0);
  const request = HttpRequest.post("https://example.com/a?b", "größe");
  request.headers.append("X-Two", "1");
  request.headers.append("x-two", "2");
  request.headers.append("X-Gone", "3");
  request.headers.remove("x-GONE");
  request.timeout = TimeDuration.fromSeconds(5);
  request.write(out);
  out.bytes(request.body);
  out.u32(request.headers.getAll("X-TWO").length);
  const response = HttpResponse.ofJson("{}", 201);
  response.write(out);
  out.string(response.text());
  out.bool(response.isOk);
}

// --- generic leaves ---

export function generics(): void {
  begin(0);
  out.u32(Option.some<u32>(7).value);
  out.bool(Option.none<f64>().isSome);
  out.bool(Option.none<string>().isNone);
  out.string(Option.some("x").valueOr("y"));
  out.string(Option.none<string>().valueOr("y"));
  out.bool(ok().isOk);
  out.string(err("no").error);
  out.u8(Result.ok<u8, Identity>(9).value);
  const range = Range.between<u16>(3, 4);
  out.u8(<u8>range.from.kind);
  out.u16(range.to.value);
  out.u8(<u8>Range.after("a").to.kind);
  out.u8(<u8>Range.before<Identity>(Identity.zero).to.kind);
}
export function noValue(which: i32): void {
  if (which == 0) Option.none<Identity>().value.toHex();
  if (which == 1) err("x").value;
  if (which == 2) ok().error.length;
  if (which == 3) Range.all<u8>().from.value;
  if (which == 4) new ScheduleAtAsk().ask();
  if (which == 5) Identity.fromHex("00");
  if (which == 6) U128.parse("-1");
  if (which == 7) throw new Error("größe \uD800");
  if (which == 8) Uuid.v7(new Random(1), new Timestamp(-1));
}
class ScheduleAtAsk {
  ask(): i64 {
    return ScheduleAt.time(Timestamp.epoch).interval.micros;
  }
}

export function logs(length: i32): void {
  const text = begin(length).string();
  log.error(text, "a.ts", 1);
  log.warn(text);
  log.info(text);
  log.debug(text);
  log.trace(text, "größe.ts", 70000);
  const timer = log.timer(text);
  timer.end();
  timer.end();
}
