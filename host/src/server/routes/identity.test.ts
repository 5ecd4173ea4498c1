import { createPublicKey } from "node:crypto";
import { type Test, test } from "tap";
import { openRig, type Rig } from "../test-rig.ts";
import { healthRoutes } from "./health.ts";
import { identityRoutes } from "./identity.ts";

async function open(t: Test): Promise<Rig> {
  const rig = await openRig({ routes: [...healthRoutes, ...identityRoutes] });
  t.teardown(() => rig.close());
  return rig;
}

void test("ping and health", async (t) => {
  const { send } = await open(t);
  const ping = await send("/v1/ping");
  t.match(ping, { status: 200, text: "", headers: { "content-length": "0" } });
  t.equal(ping.headers["content-type"], undefined);
  const health = await send("/v1/health");
  t.equal(health.headers["content-type"], "application/json");
  t.match(JSON.parse(health.text), { nodes: [0], schedulable: true, version: /^\d+\.\d+\.\d+$/ });
});

void test("a new identity comes with a token that proves it", async (t) => {
  const { send, tokens } = await open(t);
  const answer = await send("/v1/identity", { method: "POST", body: "ignored" });
  t.equal(answer.status, 200);
  t.equal(answer.headers["content-type"], "application/json");
  t.equal(answer.headers["spacetime-identity"], undefined, "not on these routes");
  const { identity, token } = JSON.parse(answer.text) as { identity: string; token: string };
  t.match(identity, /^c200[0-9a-f]{60}$/);
  t.equal((await tokens.verify(token)).identity.toHex(), identity);
  const path = `/v1/identity/${identity}/verify`;
  t.match(await send(path, { token }), { status: 204, text: "" });
});

void test("the public key verifies tokens", async (t) => {
  const { send } = await open(t);
  const answer = await send("/v1/identity/public-key");
  t.equal(answer.status, 200);
  t.equal(answer.headers["content-type"], "application/pem-certificate-chain");
  t.equal(createPublicKey(answer.text).asymmetricKeyDetails?.namedCurve, "prime256v1");
});

void test("a token is exchanged for one that ends", async (t) => {
  const { send, tokens, clock } = await open(t);
  const { token, identity } = await tokens.issueNew();
  const post = (token?: string): ReturnType<typeof send> =>
    send("/v1/identity/websocket-token", {
      method: "POST",
      ...(token === undefined ? {} : { token }),
    });
  const answer = await post(token);
  t.equal(answer.status, 200);
  const short = (JSON.parse(answer.text) as { token: string }).token;
  const verified = await tokens.verify(short);
  t.ok(verified.identity.equals(identity));
  t.equal(verified.expirySeconds, Number(clock.nowMicros() / 1_000_000n) + 60);
  t.match(await post(), { status: 401, text: "Authorization required" });
  clock.advance(121_000_000n);
  t.match(await post(short), { status: 401, text: "Invalid token: ExpiredSignature" });
});

void test("a token belongs to one identity", async (t) => {
  const { send, tokens } = await open(t);
  const mine = await tokens.issueNew();
  const other = await tokens.issueNew();
  const path = `/v1/identity/${mine.identity.toHex()}/verify`;
  t.equal((await send(path, { token: mine.token })).status, 204);
  t.equal((await send(path, { token: other.token })).status, 400);
  t.match(await send(path), { status: 401, text: "Authorization required" });
  const forged = `${mine.token.slice(0, -4)}AAAA`;
  t.match(await send(path, { token: forged }), {
    status: 401,
    text: "Invalid token: InvalidSignature",
  });
  t.equal((await send("/v1/identity/chat/verify", { token: mine.token })).status, 400);
});

void test("credentials in their forms", async (t) => {
  const { send, tokens } = await open(t);
  const { token, identity } = await tokens.issueNew();
  const path = `/v1/identity/${identity.toHex()}/verify`;
  const withHeader = async (authorization: string, query = ""): Promise<string> => {
    const { status, text } = await send(path + query, { headers: { authorization } });
    return `${status} ${text}`.trim();
  };
  t.equal(await withHeader(`Bearer ${token}`), "204");
  t.equal(await withHeader(`bearer ${token}`), "204");
  const malformed = "400 Authorization is invalid: malformed token";
  for (const bad of [`Basic ${token}`, token, "Bearer", "Bearer a b", ""]) {
    t.equal(await withHeader(bad), malformed, bad);
  }
  t.equal(await withHeader(`Bearer ${token}`, "?token=bad"), "204", "the header wins");
  t.equal((await send(`${path}?token=${token}`)).status, 204);
  t.match(await send(`${path}?token=x.y.z`), { status: 401, text: "Invalid token: InvalidToken" });
  t.match(await send(`${path}?token=a&token=b`), {
    status: 400,
    text: "Failed to deserialize query string: duplicate field `token`",
  });
});

void test("databases of an identity", async (t) => {
  const { send, tokens, publish } = await open(t);
  const owner = await tokens.issueNew();
  const list = async (hex: string): Promise<unknown> => {
    const answer = await send(`/v1/identity/${hex}/databases`);
    t.equal(answer.headers["content-type"], "application/json");
    return JSON.parse(answer.text);
  };
  t.same(await list(owner.identity.toHex()), { identities: [] });
  const chat = await publish("chat", owner);
  t.same(await list(owner.identity.toHex()), { identities: [chat] });
  for (const bad of [`0x${chat}`, "chat", chat.slice(1)]) {
    t.match(await send(`/v1/identity/${bad}/databases`), { status: 400, text: /^Invalid URL: / });
  }
});
