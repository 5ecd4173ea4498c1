// The contract of the HTTP API: every route of the table, on a running host, with good and with bad input. Whatever comes back must
// be among the answers that the route declares, with a body of the declared schema; and bad input has the same fate everywhere.
import { assert, parseJson, present } from "@lightcone/abi";
import { readWasm } from "@lightcone/fixtures/wasm";
import { t as root, type Test, test } from "tap";
import { limit } from "../../src/base/limit.ts";
import { answersOf, undeclared } from "../../src/server/openapi/answers.ts";
import { routes } from "../../src/server/route-table.ts";
import type { Route } from "../../src/server/router.ts";
import { type Answer, exchange, type Sent } from "../../src/server/test-rig.ts";
import { ChildHost } from "./child-host.ts";
import { schemaFaults } from "./json-schema.ts";
import { newToken } from "./remote-host.ts";

interface World {
  readonly port: number;
  readonly owner: string;
  readonly stranger: string;
  /** The owner's identity. */
  readonly identity: string;
}

const nameOf = ({ method, path }: Route): string => `${method} ${path}`;

async function open(): Promise<World> {
  root.setTimeout(600_000);
  const host = await ChildHost.start(root);
  const port = Number(present(host.address.split(":").at(-1), "a port"));
  const published = await host.publish("demo", "features");
  assert(published.status === 200, published.text);
  const made = await host.send("GET", "database/demo");
  const { owner_identity: owner } = JSON.parse(made.text) as {
    owner_identity: { __identity__: string };
  };
  return {
    port,
    owner: host.token,
    stranger: await newToken(host.address),
    identity: owner.__identity__.slice(2),
  };
}

/** One host for all tests: what they change of it is not what others look at. */
const { port, owner, stranger, identity } = await open();

/** Sends a request and holds its answer against what the route declares. */
async function send(t: Test, route: Route, path: string, sent: Sent): Promise<Answer> {
  const answer = await exchange(port, path, sent);
  checkAnswer(t, route, answer);
  return answer;
}

function checkAnswer(t: Test, route: Route, { status, headers, text }: Answer): void {
  const contentType = headers["content-type"];
  t.equal(undeclared(route, status, contentType), undefined, text);
  t.equal(headers["access-control-allow-origin"], "*", nameOf(route));
  if (contentType !== "application/json") return;
  const schema = answersOf(route)[status]?.content[contentType];
  if (schema !== undefined) t.same(schemaFaults(schema, parseJson(text)), [], nameOf(route));
}

/** A path of a route, with what is to stand for its parameters. */
function fill(route: Route, params: Readonly<Record<string, string>>): string {
  const path = route.path.replace(/:([a-z]+)/g, (_all, name: string) => params[name] ?? "x");
  return path.replace(/\*$/, "rest");
}

interface Good extends Sent {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly status: number;
}

const json = { "content-type": "application/json" };
const mcpPing = `{"jsonrpc":"2.0","id":1,"method":"ping"}`;

/** One request for each route that it has to take well. In the order of the table, so that what one makes another may need. */
function goodRequests(archive: string, program: Uint8Array): Readonly<Record<string, Good>> {
  const call = { body: "[7,1]", headers: json };
  return {
    "GET /v1/ping": { status: 200 },
    "GET /v1/health": { status: 200 },
    "GET /v1/ready": { status: 200 },
    "GET /v1/metrics": { status: 200 },
    "GET /v1/prometheus/sd_config": { status: 200 },
    "GET /v1/openapi.json": { status: 200 },
    "POST /v1/identity": { status: 200 },
    "GET /v1/identity/public-key": { status: 200 },
    "POST /v1/identity/websocket-token": { status: 200 },
    "GET /v1/identity/:identity/verify": { status: 204 },
    "GET /v1/identity/:identity/databases": { status: 200 },
    "GET /v1/energy/:identity": { status: 200 },
    "POST /v1/energy/:identity": { query: "amount=1", status: 401 },
    "PUT /v1/energy/:identity": { query: "balance=1", status: 401 },
    "POST /v1/database": { body: program, status: 200 },
    "PUT /v1/database/:db": { params: { db: "other" }, body: program, status: 200 },
    "POST /v1/database/:db/pre_publish": { body: program, query: "style=NoColor", status: 200 },
    "PUT /v1/database/:db/reset": { params: { db: "other" }, status: 200 },
    "GET /v1/database/:db": { status: 200 },
    "DELETE /v1/database/:db": { params: { db: "other" }, status: 200 },
    "POST /v1/database/:db/undelete": { params: { db: "other" }, status: 200 },
    "GET /v1/deleted": { status: 200 },
    "GET /v1/database/:db/versions": { status: 200 },
    "GET /v1/database/:db/grants": { status: 200 },
    "PUT /v1/database/:db/grants/:identity": { query: "role=viewer", status: 200 },
    "DELETE /v1/database/:db/grants/:identity": { status: 200 },
    "POST /v1/database/:db/lock": { status: 200 },
    "POST /v1/database/:db/unlock": { status: 200 },
    "GET /v1/database/:db/identity": { status: 200 },
    "GET /v1/database/:db/unstable/timestamp": { status: 200 },
    "GET /v1/database/:db/names": { status: 200 },
    "POST /v1/database/:db/names": { body: "alias", status: 200 },
    "PUT /v1/database/:db/names": { body: `["demo","alias"]`, status: 200 },
    "GET /v1/database/:db/auth-policy": { status: 200 },
    "PUT /v1/database/:db/auth-policy": { body: `{"anonymous":true}`, status: 200 },
    "DELETE /v1/database/:db/auth-policy": { status: 200 },
    "GET /v1/database/:db/backup": { status: 200 },
    "PUT /v1/database/:db/restore": { params: { db: "copy" }, body: archive, status: 400 },
    "POST /v1/database/:db/call/:function": {
      params: { function: "add_two" },
      ...call,
      status: 200,
    },
    "POST /v1/database/:db/sql": { body: "SELECT * FROM answer", status: 200 },
    "GET /v1/database/:db/schema": { query: "version=10", status: 200 },
    "GET /v1/database/:db/logs": { query: "num_lines=5", status: 200 },
    "GET /v1/database/:db/subscribe": { status: 426 },
    "POST /v1/database/:db/mcp": { body: mcpPing, headers: json, status: 200 },
    "POST /v1/mcp": { body: mcpPing, headers: json, status: 200 },
    "ANY /v1/database/:db/route": { status: 404 },
    "ANY /v1/database/:db/route/*": { status: 404 },
  };
}

