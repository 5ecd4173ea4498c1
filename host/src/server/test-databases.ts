// Databases in memory, for tests of the routes: what a program, a reducer's name or an SQL text
// says decides what happens.
import {
  type ErrorCode,
  type Identity,
  keccak256,
  LightconeError,
  present,
  toHex,
} from "@lightcone/abi";
import type { UpdatePlan } from "../database/database.ts";
import { migrationToken } from "../database/migration/token.ts";
import type { RouteOutcome, RouteRequest } from "../database/http-routes.ts";
import type { Manifest } from "./backup/archive.ts";
import type { Backup } from "./backup/transfer.ts";
import type { PgDatabase } from "./pg/contract.ts";
import type {
  Caller,
  CallResult,
  ConnectOptions,
  DatabaseConnection,
  DatabaseHandle,
  Databases,
  LogFollow,
  OpenStats,
  PublishRequest,
  PublishResult,
  SocketSink,
  SqlResult,
} from "./contract.ts";

/** A text `LC_…: message` is the wish for that refusal. */
function refuseOnRequest(text: string): void {
  const wish = /^(LC_[A-Z_]+): (.*)$/s.exec(text);
  if (wish !== null) throw new LightconeError(wish[1] as ErrorCode, wish[2] as string);
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const hashOf = (program: string): string => toHex(keccak256(new TextEncoder().encode(program)));

const resultsByReducer: Readonly<Record<string, CallResult>> = {
  add: { kind: "committed", energyUsed: 3, durationMicros: 12 },
  fail: { kind: "failed", message: "nope", energyUsed: 56, durationMicros: 34 },
  endless: { kind: "outOfEnergy", energyUsed: 78, durationMicros: 90 },
  wrong: { kind: "invalid", message: "invalid arguments for reducer wrong: too few" },
  refused: { kind: "refused", message: "you are not welcome" },
  total: { kind: "returned", json: "[1,2]", durationMicros: 56 },
  broken: { kind: "procedureFailed", message: "The instance encountered a fatal error." },
};

export class TestDatabase implements DatabaseHandle {
  readonly identity: Identity;
  programText: string | undefined;
  publishes: PublishRequest[] = [];
  /** What was called, and by whom. */
  readonly calls: { readonly name: string; readonly text: string; readonly caller: Caller }[] = [];
  readonly connections: ConnectOptions[] = [];
  /** Awaited by each publish before it takes effect. */
  beforePublish: () => Promise<void> = () => Promise.resolve();
  logLines: string[] = [];
  readonly followers: Set<(text: string) => void> = new Set();
  readonly #followEnds = new Map<(text: string) => void, () => void>();

  constructor(identity: Identity) {
    this.identity = identity;
  }

  async publish(request: PublishRequest): Promise<PublishResult> {
    await this.beforePublish();
    const program = textOf(request.program);
    if (program.startsWith("bug")) throw new Error("a bug with a secret in it");
    refuseOnRequest(program);
    if (this.programText !== undefined) await this.#checkPolicy(request);
    const kind = this.programText === undefined ? "created" : "updated";
    this.programText = program;
    this.publishes.push(request);
    return { kind };
  }

  /** As a database does, which compares programs that are none here. */
  async #checkPolicy({ policy, program }: PublishRequest): Promise<void> {
    const plan = await this.planPublish(program);
    if (plan.kind === "impossible") return;
    if (policy.kind === "breakClients" && policy.token !== plan.token) {
      throw new LightconeError(
        "LC_REQUEST_INVALID",
        "Token provided is invalid or does not match expected hash",
      );
    }
    if (policy.kind === "compatible" && plan.breaksClients) {
      throw new LightconeError("LC_PUBLISH_BREAKS_CLIENTS", "the plan breaks clients");
    }
  }

  async planPublish(program: Uint8Array): Promise<UpdatePlan> {
    const text = textOf(program);
    const isMajorUpgrade = false;
    if (text.startsWith("incompatible")) {
      return { kind: "impossible", reason: "a column is gone", isMajorUpgrade };
    }
    const token = migrationToken(this.identity, await this.programHash(), hashOf(text));
    const breaksClients = text.startsWith("breaking");
    return { kind: "possible", text: "nothing changes", breaksClients, token, isMajorUpgrade };
  }

  async program(): Promise<Uint8Array> {
    return new TextEncoder().encode(present(this.programText, "a program"));
  }

  async programHash(): Promise<string> {
    return hashOf(present(this.programText, "a program"));
  }

  async call(name: string, text: string, caller: Caller): Promise<CallResult> {
    refuseOnRequest(name);
    this.calls.push({ name, text, caller });
    return resultsByReducer[name] ?? { kind: "unknown" };
  }

  /** Echoes what it was asked; `/unknown` and `/broken` are what they say. */
  async route(request: RouteRequest): Promise<RouteOutcome> {
    if (request.path === "/unknown") return { kind: "unknown" };
    if (request.path === "/broken") return { kind: "failed", message: "it trapped" };
    const { method, uri, httpVersion, headers, body } = request;
    const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
    const names = headers.map(({ name, value }) => `${name}=${textOf(value)}`);
    const text = [method, uri, httpVersion, ...names.sort(), textOf(body)].join("\n");
    return {
      kind: "response",
      code: request.path === "/teapot" ? 418 : 200,
      headers: [
        { name: "set-cookie", value: encode("a=1") },
        { name: "set-cookie", value: encode("b=2") },
        { name: "content-length", value: encode("7000") },
        ...(request.path === "/bad-header" ? [{ name: "a b", value: encode("c") }] : []),
      ],
      body: encode(text),
    };
  }

  async sql(text: string, caller: Caller, confirmed: boolean): Promise<SqlResult> {
    refuseOnRequest(text);
    this.calls.push({ name: confirmed ? "confirmed" : "unconfirmed", text, caller });
    const json = `[{"rows":[[340282366920938463463374607431768211455]]}]`;
    return { pieces: [Buffer.from(json)], durationMicros: 173 };
  }

  connectPg(): Promise<PgDatabase> {
    const message = "a database of these tests does not speak PostgreSQL's protocol";
    return Promise.reject(new LightconeError("LC_NOT_YET", message));
  }

  async schema(version: 9 | 10): Promise<string> {
    return version === 9 ? `{"tables":[]}` : `{"sections":[]}`;
  }

  async logs(lineCount: number | undefined): Promise<string> {
    const lines = lineCount === undefined ? this.logLines : this.lastLines(lineCount);
    return lines.map((line) => `${line}\n`).join("");
  }

  lastLines(count: number): string[] {
    return count === 0 ? [] : this.logLines.slice(-count);
  }

  async followLogs(
    lineCount: number,
    onText: (text: string) => void,
    onEnd: () => void,
  ): Promise<LogFollow> {
    refuseOnRequest(this.logLines[0] ?? "");
    for (const line of this.lastLines(lineCount)) onText(`${line}\n`);
    this.followers.add(onText);
    this.#followEnds.set(onText, onEnd);
    return { stop: () => void this.followers.delete(onText) };
  }

  connect(options: ConnectOptions, _sink: SocketSink): DatabaseConnection {
    this.connections.push(options);
    return { receive: () => undefined, closed: () => undefined };
  }

  async close(_closeReason: string): Promise<void> {
    for (const onText of this.followers) this.#followEnds.get(onText)?.();
  }
}

