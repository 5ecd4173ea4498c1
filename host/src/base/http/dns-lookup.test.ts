import { createSocket } from "node:dgram";
import { type Test, t as file, test } from "tap";
import { lookupByDns } from "./dns-lookup.ts";

file.setTimeout(60_000);

/** The parts of DNS that a test needs: one question, and its answer by name and kind. */
async function serveNames(
  t: Test,
  records: Readonly<Record<string, readonly number[]>>,
): Promise<string> {
  const socket = createSocket("udp4");
  socket.on("message", (question, { port, address }) => {
    let at = 12;
    const labels: string[] = [];
    for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
      labels.push(question.subarray(at + 1, at + 1 + length).toString());
      at += 1 + length;
    }
    const kind = question.readUInt16BE(at + 1);
    const data = records[`${labels.join(".")} ${kind === 1 ? "A" : "AAAA"}`];
    const answer = Buffer.from(question.subarray(0, at + 5));
    // A response; "no such name" without a record.
    answer.writeUInt16BE(data === undefined ? 0x8183 : 0x8180, 2);
    answer.writeUInt16BE(data === undefined ? 0 : 1, 6);
    answer.fill(0, 8, 12);
    const record = Buffer.alloc(12);
    record.writeUInt16BE(0xc00c, 0);
    record.writeUInt16BE(kind, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt16BE(data?.length ?? 0, 10);
    const pieces = data === undefined ? [answer] : [answer, record, Buffer.from(data)];
    socket.send(Buffer.concat(pieces), port, address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, "127.0.0.1", resolve);
  });
  t.teardown(() => socket.close());
  return `127.0.0.1:${socket.address().port}`;
}

void test("names by DNS: addresses of both families, of one, of none", async (t) => {
  const v6 = [0x20, 1, 4, 0x70, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
  const server = await serveNames(t, {
    "both.example A": [93, 184, 215, 14],
    "both.example AAAA": v6,
    "old.example A": [10, 0, 0, 1],
    "new.example AAAA": v6,
  });
  const lookup = lookupByDns([server]);
  const find = (host: string): Promise<string> =>
    new Promise((resolve) => {
      lookup(host, (error, addresses) => {
        const texts = addresses.map(({ address, family }) => `${family} ${address}`);
        resolve(error === null ? texts.join(", ") : "none");
      });
    });
  t.equal(await find("both.example"), "4 93.184.215.14, 6 2001:470::1");
  t.equal(await find("old.example"), "4 10.0.0.1");
  t.equal(await find("new.example"), "6 2001:470::1");
  t.equal(await find("none.example"), "none");
});
