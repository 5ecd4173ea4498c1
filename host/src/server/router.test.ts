import { test } from "tap";
import { routes } from "./route-table.ts";
import { createRouter, type Match } from "./router.ts";

const router = createRouter(routes);

function show(match: Match): string {
  switch (match.kind) {
    case "found":
      return [`${match.route.method} ${match.route.path}`, ...Object.values(match.params)].join(
        " ",
      );
    case "unknownMethod":
      return `405 ${match.allowed.join()}`;
    case "unknownPath":
      return "404";
  }
}

const cases: Readonly<Record<string, string>> = {
  "GET /v1/ping": "GET /v1/ping",
  "HEAD /v1/ping": "GET /v1/ping",
  "POST /v1/ping": "405 GET",
  "GET /v1/ping/": "404",
  "GET /v1": "404",
  "GET /": "404",
  "GET ": "404",
  "GET /v2/ping": "404",
  "POST /v1/database": "POST /v1/database",
  "POST /v1/database/": "404",
  "GET /v1/database": "405 POST",
  "GET /v1/database/chat": "GET /v1/database/:db chat",
  "PUT /v1/database/chat": "PUT /v1/database/:db chat",
  "PATCH /v1/database/chat": "405 PUT,GET,DELETE",
  "PUT /v1/database/a%20b": "PUT /v1/database/:db a b",
  "PUT /v1/database/a%2Fb": "PUT /v1/database/:db a/b",
  "POST /v1/database/chat/call/say": "POST /v1/database/:db/call/:function chat say",
  "POST /v1/database/chat/call/say%C3%A9": "POST /v1/database/:db/call/:function chat sayé",
  "POST /v1/database//call/say": "404",
  "POST /v1/database/chat/call/": "404",
  "GET /v1/identity/public-key": "GET /v1/identity/public-key",
  "GET /v1/database/chat/names": "GET /v1/database/:db/names chat",
  "DELETE /v1/database/chat/names": "405 GET,POST,PUT",
};

void test("methods and paths lead to routes", async (t) => {
  for (const [request, expected] of Object.entries(cases)) {
    const [method = "", path = ""] = request.split(" ");
    t.equal(show(router(method, path)), expected, request);
  }
});

void test("a path that cannot be decoded is refused", async (t) => {
  for (const element of ["%", "%4", "%zz", "%ff", "%C3"]) {
    const path = `/v1/database/${element}`;
    t.throws(() => router("GET", path), { code: "LC_REQUEST_INVALID", message: /^Invalid URL: / });
  }
});

void test("no two routes answer the same request, and each is described", async (t) => {
  const keys = routes.map(({ method, path }) => `${method} ${path.replace(/:\w+/g, ":")}`);
  t.equal(new Set(keys).size, routes.length);
  for (const route of routes) {
    t.match(route.path, /^\/v1(?:\/:?[a-z_.-]+)+(?:\/\*)?$/);
    t.match(route.summary, /^[A-Z].*\.$/, route.path);
  }
});
