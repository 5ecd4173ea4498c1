// What a guest must get right, as data: a rule, the script that provokes it, and what must be seen. Each
// runs under every provocation; what is seen is the same under all of them.
import { compileCodec, ConnectionId, encode, Reader, type Value } from "@lightcone/abi";
import type { HostDouble, Outcome } from "./host.ts";

export interface Rule {
  /** What the guest does right. */
  readonly title: string;
  /** Drives the guest; what was seen. */
  readonly script: (host: HostDouble) => unknown;
  readonly seen: unknown;
  /** The script lets the guest trap, after which the instance is thrown away. */
  readonly traps?: boolean;
}

/** Five small rows. */
function filled(host: HostDouble, count = 5, size = 10): HostDouble {
  const { code, trap } = host.reducer("fill", { count, size });
  if (code !== 0) throw trap;
  return host;
}

/** Runs a reducer; what it left in the table `answer`. */
function asked(host: HostDouble, name: string, args: Value = {}): unknown {
  const { code, trap } = host.reducer(name, args, { connectionId: new ConnectionId(5n) });
  if (code !== 0) return trap ?? code;
  return host.database.table("answer").objects().at(-1)?.["text"];
}

const utf8 = new TextDecoder();
const stringCodec = compileCodec({ kind: "string" });

function textOf({ code, bytes }: Outcome): unknown {
  return [code, utf8.decode(bytes)];
}

const lines = (count: number, size: number): string =>
  Array.from({ length: count }, (_, i) => ` n${i}:${size}`).join("");

const longText = "größe 🎉 ".repeat(400);

const reading: readonly Rule[] = [
  {
    title: "rows in chunks of every size are all read, those that come with -1 too",
    script: (host) => asked(filled(host, 20), "read_all"),
    seen: `20${lines(20, 10)}`,
  },
  {
    title: "a chunk beyond the buffer makes the buffer grow, again and again",
    script: (host) => asked(filled(host, 9, 40_000), "read_all"),
    seen: `9${lines(9, 40_000)}`,
  },
  {
    title: "a single row beyond the buffer is found",
    script: (host) => {
      filled(host, 1, 300_000);
      return asked(host, "search");
    },
    seen: " none none",
  },
  {
    title: "a scan without rows ends at once and is not closed",
    script: (host) => asked(filled(host), "read_nothing"),
    seen: "nothing",
  },
  {
    title: "an empty table is read",
    script: (host) => asked(host, "read_all"),
    seen: "0",
  },
  {
    title: "iterators left open are closed once at the end of the call, closed ones not again",
    script: (host) => filled(host).reducer("leave_open").code,
    seen: 0,
  },
  {
    title: "also when the reducer returns an error, whose text arrives whole",
    script: (host) => textOf(filled(host).reducer("leave_open_and_fail")),
    seen: [1, "größe".repeat(50)],
  },
  {
    title: "iterators within iterators do not share their bytes",
    script: (host) => asked(filled(host), "read_within"),
    seen: "n0n1n2n3n4",
  },
  {
    title: "rows changed while they are read do not disturb the reading",
    script: (host) => asked(filled(host), "change_while_reading"),
    seen: "5 3",
  },
  {
    title: "unique keys, ranges, prefixes",
    script: (host) => asked(filled(host), "search"),
    seen: "234 r3 r2 2 none",
  },
];

const writing: readonly Rule[] = [
  {
    title: "counts of deletes",
    script: (host) => asked(filled(host), "remove"),
    seen: "2 gone absent 2 3 2",
  },
  {
    title: "a refused insert is a value",
    script: (host) => asked(host, "twice"),
    seen: "true another row has the same unique value",
  },
  {
    title: "ids are looked up once in the life of an instance",
    script: (host) => {
      filled(host);
      return ["read_all", "search", "read_all", "search"].map((name) => asked(host, name) !== 1);
    },
    seen: [true, true, true, true],
  },
];

