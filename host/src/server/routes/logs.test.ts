import { setTimeout as delay } from "node:timers/promises";
import { type Test, test } from "tap";
import { type Answer, begin, openRig, type Rig } from "../test-rig.ts";
import type { TestDatabase } from "../test-databases.ts";
import type { VerifiedToken } from "../auth/token.ts";
import { logRoutes } from "./logs.ts";

interface World extends Rig {
  readonly owner: VerifiedToken;
  readonly chat: TestDatabase;
  readonly get: (query: string, token?: string) => Promise<Answer>;
}

async function open(t: Test): Promise<World> {
  const rig = await openRig({ routes: logRoutes });
  t.teardown(() => rig.close());
  const owner = await rig.tokens.issueNew();
  const chat = rig.databases.byHex(await rig.publish("chat", owner));
  chat.logLines = ["1", "2", "3"];
  return {
    ...rig,
    owner,
    chat,
    get: (query, token = owner.token) => rig.send(`/v1/database/chat/logs${query}`, { token }),
  };
}

void test("the lines kept, or the last of them", async (t) => {
  const { get } = await open(t);
  const all = await get("");
  t.match(all, { status: 200, text: "1\n2\n3\n" });
  t.equal(all.headers["content-type"], "application/x-ndjson");
  t.equal(all.headers["cache-control"], "no-cache");
  t.equal((await get("?num_lines=2")).text, "2\n3\n");
  t.equal((await get("?num_lines=0")).text, "");
  t.equal((await get("?num_lines=2&follow=false")).text, "2\n3\n");
});

void test("only the owner reads the log", async (t) => {
  const { get, tokens, chat, send } = await open(t);
  const other = await tokens.issueNew();
  for (const query of ["", "?follow=true"]) {
    t.match(await get(query, other.token), {
      status: 403,
      text: `${other.identity.toHex()} is not authorized to perform action on database ${chat.identity.toHex()}: view module logs`,
    });
  }
  t.equal((await send("/v1/database/chat/logs")).status, 403);
  t.equal((await send("/v1/database/none/logs")).status, 404);
});

void test("bad parameters", async (t) => {
  const { get } = await open(t);
  for (const query of ["?num_lines=-1", "?num_lines=x", "?num_lines=5000000000", "?follow=1"]) {
    t.match(
      await get(query),
      { status: 400, text: /^Failed to deserialize query string: / },
      query,
    );
  }
});

interface Follow {
  /** Waits until this much text has come. */
  readonly until: (text: string) => Promise<void>;
  readonly ended: Promise<void>;
  readonly hangUp: () => void;
}

function follow({ port, owner }: World, query: string): Promise<Follow> {
  return new Promise((resolve, reject) => {
    const path = `/v1/database/chat/logs?follow=true${query}`;
    const request = begin(port, path, { token: owner.token });
    request.on("error", reject);
    request.on("response", (response) => {
      let received = "";
      let check = (): void => undefined;
      response.on("data", (chunk: Buffer) => {
        received += chunk.toString();
        check();
      });
      const ended = new Promise<void>((end) => {
        response.on("end", end).on("error", () => undefined);
      });
      const until = (text: string): Promise<void> =>
        new Promise((reach) => {
          check = () => {
            if (received === text) reach();
          };
          check();
        });
      resolve({ until, ended, hangUp: () => request.destroy() });
    });
    request.end();
  });
}

async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

void test("new lines come as they are written", async (t) => {
  const world = await open(t);
  const { chat } = world;
  const live = await follow(world, "");
  const tail = await follow(world, "&num_lines=2");
  await eventually(() => chat.followers.size === 2);
  await tail.until("2\n3\n");
  for (const write of chat.followers) write("4\n");
  await live.until("4\n");
  await tail.until("2\n3\n4\n");
  live.hangUp();
  await eventually(() => chat.followers.size === 1);
  await chat.close("deleted");
  await tail.ended;
  t.pass("one stopped when its client went, the other ended with the database");
});

void test("at most 2500 old lines precede the new ones", async (t) => {
  const world = await open(t);
  world.chat.logLines = Array.from({ length: 3000 }, (_, i) => `${i}`);
  const tail = await follow(world, "&num_lines=2999");
  await tail.until(
    world.chat.logLines
      .slice(500)
      .map((line) => `${line}\n`)
      .join(""),
  );
  tail.hangUp();
  await eventually(() => world.chat.followers.size === 0);
});

void test("a reader that does not read loses lines, not the host's memory", async (t) => {
  const world = await open(t);
  const slow = await follow(world, "");
  await eventually(() => world.chat.followers.size === 1);
  const line = `${"x".repeat(100_000)}\n`;
  const before = process.memoryUsage().arrayBuffers;
  // Nothing is sent to the client within one turn.
  for (let i = 0; i < 1000; i++) for (const write of world.chat.followers) write(line);
  t.ok(process.memoryUsage().arrayBuffers - before < 20_000_000, "most lines were dropped");
  slow.hangUp();
  await eventually(() => world.chat.followers.size === 0);
});

void test("a follow that cannot begin is an ordinary error", async (t) => {
  const { get, chat } = await open(t);
  chat.logLines = ["LC_DATABASE_UNAVAILABLE: closed for now"];
  t.match(await get("?follow=true"), { status: 503, text: "closed for now" });
});
