import { type AddressInfo, createServer } from "node:net";
import { type Test, test } from "tap";
import { NoAnswerError, readText, sendRequest } from "./http.ts";

/** A server that says this to every connection and then closes it. */
async function sayer(t: Test, text: string): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(text));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  t.teardown(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function exchange(url: string): Promise<string> {
  return readText(await sendRequest({ method: "GET", url, headers: {} }));
}

void test("answers that do not come, or break off, are told in words", async (t) => {
  const cut = await sayer(t, "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc");
  const garbage = await sayer(t, "good day\r\n\r\n");
  const silent = await sayer(t, "");
  const rows: [string, RegExp][] = [
    [`http://${cut}`, /the connection broke off/],
    [`http://${garbage}`, /it does not speak HTTP/],
    [`http://${silent}`, /the connection broke off/],
    [`https://${garbage}`, /it does not speak https/],
    ["http://127.0.0.1:1", /connection refused/],
  ];
  for (const [url, message] of rows)
    await t.rejects(exchange(url), { name: "NoAnswerError", message }, url);
  t.match(new NoAnswerError("odd"), { message: "odd" });
});

void test("text is whole, whatever the pieces", async (t) => {
  const host = await sayer(t, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n\u00e9t\u00e9");
  t.equal(await exchange(`http://${host}`), "\u00e9t\u00e9");
});