const bytes: readonly Rule[] = [
  {
    title: "arguments arrive whole however they are cut, a long text too",
    script: (host) =>
      asked(host, "echo", {
        text: longText,
        list: Array.from({ length: 999 }, () => 2),
        maybe: 5n,
      }),
    seen: `${longText}2003`,
  },
  {
    title: "arguments of a later call do not show those of an earlier, longer one",
    script: (host) => {
      asked(host, "echo", { text: longText, list: [], maybe: undefined });
      return asked(host, "echo", { text: "", list: [], maybe: undefined });
    },
    seen: "0",
  },
  {
    title: "the payload of a token is read whole; no token is no source",
    script: (host) => {
      const without = asked(host, "claims");
      const payload = { iss: "i", sub: "grün".repeat(99), aud: ["a", "b"] };
      host.database.tokens.set(5n, JSON.stringify(payload));
      return [without, asked(host, "claims")];
    },
    seen: ["none", `${"grün".repeat(99)}a,b`],
  },
  {
    title: "texts of the log and names of timers arrive, a lone surrogate as U+FFFD",
    script: (host) => {
      host.reducer("speak", { text: longText });
      return [host.logged.map(({ level, text }) => [level, text]), host.timed];
    },
    seen: [[[2, longText]], [longText]],
  },
  {
    title: "a trap leaves a panic with file and line",
    script: (host) => {
      const { trap } = filled(host).reducer("fall");
      const [record] = host.logged;
      return [
        trap instanceof WebAssembly.RuntimeError,
        record?.level,
        record?.text,
        record?.file?.endsWith("conformance.ts"),
        typeof record?.line,
      ];
    },
    seen: [true, 101, "fallen", true, "number"],
    traps: true,
  },
];

/** The names of the rows that a view answered with. */
function namesOf(host: HostDouble, { code, bytes: sunk }: Outcome): unknown {
  const { productTypeRef } = host.database.table("item").def;
  const row = { kind: "array", element: { kind: "ref", ref: productTypeRef } } as const;
  const rows = compileCodec<{ name: string }[]>(row, host.def.typespace);
  const [header] = sunk;
  const reader = new Reader(sunk.subarray(1));
  return [code, header, rows.read(reader).map(({ name }) => name), reader.remaining];
}

const calls: readonly Rule[] = [
  {
    title: "views answer whole, and close what they left open",
    script: (host) => {
      filled(host, 3, 5000);
      return [namesOf(host, host.view("all_items")), namesOf(host, host.view("one_item"))];
    },
    seen: [
      [2, 0, ["n0", "n1", "n2"], 0],
      [2, 0, ["n0"], 0],
    ],
  },
  {
    title:
      "views that run within a commit take nothing from the procedure: values, handles, buffers",
    script: (host) => {
      filled(host, 3);
      let ran = 0;
      host.onCommit = () => {
        for (const name of ["all_items", "one_item"]) ran += Number(host.view(name).code === 2);
      };
      const { code, bytes: sunk } = host.procedure("commits", { count: 40 }, { micros: 7n });
      const wanted = `${Array.from({ length: 40 }, (_, i) => `kept${i}`).join("")}7`;
      return [code, ran, decodeText(sunk) === wanted, host.database.table("item").rows.length];
    },
    seen: [0, 80, true, 43],
  },
  {
    title: "requests leave whole and responses arrive whole, or their error",
    script: (host) => {
      const failed = host.procedure("fetches", { url: "https://example.com/" });
      host.answer = { response: okResponse, body: new TextEncoder().encode(longText) };
      const answered = host.procedure("fetches", { url: "https://example.com/" });
      host.answer = { response: okResponse, body: new Uint8Array(0) };
      const empty = host.procedure("fetches", { url: "https://example.com/" });
      const texts = [failed, answered, empty].map(({ bytes: sunk }) => decodeText(sunk));
      return [texts, host.requests.map((request) => utf8.decode(request.body))];
    },
    seen: [
      ["error nobody answers", `200 ${longText}`, "200 "],
      ["asked", "asked", "asked"],
    ],
  },
  {
    title: "an HTTP handler reads request and body, and writes both of its sinks",
    script: (host) => {
      const { code, response, body } = host.handler(
        0,
        encodedRequest("https://example.com/hello"),
        new TextEncoder().encode("größe".repeat(100)),
      );
      return [code, response.at(-2), utf8.decode(body)];
    },
    seen: [0, 201, `https://example.com/hello ${"größe".repeat(100)}`],
  },
];

function decodeText(sunk: Uint8Array): Value {
  return stringCodec.read(new Reader(sunk));
}

/** No headers, HTTP/1.1, 200. */
const okResponse = Uint8Array.from([0, 0, 0, 0, 2, 200, 0]);

/** POST, no headers, no timeout, HTTP/1.1. */
function encodedRequest(uri: string): Uint8Array {
  return Uint8Array.from([2, 0, 0, 0, 0, 1, ...encode(stringCodec, uri), 2]);
}

export const rules: readonly Rule[] = [...reading, ...writing, ...bytes, ...calls];
