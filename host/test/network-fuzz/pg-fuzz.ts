// Connections of PostgreSQL's protocol by chance: starts, simple and extended queries, and at last maybe what is no message at all.
import { once } from "node:events";
import { connect } from "node:net";
import { assert } from "@lightcone/abi";
import type { Rng } from "@lightcone/fixtures/rng";
import { cstring, i16, i32, message, packet } from "../server/pg-wire.ts";
import { PgReplies } from "./pg-replies.ts";
import { count } from "./socket-fuzz.ts";

/** Groups of messages that one connection sends; each ends with the wish for a ReadyForQuery. */
const groupsMax = 60;

const answerMillisMax = 120_000;

const protocolVersion = 196_608;

export interface PgTally {
  connections: number;
  messages: number;
  replies: number;
  /** How often each SQLSTATE was answered. */
  readonly errors: Map<string, number>;
  /** How connections began and ended. */
  readonly ends: Map<string, number>;
}

export function newPgTally(): PgTally {
  return { connections: 0, messages: 0, replies: 0, errors: new Map(), ends: new Map() };
}

const texts = [
  "SELECT * FROM account WHERE id = 7",
  "SELECT * FROM account WHERE id < 20",
  "SELECT id, balance FROM account WHERE id = $1",
  "SELECT a.* FROM account a JOIN account b ON a.id = b.id WHERE b.id = 3",
  "SELECT COUNT(*) AS n FROM account",
  "SELECT * FROM account ORDER BY id LIMIT $1",
  "SELECT * FROM nothing",
  "SELECT 1; SELECT 2; SELECT x",
  "SELECT $1, version(), now()",
  "SHOW server_version",
  "SET extra_float_digits = 3",
  "BEGIN",
  "COMMIT",
  "ROLLBACK",
  "INSERT INTO account (id, balance) VALUES (1000, $1)",
  "UPDATE account SET balance = 0",
  "DELETE FROM account",
  "DECLARE c CURSOR FOR SELECT 1",
  "SELECT n.nspname FROM pg_catalog.pg_namespace n",
  "",
  ";;",
  "((((((",
  "SELECT 'x",
  "SELECT * FROM account WHERE id = 'x'",
] as const;

const letters = [
  " ",
  "*",
  "'",
  '"',
  "$",
  "1",
  "a",
  ";",
  "(",
  ",",
  "\u00e9",
  "%",
  "-",
  "/",
] as const;

function anyText(rng: Rng): string {
  const text = rng.pick(texts);
  if (text === "" || rng.nextBelow(2) === 0) return text;
  const at = rng.nextBelow(text.length);
  return text.slice(0, at) + rng.pick(letters) + text.slice(at + 1);
}

function anyName(rng: Rng): Buffer {
  return cstring(rng.pick(["", "", "s1", "s2", "s3"]));
}

function anyValue(rng: Rng): Buffer {
  if (rng.nextBelow(6) === 0) return i32(-1);
  const value =
    rng.nextBelow(2) === 0
      ? cstring(`${rng.nextBelow(600)}`).subarray(0, -1)
      : rng.bytes(rng.nextBelow(9));
  return Buffer.concat([i32(value.length), value]);
}

function bindMessage(rng: Rng): Buffer {
  const values = Array.from({ length: rng.nextBelow(3) }, () => anyValue(rng));
  const formats = Array.from({ length: rng.nextBelow(3) }, () => rng.nextBelow(2));
  const results = rng.nextBelow(2) === 0 ? i16(0) : i16(1, rng.nextBelow(2));
  return message(
    "B",
    anyName(rng),
    anyName(rng),
    i16(formats.length, ...formats),
    i16(values.length),
    ...values,
    results,
  );
}

function extendedMessage(rng: Rng): Buffer {
  switch (rng.nextBelow(8)) {
    case 0:
    case 1: {
      const types = Array.from({ length: rng.nextBelow(2) }, () => rng.pick([0, 20, 23, 25, 9999]));
      return message("P", anyName(rng), cstring(anyText(rng)), i16(types.length), i32(...types));
    }
    case 2:
    case 3:
      return bindMessage(rng);
    case 4:
      return message(rng.pick(["D", "C"]), cstring(rng.pick(["S", "P", "Ss1", "Ps2", "Xs3"])));
    case 5:
      return message("H");
    default:
      return message("E", anyName(rng), i32(rng.pick([0, 0, 1, 5, -1])));
  }
}

