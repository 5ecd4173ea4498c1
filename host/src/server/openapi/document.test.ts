import { present } from "@lightcone/abi";
import { test } from "tap";
import type { Route } from "../router.ts";
import { routes } from "../route-table.ts";
import { openRig } from "../test-rig.ts";
import { undeclared } from "./answers.ts";
import type { Schema } from "./description.ts";
import { type OpenApiDocument, openApiDocument, type Operation } from "./document.ts";

const document = openApiDocument(routes);

const operations: readonly (readonly [string, Operation])[] = Object.entries(
  document.paths,
).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => [`${method} ${path}`, operation] as const),
);

void test("the host serves what the table says", async (t) => {
  const rig = await openRig({ routes });
  t.teardown(() => rig.close());
  const { status, headers, text } = await rig.send("/v1/openapi.json");
  t.equal(status, 200);
  t.equal(headers["content-type"], "application/json");
  t.same(JSON.parse(text) as OpenApiDocument, JSON.parse(JSON.stringify(document)));
});

void test("every route is described, under a name of its own", (t) => {
  const names = operations.map(([, { operationId }]) => operationId);
  t.equal(new Set(names).size, names.length);
  const count = routes.filter(({ method }) => method !== "ANY").length;
  const anyCount = routes.length - count;
  t.equal(names.length, count + 5 * anyCount);
  t.ok(names.includes("postDatabaseCall"));
  t.ok(names.includes("getDatabaseRouteRest"));
  t.end();
});

void test("parameters of a path are those in its braces", (t) => {
  for (const [name, { parameters }] of operations) {
    const inBraces = [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
    const described = parameters.filter((each) => each.in === "path");
    t.same(
      described.map((each) => each.name),
      inBraces,
      name,
    );
    t.ok(
      described.every(({ required }) => required),
      name,
    );
    const keys = parameters.map((each) => `${each.in} ${each.name}`);
    t.equal(new Set(keys).size, keys.length, `${name}: no parameter twice`);
  }
  t.end();
});

void test("every operation says what it answers, and where no token is good enough", (t) => {
  for (const [name, { responses, security, summary }] of operations) {
    const statuses = Object.keys(responses).filter((status) => status !== "default");
    t.ok(statuses.length > 0, name);
    t.ok(
      statuses.every((status) => /^[1-5]\d\d$/.test(status)),
      name,
    );
    t.equal(security.length > 0, "401" in responses, `${name}: credentials may be refused`);
    t.match(summary, /^[A-Z].*\.$/, name);
  }
  t.end();
});

/** The keywords that this document uses, with what their values must be. */
const keywords: Readonly<Record<keyof Schema, (value: never) => boolean>> = {
  type: (value: string) =>
    ["object", "array", "string", "integer", "number", "boolean", "null"].includes(value),
  description: (value: unknown) => typeof value === "string",
  properties: (value: Readonly<Record<string, Schema>>) => Object.values(value).every(isSchema),
  required: Array.isArray,
  additionalProperties: (value: boolean | Schema) => typeof value === "boolean" || isSchema(value),
  items: isSchema,
  prefixItems: (value: readonly Schema[]) => value.every(isSchema),
  minItems: Number.isInteger,
  maxItems: Number.isInteger,
  oneOf: (value: readonly Schema[]) => value.every(isSchema),
  enum: (value: readonly unknown[]) => new Set(value).size === value.length,
  const: (value: unknown) => value !== undefined,
  pattern: (value: string) => new RegExp(value, "u") instanceof RegExp,
  format: (value: unknown) => typeof value === "string",
  minimum: Number.isFinite,
  maximum: Number.isFinite,
  default: (value: unknown) => value !== undefined,
};

function isSchema(schema: Schema): boolean {
  const required = schema.required ?? [];
  return (
    required.every((name) => name in (schema.properties ?? {})) &&
    Object.entries(schema).every(([keyword, value]) =>
      keywords[keyword as keyof Schema]?.(value as never),
    )
  );
}

void test("schemas are schemas", (t) => {
  t.notOk(isSchema({ typo: 1 } as Schema), "an unknown keyword is noticed");
  t.notOk(isSchema({ type: "text" as never }));
  for (const [name, { parameters, requestBody, responses }] of operations) {
    const contents = [requestBody?.content, ...Object.values(responses).map((r) => r.content)];
    const schemas = contents.flatMap((content) =>
      Object.values(content ?? {}).map((each) => each.schema),
    );
    for (const schema of [...schemas, ...parameters.map((each) => each.schema)]) {
      t.ok(isSchema(schema), `${name}: ${JSON.stringify(schema)}`);
    }
  }
  t.end();
});

/** A route of the table. */
function routeOf(method: string, path: string): Route {
  return present(
    routes.find((route) => route.method === method && route.path === path),
    path,
  );
}

void test("an answer that is not declared is told", (t) => {
  const text = "text/plain; charset=utf-8";
  const json = "application/json";
  const cases: readonly [method: string, path: string, number, string | undefined, boolean][] = [
    ["GET", "/v1/ping", 200, undefined, true],
    ["GET", "/v1/ping", 200, text, false],
    ["GET", "/v1/ping", 500, text, false],
    ["GET", "/v1/health", 200, json, true],
    ["GET", "/v1/health", 200, "application/json; charset=utf-8", false],
    ["GET", "/v1/database/:db", 401, text, true],
    ["GET", "/v1/database/:db", 404, text, true],
    ["GET", "/v1/database/:db", 404, undefined, false],
    ["GET", "/v1/database/:db", 500, text, false],
    ["POST", "/v1/database/:db/call/:function", 200, text, true],
    ["POST", "/v1/database/:db/call/:function", 200, json, true],
    ["POST", "/v1/database/:db/call/:function", 530, text, true],
    ["POST", "/v1/database/:db/call/:function", 501, text, false],
    ["POST", "/v1/database/:db/names", 401, text, true],
    ["POST", "/v1/database/:db/names", 401, json, true],
    ["ANY", "/v1/database/:db/route", 418, "text/html", true],
  ];
  for (const [method, path, status, type, isDeclared] of cases) {
    const fault = undeclared(routeOf(method, path), status, type);
    t.equal(fault === undefined, isDeclared, `${method} ${path} ${status} ${type}: ${fault}`);
  }
  t.end();
});