function methodOf({ method }: Route): string {
  return method === "ANY" ? "PATCH" : method;
}

void test("good input, route by route", async (t) => {
  const good = goodRequests("no archive", readWasm("chat"));
  t.same(routes.map(nameOf).sort(), Object.keys(good).sort(), "each route has its request");
  for (const [name, { params, query = "", status, ...sent }] of Object.entries(good)) {
    const route = present(
      routes.find((each) => nameOf(each) === name),
      name,
    );
    const path = `${fill(route, { db: "demo", identity, ...params })}?${query}`;
    const answer = await send(t, route, path, { method: methodOf(route), token: owner, ...sent });
    t.equal(answer.status, status, `${name}: ${answer.text.slice(0, 300)}`);
    const isTold = answer.headers["spacetime-identity"] === identity;
    t.equal(isTold, route.credentials === "optional", `${name}: who asked`);
  }
});

void test("a token that is no good is refused by every route that reads one", async (t) => {
  const forged = owner.replace(/.{20}$/, "A".repeat(20));
  for (const route of routes.filter(({ credentials }) => credentials !== "ignored")) {
    const path = fill(route, { db: "demo", identity });
    const method = methodOf(route);
    const name = nameOf(route);
    const answers: readonly [string, Answer][] = [
      ["forged", await send(t, route, path, { method, token: forged })],
      ["garbage", await send(t, route, path, { method, token: "garbage" })],
      ["in the query", await send(t, route, `${path}?token=garbage`, { method })],
    ];
    for (const [what, { status, text, headers }] of answers) {
      t.match({ status, text }, { status: 401, text: /^Invalid token: / }, `${name}: ${what}`);
      t.equal(headers["spacetime-identity"], undefined);
    }
    const basic = await send(t, route, path, { method, headers: { authorization: "Basic YTpi" } });
    t.match(basic, { status: 400, text: /^Authorization is invalid/ }, name);
    if (route.credentials !== "required") continue;
    t.match(await send(t, route, path, { method }), {
      status: 401,
      text: "Authorization required",
    });
  }
});

/** Where the path need not name a database that is there. */
const namesNew = new Set([
  "PUT /v1/database/:db",
  "PUT /v1/database/:db/restore",
  "GET /v1/database/:db/identity",
  "DELETE /v1/database/:db",
]);

/** Handlers look at the body's announcement, the query and such before anything else; these requests are good in that. */
const enough: Readonly<Record<string, Sent & { readonly query?: string }>> = {
  "GET /v1/database/:db/schema": { query: "version=9" },
  "POST /v1/database/:db/call/:function": { headers: json, body: "[]" },
  "POST /v1/database/:db/mcp": { headers: json, body: mcpPing },
  "PUT /v1/database/:db/grants/:identity": { query: "role=viewer" },
};