/** Messages after which a ReadyForQuery comes, whatever is wrong with them. */
function group(rng: Rng): Buffer[] {
  if (rng.nextBelow(3) === 0) return [message("Q", cstring(anyText(rng)))];
  // What belongs to COPY is passed over.
  if (rng.nextBelow(30) === 0) return [message(rng.pick(["d", "c", "f"])), message("S")];
  const messages = Array.from({ length: rng.nextBelow(7) }, () => extendedMessage(rng));
  return [...messages, message("S")];
}

/** No message, or one that says what cannot be. */
function nonsense(rng: Rng): Uint8Array {
  const good = Buffer.concat(group(rng));
  switch (rng.nextBelow(5)) {
    case 0:
      return rng.bytes(rng.nextBelow(200));
    case 1:
      return good.subarray(0, rng.nextBelow(good.length));
    case 2:
      return Buffer.concat([
        Buffer.from(rng.pick(["Q", "P", "B", "D", "E"])),
        i32(rng.pick([-1, 0, 3, 2 ** 30])),
      ]);
    case 3:
      return message(rng.pick(["Q", "P", "B", "D", "E", "C", "p"]), rng.bytes(rng.nextBelow(40)));
    default:
      good[rng.nextBelow(good.length)] = rng.nextBelow(256);
      return good;
  }
}

export interface PgPlace {
  readonly address: string;
  readonly database: string;
  readonly token: string;
}

interface Start {
  readonly bytes: Uint8Array;
  /** The client gets in. */
  readonly isGood: boolean;
  /** It must not get in. */
  readonly isBad: boolean;
}

function startOf(rng: Rng, { database, token }: PgPlace): Start {
  const kind = rng.nextBelow(10);
  const named = kind === 0 ? rng.pick(["nothing", "", "A B", "\u00e9"]) : database;
  const version = kind === 1 ? rng.pick([0, 131_072, 262_144, 80_877_102]) : protocolVersion;
  const parameters = ["user", "somebody", "database", named, ""].map(cstring);
  const start = packet(i32(version), ...parameters);
  if (kind === 2) start[rng.nextBelow(start.length)] = rng.nextBelow(256);
  if (kind === 3) return { bytes: rng.bytes(rng.nextBelow(100)), isGood: false, isBad: true };
  const password = kind === 4 ? rng.pick(["", "x", "a.b.c"]) : token;
  const bytes = Buffer.concat([start, message(kind === 5 ? "Q" : "p", cstring(password))]);
  // Another byte may do no harm.
  return { bytes, isGood: kind > 5, isBad: kind < 6 && kind !== 2 };
}

/**
 * Opens a connection, says what chance says, and reads until the server has ended it. Rejects where a message is malformed or none comes.
 */
export async function fuzzPg(rng: Rng, place: PgPlace, tally: PgTally): Promise<void> {
  const start = startOf(rng, place);
  const groups = start.isGood
    ? Array.from({ length: rng.nextBelow(groupsMax) }, () => group(rng))
    : [];
  const [host = "", port = ""] = place.address.split(":");
  const socket = connect({ port: Number(port), host });
  const replies = new PgReplies(tally.errors);
  let fault: Error | undefined;
  let onReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    onReady = resolve;
  });
  const fail = (error: Error): void => {
    fault ??= error;
    socket.destroy();
  };
  socket.on("error", () => undefined);
  socket.on("data", (chunk) => {
    try {
      replies.push(chunk);
    } catch (thrown) {
      fail(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
    if (replies.readyCount > groups.length) onReady();
  });
  const closed = once(socket, "close");
  const timer = setTimeout(() => {
    const seen = `${replies.readyCount} of ${groups.length + 1} groups answered`;
    fail(new Error(`no end within ${answerMillisMax / 1000} s: ${seen}`));
  }, answerMillisMax);
  socket.write(Buffer.concat([start.bytes, ...groups.flat()]));
  tally.connections++;
  tally.messages += 2 + groups.flat().length;
  if (start.isGood) {
    await Promise.race([ready, closed]);
    if (fault === undefined && replies.readyCount !== groups.length + 1)
      fail(new Error(`${replies.readyCount} of ${groups.length + 1} groups answered`));
    if (rng.nextBelow(2) === 0) {
      tally.messages++;
      socket.write(nonsense(rng));
    }
  }
  // What is no more than the beginning of a message waits for the rest.
  socket.end();
  await closed;
  clearTimeout(timer);
  if (fault !== undefined) throw fault;
  replies.finish();
  assert(!start.isBad || replies.readyCount === 0, "a client got in that must not");
  tally.replies += replies.messageCount;
  const end = replies.isFatal ? "fatal" : "closed";
  count(tally.ends, `${start.isGood ? "session" : "no session"} ${end}`);
}
