// Redirects as data: what becomes of method, body and headers.
import { test } from "tap";
import type { HttpClientRequest } from "./client.ts";
import { redirectOf } from "./redirect.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const names = ["Accept", "Content-Type", "Authorization", "Cookie", "Host"];

function post(url: string, method = "POST"): HttpClientRequest {
  const headers = names.map((name) => ({ name, value: encode("x") }));
  return { method, url, headers, body: encode("body"), timeoutMillis: 5 };
}

const from = "http://a.example:81/b/c?d";

void test("where a redirect leads, and with what", (t) => {
  const all = names.join();
  const cases: [number, string, string, string, string, string][] = [
    [301, "/x", "POST", "GET http://a.example:81/x", "", "Accept,Authorization,Cookie,Host"],
    [302, "x?y", "PUT", "GET http://a.example:81/b/x?y", "", "Accept,Authorization,Cookie,Host"],
    [303, "?z", "DELETE", "GET http://a.example:81/b/c?z", "", "Accept,Authorization,Cookie,Host"],
    [302, "/x", "HEAD", "HEAD http://a.example:81/x", "body", all],
    [307, "/x", "POST", "POST http://a.example:81/x", "body", all],
    [308, "http://a.example/x", "POST", "POST http://a.example/x", "body", "Accept,Content-Type"],
    [
      307,
      "https://a.example:81/",
      "PUT",
      "PUT https://a.example:81/",
      "body",
      "Accept,Content-Type",
    ],
    [301, "//b.example", "POST", "GET http://b.example/", "", "Accept"],
    [302, "file:///etc/passwd", "GET", "GET file:///etc/passwd", "body", "Accept,Content-Type"],
    [302, "http://[::1", "GET", "GET http://[::1", "body", "Accept,Content-Type"],
  ];
  for (const [status, location, method, line, body, kept] of cases) {
    const next = redirectOf(post(from, method), new URL(from), status, location);
    t.equal(`${next?.method} ${next?.url}`, line, location);
    t.equal(new TextDecoder().decode(next?.body), body, location);
    t.equal(next?.headers.map(({ name }) => name).join(), kept, location);
  }
  t.end();
});

void test("what is no redirect", (t) => {
  for (const [status, location] of [
    [200, "/x"],
    [300, "/x"],
    [304, "/x"],
    [302, undefined],
  ] as const) {
    t.equal(redirectOf(post(from), new URL(from), status, location), undefined, `${status}`);
  }
  t.end();
});
