// From the first bytes of a connection to a client that is known: encryption, the startup packet, the password that is a token.
import { TLSSocket } from "node:tls";
import type { SecureContext } from "node:tls";
import type { Socket } from "node:net";
import type { Identity } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import type { Random } from "../../base/random.ts";
import { parseDatabaseRef } from "../database-name.ts";
import { requireAccess } from "../auth/access.ts";
import { findDatabase, newConnectionId } from "../resolve.ts";
import type { Services } from "../router.ts";
import { writeAuthentication, writeNegotiation } from "./backend.ts";
import type { PgDatabase } from "./contract.ts";
import { PgFault } from "./fault.ts";
import { readPassword, readStartup, type StartupMessage } from "./frontend.ts";
import { Input } from "./input.ts";
import { Output } from "./output.ts";

/** What encryption needs, asked for at each connection so that a new certificate counts at once. */
export interface PgTls {
  readonly secureContext: () => SecureContext;
}

/** A client's way in and out, encrypted or not. */
export interface Channel {
  readonly socket: Socket;
  readonly input: Input;
  readonly output: Output;
}

export function plainChannel(socket: Socket): Channel {
  const input = new Input(socket, limit.pgStartupBytesMax);
  return { socket, input, output: new Output(socket) };
}

/** How long logging in may take: between two messages, and all in all. */
export const loginIdle: { readonly millis: number; readonly fault: PgFault } = {
  millis: limit.pgLoginMillisMax,
  fault: new PgFault("57P05", "terminating connection: authentication took too long"),
};

/** The client's wish to go on encrypted is answered with one byte, outside of any message. */
function encrypted({ socket, input, output }: Channel, tls: PgTls): Channel {
  // What came before encryption began could have been put there by somebody else.
  if (input.byteLength > 0)
    throw new PgFault("08P01", "received unencrypted data after SSL request");
  output.writer.ascii("S");
  output.flush();
  input.detach();
  return plainChannel(
    new TLSSocket(socket, { isServer: true, secureContext: tls.secureContext() }),
  );
}

/** What a connection begins with, once encryption is settled; undefined for a client that ended. `onChannel` is told of each. */
export async function readFirst(
  first: Channel,
  tls: PgTls | undefined,
  onChannel: (channel: Channel) => void,
): Promise<Exclude<StartupMessage, { kind: "encrypt" }> | undefined> {
  let channel = first;
  let isEncrypted = false;
  // A client asks for each way of encryption once.
  for (let tries = 0; tries < 3; tries++) {
    const whole = await channel.input.next(loginIdle);
    if (whole === undefined) return undefined;
    const message = readStartup(whole.body);
    if (message.kind !== "encrypt") return message;
    if (message.by === "tls" && tls !== undefined && !isEncrypted) {
      channel = encrypted(channel, tls);
      isEncrypted = true;
      onChannel(channel);
    } else {
      channel.output.writer.ascii("N");
      channel.output.flush();
    }
  }
  throw new PgFault("08P01", "a connection asks for encryption over and over");
}

/** A client that has logged in. */
export interface LoggedIn {
  readonly database: PgDatabase;
  /** What the startup packet calls the database and the user. */
  readonly databaseName: string;
  readonly user: string;
  readonly applicationName: string;
}

/** Whom a login tells. */
interface LoginListener {
  /** The client has shown a good token; its database may still have to be opened, which takes what it takes. */
  admitted(): void;
  /** It may use its database. Throws LC_RATE_LIMIT if its identity or address has connections enough. */
  identified(identity: Identity): void;
  databaseEnded(reason: string): void;
}

type Start = Extract<StartupMessage, { kind: "start" }>;

function checkParameters({ parameters }: Start): void {
  const replication = parameters.get("replication") ?? "false";
  if (!/^(?:false|off|no|0)$/i.test(replication)) {
    throw new PgFault("0A000", "replication connections are not supported");
  }
  const encoding = parameters.get("client_encoding") ?? "UTF8";
  if (!/^'?(?:utf-?8|unicode|auto)'?$/i.test(encoding)) {
    throw new PgFault(
      "22023",
      `client_encoding ${encoding.slice(0, 60)} is not supported, only UTF8`,
    );
  }
}

/** Asks for the token and lets the client in. Rejects with PgFault 28P01, 3D000, 28000, or as the database is opened. */
export async function logIn(
  channel: Channel,
  start: Start,
  services: Pick<Services, "control" | "databases" | "hostPolicy" | "tokens"> & {
    readonly random: Random;
  },
  listener: LoginListener,
): Promise<LoggedIn | undefined> {
  const { input, output } = channel;
  const { parameters, minor } = start;
  const options = [...parameters.keys()].filter((name) => name.startsWith("_pq_."));
  if (minor > 0 || options.length > 0) writeNegotiation(output.writer, options);
  checkParameters(start);
  const user = parameters.get("user") ?? "";
  const databaseName = parameters.get("database") ?? user;
  writeAuthentication(output.writer, "password");
  output.flush();
  input.start(limit.pgStartupBytesMax);
  const whole = await input.next(loginIdle);
  if (whole === undefined) return undefined;
  if (whole.letter !== "p") throw new PgFault("08P01", "expected password response");
  const token = await verify(services, readPassword(whole.body));
  // Only who has a token learns which databases there are.
  const ref = parseRef(databaseName);
  const record = ref && findDatabase(services.control, ref);
  if (record === undefined) throw new PgFault("3D000", `database "${databaseName}" does not exist`);
  listener.admitted();
  requireAccess(services, databaseName, token, false);
  listener.identified(token.identity);
  const connectionId = newConnectionId(services.random);
  const caller = { identity: token.identity, connectionId, jwtPayload: token.payloadJson };
  const database = await services.databases.get(record.identity).connectPg(caller, (reason) => {
    listener.databaseEnded(reason);
  });
  input.allow(limit.pgMessageBytesMax);
  return {
    database,
    databaseName,
    user,
    applicationName: parameters.get("application_name") ?? "",
  };
}

async function verify(
  { tokens }: Pick<Services, "tokens">,
  password: string,
): Promise<Awaited<ReturnType<Services["tokens"]["verify"]>>> {
  const hint =
    "The password is a token, such as `lightcone login show --token` prints; the user's name is not looked at.";
  if (password === "") throw new PgFault("28P01", "empty password returned by client", hint);
  try {
    return await tokens.verify(password);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new PgFault("28P01", `password authentication failed: ${reason}`, hint);
  }
}

function parseRef(text: string): ReturnType<typeof parseDatabaseRef> | undefined {
  try {
    return parseDatabaseRef(text);
  } catch {
    return undefined;
  }
}