void test("a database that is not there, or cannot be", async (t) => {
  for (const route of routes.filter(({ path }) => path.includes("/:db"))) {
    const name = nameOf(route);
    const method = methodOf(route);
    const { query = "", ...more } = enough[name] ?? {};
    const ask = (db: string): Promise<Answer> =>
      send(t, route, `${fill(route, { db })}?${query}`, { method, token: owner, ...more });
    // A request to become a WebSocket is looked at first.
    if (name.endsWith("/subscribe")) continue;
    for (const db of ["Upper", "a--b", "a.b", "%2e%2e", "-", "a%00b", "x".repeat(65)]) {
      t.match(await ask(db), { status: 400, text: /^Invalid URL: / }, `${name}: ${db}`);
    }
    t.match(await ask("%zz"), { status: 400 }, name);
    if (namesNew.has(name)) continue;
    t.match(await ask("nothing"), { status: 404, text: "`nothing` not found" }, name);
    const unknown = { status: 404, text: "No such database." };
    t.match(await ask("0".repeat(64)), unknown, name);
    t.match(await ask(`0x${"0".repeat(64)}`), unknown, name);
  }
});

void test("a stranger may not do what is the owner's", async (t) => {
  const bodies: Readonly<Record<string, string>> = {
    "POST /v1/database/:db/names": "mine",
    "PUT /v1/database/:db/names": `["mine"]`,
  };
  for (const route of routes.filter(({ access }) => access === "owner")) {
    const name = nameOf(route);
    const body = bodies[name] ?? "";
    for (const token of [stranger, undefined]) {
      const sent = { method: route.method, body, ...(token !== undefined && { token }) };
      const path = `${fill(route, { db: "demo" })}?${enough[name]?.query ?? ""}`;
      const { status } = await send(t, route, path, sent);
      t.equal(status, name.endsWith("/names") ? 401 : 403, name);
    }
  }
});

/** Bodies that may be larger than most: programs, archives and what modules take. */
const takesMuch = (route: Route): boolean =>
  route.method === "ANY" || /\/(?:database|:db|pre_publish|reset|restore)$/.test(route.path);

void test("a body that is too large, or not announced as what it is", async (t) => {
  const tooMuch = "x".repeat(limit.bodyBytesMax + 1);
  for (const route of routes.filter(({ body }) => body !== undefined)) {
    const name = nameOf(route);
    const sent = { method: route.method, token: owner };
    const path = fill(route, { db: "demo", function: "add_two" });
    if (!takesMuch(route)) {
      const answer = await send(t, route, path, { ...sent, body: tooMuch, headers: json });
      t.match(answer, { status: 413, text: /length limit exceeded$/ }, name);
    }
    if (!/\/(?:call\/:function|mcp)$/.test(route.path)) continue;
    const wrong = { "content-type": "application/json; charset=utf-8" };
    t.equal(
      (await send(t, route, path, { ...sent, body: "[]", headers: wrong })).status,
      415,
      name,
    );
    t.equal((await send(t, route, path, { ...sent, body: "[]" })).status, 400, name);
  }
});

/** Values that a parameter with this description cannot have. */
function badValues({
  type,
  enum: words,
  minimum,
}: NonNullable<Route["query"]>[number]["schema"]): string[] {
  if (words !== undefined) return ["", "none-of-them"];
  if (type === "boolean") return ["", "yes", "TRUE"];
  if (type === "integer") return ["", "-1", "1.5", "1e3", minimum === 0 ? "99999999999" : "x"];
  return [];
}

void test("parameters of the query that are wrong, or come twice", async (t) => {
  for (const route of routes) {
    // It must be a WebSocket before its parameters count.
    if (route.path.endsWith("/subscribe")) continue;
    for (const { name, schema } of route.query ?? []) {
      const values = badValues(schema);
      const path = fill(route, { db: "demo" });
      const sent = { method: route.method, token: owner };
      for (const query of [...values.map((value) => `${name}=${value}`), `${name}=1&${name}=1`]) {
        if (values.length === 0 && !query.includes("&")) continue;
        const { status, text } = await send(t, route, `${path}?${query}`, sent);
        const isRefused = status === 400 || route.path.startsWith("/v1/energy");
        t.ok(isRefused, `${nameOf(route)}?${query}: ${status} ${text}`);
      }
    }
  }
});

void test("methods and paths that are not there", async (t) => {
  for (const route of routes.filter(({ method }) => method !== "ANY")) {
    const { status, text, headers } = await exchange(port, fill(route, { db: "demo" }), {
      method: "PATCH",
    });
    t.match({ status, text }, { status: 405, text: "" }, nameOf(route));
    t.ok(headers.allow?.split(", ").includes(route.method), `${nameOf(route)}: ${headers.allow}`);
  }
  for (const path of [
    "/",
    "/v1",
    "/v1/",
    "/v2/ping",
    "/v1/ping/",
    "/v1/database//names",
    "/v1//",
  ]) {
    t.match(await exchange(port, path), { status: 404, text: "" }, path);
  }
});
