import { test } from "tap";
import { chat } from "../test/chat.ts";
import { connectionBuilder } from "./builder.ts";
import type { SocketAddress, Transport } from "./transport.ts";
import { memoryTokenStore } from "./token.ts";

void test("settings that are missing or wrong", (t) => {
  const build = (uri?: string, name?: string): unknown => {
    const builder = connectionBuilder(chat);
    if (uri !== undefined) builder.withUri(uri);
    if (name !== undefined) builder.withDatabaseName(name);
    return builder.build();
  };
  const code = "LC_CONFIG";
  t.throws(() => build(), { code, message: "a connection needs withUri" });
  t.throws(() => build("http://h"), { code, message: "a connection needs withDatabaseName" });
  t.throws(() => build("http://h", ""), { code, message: "a connection needs withDatabaseName" });
  t.throws(() => build("not a uri", "chat"), { code, message: /^withUri\("not a uri"\): / });
  t.throws(() => build("ftp://h", "chat"), { code, message: /the scheme must be http or https/ });
  for (const max of [-1, 1.5, Number.NaN]) {
    const builder = connectionBuilder(chat).withUri("http://h").withDatabaseName("chat");
    t.throws(() => builder.withOfflineQueue({ max }).build(), { code, message: /max is a whole/ });
  }
  t.end();
});

const uris: readonly (readonly [string, string])[] = [
  ["http://127.0.0.1:3000", "http://127.0.0.1:3000"],
  ["http://127.0.0.1:3000/", "http://127.0.0.1:3000"],
  ["ws://host", "http://host"],
  ["WSS://host/prefix/", "https://host/prefix"],
  ["https://host:443/a/b?c#d", "https://host/a/b"],
];

for (const [uri, expected] of uris) {
  void test(`withUri ${uri}`, async (t) => {
    const opened: SocketAddress[] = [];
    const transport: Transport = {
      open: (address) => {
        opened.push(address);
        return { send: () => undefined, close: () => undefined };
      },
      createTokenStore: memoryTokenStore,
    };
    const connection = connectionBuilder(chat)
      .withUri(uri)
      .withDatabaseName("chat")
      .withToken("tok")
      .withConfirmedReads(true)
      .withTransport(transport)
      .build();
    connection.disconnect();
    t.same(opened, [
      {
        serverUrl: expected,
        databaseName: "chat",
        confirmedReads: true,
        compression: "None",
        token: "tok",
      },
    ]);
    await t.rejects(connection.connected, { message: "the program closed the connection" });
  });
}
