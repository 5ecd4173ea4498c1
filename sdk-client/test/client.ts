// A client of the fake host that writes down what its callbacks are told.
import type { Test } from "tap";
import { type ConnectionBuilder, connectionBuilder } from "../src/builder.ts";
import type { DbConnection } from "../src/connection.ts";
import type { EventContext } from "../src/event.ts";
import { type Chat, chat, show } from "./chat.ts";
import { FakeHost } from "./fake-host.ts";

export async function startHost(t: Test): Promise<FakeHost> {
  const host = new FakeHost();
  await host.start();
  t.teardown(() => host.stop());
  return host;
}

export interface Client {
  readonly connection: DbConnection<Chat>;
  /** One line for each callback, oldest first; taking them empties the log. */
  readonly taken: () => string[];
}

/** Changes a builder. */
export type Setup = (builder: ConnectionBuilder<Chat>) => ConnectionBuilder<Chat>;

/** Starts to connect; `setup` changes the builder first. */
export function startClient(t: Test, host: FakeHost, setup: Setup = (builder) => builder): Client {
  let log: string[] = [];
  const builder = connectionBuilder(chat)
    .withUri(host.url)
    .withDatabaseName("chat")
    .withReconnect({ firstDelayMs: 1, delayMsMax: 20 })
    .onConnect((_, identity, token) => log.push(`connect ${identity.value} ${token}`))
    .onConnectError((_, error) => log.push(`connect error ${error.code}`))
    .onDisconnect((_, { error, willReconnect }) =>
      log.push(`disconnect ${error?.code} ${willReconnect ? "again" : "over"}`),
    )
    .onError((thrown) => log.push(`reported ${String(thrown)}`));
  const connection = setup(builder).build();
  t.teardown(() => connection.disconnect());
  const { message, user, word, ping } = connection.db;
  const note =
    (what: string) =>
    (row: object, event: EventContext): number =>
      log.push(`${what} ${show(row)} ${event.kind}`);
  message.onInsert(note("+message"));
  message.onDelete(note("-message"));
  message.onUpdate((before, after, event) => {
    log.push(`~message ${show(before)} ${show(after)} ${event.kind}`);
  });
  user.onInsert(note("+user"));
  word.onInsert(note("+word"));
  word.onDelete(note("-word"));
  ping.onInsert(note("+ping"));
  return {
    connection,
    taken: () => {
      const lines = log;
      log = [];
      return lines;
    },
  };
}

/** As startClient, once it is connected; the log of that is taken. */
export async function connectClient(t: Test, host: FakeHost, setup?: Setup): Promise<Client> {
  const client = startClient(t, host, setup);
  await client.connection.connected;
  client.taken();
  return client;
}

/** Waits until all that the host has sent so far is applied: answers come in the order of requests. */
export async function settled({ connection }: Client): Promise<void> {
  await connection.query("SELECT * FROM user");
}

/** Waits for a status of this kind. */
export function status(
  { connection }: Client,
  kind: DbConnection["status"]["kind"],
): Promise<void> {
  return new Promise((resolve) => {
    const stop = connection.onStatus((each) => {
      if (each.kind !== kind) return;
      stop();
      resolve();
    });
  });
}
