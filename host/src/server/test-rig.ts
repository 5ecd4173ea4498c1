// For tests of the routes: the HTTP side of a host over databases in memory, and a client that
// hides nothing of an answer.
import { type ClientRequest, type IncomingHttpHeaders, request as httpRequest } from "node:http";
import { assert, present } from "@lightcone/abi";
import { ManualClock } from "../base/clock.ts";
import { MemoryDisk } from "../base/disk/memory.ts";
import { generateKeyPair } from "../base/keys.ts";
import { seededRandom } from "../base/random.ts";
import { ManualTimers } from "../base/timers.ts";
import { type AuthPolicy, openPolicy } from "./auth/policy.ts";
import { Control } from "./control.ts";
import { Deletions } from "./deletions.ts";
import { createHttpServer } from "./http.ts";
import { createGate } from "./limits/gate.ts";
import { noTrafficLimits, Traffic, type TrafficLimits } from "./limits/traffic.ts";
import { Listener } from "./listener.ts";
import { createLogger } from "./logger.ts";
import { countAnswers } from "./metrics/count-answers.ts";
import { Metrics } from "./metrics/metrics.ts";
import { undeclared } from "./openapi/answers.ts";
import { Readiness } from "./readiness.ts";
import type { Report } from "./report.ts";
import { routes as allRoutes } from "./route-table.ts";
import {
  createRouter,
  type Route,
  type Services,
  type Upgrade,
  type UpgradeTarget,
} from "./router.ts";
import { TestDatabases } from "./test-databases.ts";
import { Tokens, type VerifiedToken } from "./auth/token.ts";

/** 2025-10-09, in microseconds. */
export const startMicros = 1_760_000_000_000_000n;

export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Sends the body with this Bearer token. */
  readonly token?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Begins a request; the caller reads the answer. */
export function begin(port: number, path: string, sent: Sent = {}): ClientRequest {
  const authorization = sent.token === undefined ? {} : { authorization: `Bearer ${sent.token}` };
  return httpRequest({
    port,
    path,
    method: sent.method ?? "GET",
    headers: { ...authorization, ...sent.headers },
    agent: false,
  });
}

/** Sends one request on a connection of its own and reads the whole answer. */
export function exchange(port: number, path: string, sent: Sent = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = begin(port, path, sent);
    request.on("error", reject);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: present(response.statusCode, "a status"),
          headers: response.headers,
          text,
        });
      });
    });
    request.end(sent.body);
  });
}

const findRoute = createRouter(allRoutes);

/** Throws for an answer that the API's description does not have. Routes that a test makes up have no description. */
function checkDeclared(
  routes: readonly Route[],
  path: string,
  method: string,
  { status, headers }: Answer,
): void {
  if (!path.startsWith("/v1/") || path.includes("%zz")) return;
  const match = findRoute(method, path.split("?", 1).join(""));
  if (match.kind !== "found" || !routes.includes(match.route)) return;
  const fault = undeclared(match.route, status, headers["content-type"]);
  assert(fault === undefined, fault ?? "");
}

export interface Rig {
  readonly port: number;
  readonly services: Services;
  readonly control: Control;
  readonly databases: TestDatabases;
  readonly tokens: Tokens;
  readonly clock: ManualClock;
  readonly timers: ManualTimers;
  readonly disk: MemoryDisk;
  /** Faults that the server has reported. */
  readonly reported: { readonly thrown: unknown; readonly where: string }[];
  /** Lines of the host's log. */
  readonly logged: readonly string[];
  /** WebSockets that were let through. */
  readonly upgrades: UpgradeTarget[];
  readonly send: (path: string, sent?: Sent) => Promise<Answer>;
  /** Publishes a database and returns its identity in hex. */
  readonly publish: (name: string, owner: VerifiedToken, program?: string) => Promise<string>;
  readonly close: () => Promise<void>;
}

export interface RigOptions {
  readonly routes: readonly Route[];
  /** Whether the server shall believe that others than this machine can reach it. */
  readonly isPublic?: boolean;
  readonly hostPolicy?: AuthPolicy;
  readonly limits?: Partial<TrafficLimits>;
}

async function publish(
  { control, databases, tokens }: Services,
  name: string,
  owner: VerifiedToken,
  text: string,
): Promise<string> {
  const reservation = control.reserve(name, tokens.newIdentity(), owner.identity);
  const { identity } = reservation;
  const program = new TextEncoder().encode(text);
  const policy = { kind: "compatible" } as const;
  await databases.get(identity).publish({ program, owner: owner.identity, clear: false, policy });
  await reservation.commit();
  return identity.toHex();
}

type RigServices = Services &
  Pick<Rig, "clock" | "timers" | "disk" | "databases" | "control" | "tokens">;

/** All that routes work with, without a machine. */
async function openServices(
  { hostPolicy = openPolicy, isPublic = false }: RigOptions,
  report: Report,
  write: (line: string) => void,
): Promise<RigServices> {
  const clock = new ManualClock(startMicros);
  const random = seededRandom(7);
  const disk = new MemoryDisk();
  const timers = new ManualTimers(clock);
  const control = await Control.open(disk, clock);
  const tokens = await Tokens.open({ keys: await generateKeyPair(), clock, random });
  const databases = new TestDatabases();
  const graceMillis = 3_600_000;
  const deletions = await Deletions.open({ control, databases, timers, graceMillis, report });
  const readiness = new Readiness(disk, clock);
  const logger = createLogger({ level: "debug", format: "text", clock, write });
  const data = { control, databases, deletions, hostPolicy, tokens };
  const host = { readiness, logger, metrics: new Metrics(), isLoopback: !isPublic };
  return { ...data, ...host, clock, random, timers, disk };
}

/** Starts the routes on a free port. */
export async function openRig(options: RigOptions): Promise<Rig> {
  const { routes, limits } = options;
  const reported: Rig["reported"] = [];
  const logged: string[] = [];
  const report: Report = (thrown, where) => void reported.push({ thrown, where });
  const services = await openServices(options, report, (line) => void logged.push(line));
  const { control, databases, deletions, clock, readiness } = services;
  const upgrades: UpgradeTarget[] = [];
  const upgrade: Upgrade = (_request, socket, _head, target) => {
    upgrades.push(target);
    socket.on("error", () => undefined);
    socket.end(
      "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    );
  };
  const traffic = new Traffic({ ...noTrafficLimits, ...limits }, clock);
  const { server, inFlight } = createHttpServer({
    routes,
    services,
    upgrade,
    report,
    gate: createGate({ readiness, traffic, trustsProxy: true }),
    onAnswer: countAnswers(services),
  });
  const listener = new Listener(server, report);
  await listener.listen({ host: "127.0.0.1", port: 0 });
  const { port } = listener;
  const send = async (path: string, sent?: Sent): Promise<Answer> => {
    const answer = await exchange(port, path, sent);
    checkDeclared(routes, path, sent?.method ?? "GET", answer);
    return answer;
  };
  return {
    ...services,
    port,
    services,
    reported,
    logged,
    upgrades,
    send,
    publish: (name, owner, program = "program") => publish(services, name, owner, program),
    async close() {
      listener.stop();
      await inFlight(1000);
      await deletions.close();
      await databases.closeAll();
      await listener.end(100);
      await control.close();
    },
  };
}