export class TestDatabases implements Databases {
  readonly byIdentity: Map<string, TestDatabase> = new Map();
  isClosed = false;
  /** What databases on threads would tell, by identity in hex. */
  readonly open: Map<string, OpenStats> = new Map();

  get(identity: Identity): TestDatabase {
    const key = identity.toHex();
    const database = this.byIdentity.get(key) ?? new TestDatabase(identity);
    this.byIdentity.set(key, database);
    return database;
  }

  /** The database with an identity in hex, which must be there. */
  byHex(hex: string): TestDatabase {
    return present(this.byIdentity.get(hex), `a database ${hex}`);
  }

  async remove(identity: Identity): Promise<void> {
    await this.byIdentity.get(identity.toHex())?.close("module exited");
    this.byIdentity.delete(identity.toHex());
  }

  /** Those put aside. */
  readonly discarded: Map<string, TestDatabase> = new Map();

  async discard(identity: Identity): Promise<void> {
    const key = identity.toHex();
    const database = this.byIdentity.get(key);
    if (database !== undefined) this.discarded.set(key, database);
    await this.remove(identity);
  }

  async recover(identity: Identity): Promise<void> {
    const key = identity.toHex();
    const database = this.discarded.get(key);
    if (database !== undefined) this.byIdentity.set(key, database);
    this.discarded.delete(key);
  }

  async purge(identity: Identity): Promise<void> {
    this.discarded.delete(identity.toHex());
  }

  async tidyDiscarded(deleted: readonly Identity[]): Promise<void> {
    for (const identity of deleted) await this.discard(identity);
  }

  /** A backup is the program, in two pieces. */
  async backup(identity: Identity): Promise<Backup> {
    const program = Buffer.from(present(this.get(identity).programText, "a program"));
    const pieces = (async function* (): AsyncGenerator<Uint8Array> {
      yield program.subarray(0, 1);
      refuseOnRequest(program.toString());
      yield program.subarray(1);
    })();
    return { lastOffset: 7, bytes: program.length, pieces };
  }

  async restore(
    identity: Identity,
    owner: Identity,
    archive: AsyncIterable<Uint8Array>,
  ): Promise<Manifest> {
    let text = "";
    for await (const piece of archive) {
      text += textOf(piece);
      refuseOnRequest(text);
    }
    this.get(identity).programText = text;
    return { database: owner, owner, names: [], lastOffset: 7, createdMicros: 0n, files: [] };
  }

  async stats(): Promise<ReadonlyMap<string, OpenStats>> {
    return this.open;
  }

  async closeAll(): Promise<void> {
    for (const database of this.byIdentity.values()) await database.close("the host is stopping");
    this.isClosed = true;
  }
}
