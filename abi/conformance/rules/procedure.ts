// Procedures: their own transactions, sleep, HTTP requests.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  array,
  bytesType,
  option,
  product,
  sum,
  timeDurationType,
  unitType,
  type Value,
} from "../../src/index.ts";
import { bsatn } from "../definition.ts";
import { makeGuest, StaticScripts } from "../guest.ts";
import { param } from "../layout.ts";
import { expectEqual, fail, type Rule, RuleSkipped, rulesAbout, type RuleText } from "../rule.ts";
import { at, type Script } from "../script.ts";
import { errno, holdsCount, insert, item, last, pair, string, u32 } from "./world.ts";

const scripts = new StaticScripts();

const returning = (bytes: readonly number[], code = 0) =>
  scripts.make(
    (s) => {
      s.call(0, "bytes_sink_write", at(param.sink), s.place(bytes), s.word(bytes.length));
    },
    { code },
  );

const seven = returning([7, 0, 0, 0]);
const nothing = scripts.make(() => undefined);
const refusing = returning([], 1);

export const procedureProgram = (): Promise<Uint8Array> =>
  makeGuest({
    definition: {
      tables: [item, pair],
      reducers: [{ name: "run" }],
      procedures: [
        { name: "perform" },
        { name: "seven", params: {}, returns: u32 },
        { name: "nothing", params: {}, returns: unitType },
        { name: "refuse", params: {}, returns: unitType },
      ],
    },
    scripts,
    procedures: { 1: seven, 2: nothing, 3: refusing },
  });

/** A rule that one script in a procedure shows. */
function within(
  name: string,
  states: string,
  build: (s: Script) => void,
  reference?: string,
): RuleText {
  return {
    name,
    states,
    ...(reference === undefined ? {} : { reference }),
    check: async (session) => void (await session.runProcedure(build)),
  };
}

function start(s: Script, expected = 0): number {
  const out = s.room(8, 0x55);
  s.call(expected, "procedure_start_mut_tx", out);
  return out;
}

const method = sum({
  Get: unitType,
  Head: unitType,
  Post: unitType,
  Put: unitType,
  Delete: unitType,
  Connect: unitType,
  Options: unitType,
  Trace: unitType,
  Patch: unitType,
  Extension: string,
});
const version = sum({
  Http09: unitType,
  Http10: unitType,
  Http11: unitType,
  Http2: unitType,
  Http3: unitType,
});
const headers = product({
  entries: array(product({ name: string, value: bytesType })),
});
const request = product({
  method,
  headers,
  timeout: option(timeDurationType),
  uri: string,
  version,
});

/** The BSATN of a request to an address. */
function requestBytes(uri: string): Uint8Array {
  const value: Value = {
    method: { tag: "Get", value: undefined },
    headers: { entries: [] },
    timeout: undefined,
    uri,
    version: { tag: "Http11", value: undefined },
  };
  return bsatn(request, value);
}

/** Sends a request; where the two handles go. */
function send(s: Script, uri: string, expected: number): number {
  const bytes = requestBytes(uri);
  const out = s.place([...new Uint8Array(4), 77, 0, 0, 0]);
  s.call(expected, "procedure_http_request", s.place(bytes), bytes.length, s.room(4), 0, out);
  return out;
}

/** A request that fails leaves a text. */
const failsToSend = (name: string, states: string, uri: string): RuleText =>
  within(name, states, (s) => {
    const out = send(s, uri, errno.http);
    s.holdsWord(out + 4, 77, "the second handle");
    const [buffer, length] = [s.room(512), s.word(512)];
    s.call(last, "bytes_source_read", at(out), buffer, length);
    s.watch(length, 4, (bytes) => {
      const count = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
      return count > 4 ? undefined : `the text takes ${count} bytes`;
    });
  });

const results = rulesAbout("Procedure results", "procedure", [
  {
    name: "value",
    states: "0 returns the value whose BSATN is in the sink.",
    check: async (session) => {
      const { status, text } = await session.call("seven", "[]");
      expectEqual([status, text], [200, "7"], "the answer");
    },
  },
  {
    name: "unit",
    states: "A procedure that returns nothing leaves the sink empty.",
    check: async (session) => {
      const { status, text } = await session.call("nothing", "[]");
      expectEqual([status, text], [200, "[]"], "the answer");
    },
  },
  {
    name: "code",
    states: "Any code other than 0 is an error of the host to the caller.",
    check: async (session) => {
      expectEqual((await session.call("refuse", "[]")).status, 500, "the status");
    },
  },
  within("trap", "So is a trap; the next call gets another instance.", (s) =>
    s.traps("unreachable"),
  ),
  within("arguments", "Sender, connection and time come as they do to a reducer.", (s) => {
    s.watch(param.sender, 32, (bytes) => (bytes.some((b) => b !== 0) ? undefined : "no sender"));
    s.watch(param.timestamp, 8, (bytes) => (bytes.some((b) => b !== 0) ? undefined : "no time"));
  }),
  within("no-transaction", "It begins without a transaction: database imports answer 2.", (s) => {
    s.call(errno.notInTransaction, "table_id_from_name", ...s.text("item"), s.word());
    s.call(errno.notInTransaction, "datastore_clear", 4096, s.room(8));
  }),
  {
    name: "dangling",
    states: "A transaction left open when it returns is rolled back, and an Error record says so.",
    check: async (session) => {
      await session.runProcedure((s) => {
        start(s);
        insert(s, pair, { left: 30, right: 1 });
      });
      await session.expectRows("SELECT * FROM pair WHERE left = 30", []);
      const [line] = await session.logLines("transaction");
      expectEqual(line?.["level"], "Error", "the level");
    },
  },
  {
    name: "others-go-on",
    states: "While a procedure sleeps, reducers go on.",
    check: async (session) => {
      const wake = BigInt(Date.now() + 1500) * 1000n;
      let isAwake = false;
      const sleeping = session
        .runProcedure((s) => s.call("any", "procedure_sleep_until", wake))
        .then(() => (isAwake = true));
      const reducing = session.run((s) => s.table("item")).then(() => isAwake);
      const [, wasAwake] = await Promise.all([sleeping, reducing]);
      if (wasAwake) fail("the reducer waited for the procedure");
    },
  },
]);

const starts = rulesAbout("procedure_start_mut_tx", "tx-start", [
  within("opens", "It opens a transaction and writes the time in microseconds.", (s) => {
    const out = start(s);
    s.table("item");
    s.watch(out, 8, (bytes) => {
      const micros = new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0, true);
      const isNear = Math.abs(Number(micros) / 1000 - Date.now()) < 86_400_000;
      return isNear ? undefined : `the time is ${micros}`;
    });
  }),
  within("twice", "With a transaction open it answers 17 and writes nothing.", (s) => {
    start(s);
    const out = start(s, errno.wouldBlock);
    s.holds(out, new Uint8Array(8).fill(0x55));
  }),
  within("again", "After a commit or an abort another can be opened.", (s) => {
    start(s);
    s.call(0, "procedure_commit_mut_tx");
    start(s);
    s.call(0, "procedure_abort_mut_tx");
    start(s);
  }),
  within("null", "A null pointer traps.", (s) => s.traps("procedure_start_mut_tx", 0)),
]);

const commits = rulesAbout("procedure_commit_mut_tx", "tx-commit", [
  {
    name: "kept",
    states: "What was committed is there for everybody.",
    check: async (session) => {
      await session.runProcedure((s) => {
        start(s);
        insert(s, pair, { left: 31, right: 1 });
        s.call(0, "procedure_commit_mut_tx");
      });
      await session.expectRows("SELECT * FROM pair WHERE left = 31", [[31, 1]]);
    },
  },
  within("none", "Without a transaction it answers 18.", (s) => {
    s.call(errno.notAnonymous, "procedure_commit_mut_tx");
  }),
  within("after", "After it there is no transaction: 18, and 2 from database imports.", (s) => {
    start(s);
    s.call(0, "procedure_commit_mut_tx");
    s.call(errno.notAnonymous, "procedure_commit_mut_tx");
    s.call(errno.notInTransaction, "table_id_from_name", ...s.text("item"), s.word());
  }),
  {
    name: "before-trap",
    states: "A trap later on does not undo what was committed.",
    check: async (session) => {
      await session.runProcedure((s) => {
        start(s);
        insert(s, pair, { left: 32, right: 1 });
        s.call(0, "procedure_commit_mut_tx");
        s.traps("unreachable");
      });
      await session.expectRows("SELECT * FROM pair WHERE left = 32", [[32, 1]]);
    },
  },
]);

const aborts = rulesAbout("procedure_abort_mut_tx", "tx-abort", [
  {
    name: "undone",
    states: "What was written since the start is undone.",
    check: async (session) => {
      await session.runProcedure((s) => {
        start(s);
        insert(s, pair, { left: 33, right: 1 });
        s.call(0, "procedure_abort_mut_tx");
        start(s);
        const relation = pair.relation({ left: 33, right: 1 });
        const out = s.word(9);
        const name = "datastore_delete_all_by_eq_bsatn";
        s.call(0, name, s.table("pair"), s.place(relation), relation.length, out);
        s.holdsWord(out, 0, "rows deleted");
        s.call(0, "procedure_commit_mut_tx");
      });
      await session.expectRows("SELECT * FROM pair WHERE left = 33", []);
    },
  },
  within("none", "Without a transaction it answers 18.", (s) => {
    s.call(errno.notAnonymous, "procedure_abort_mut_tx");
  }),
  within("after", "After it the transaction is gone.", (s) => {
    start(s);
    holdsCount(s, item, 0n);
    s.call(0, "procedure_abort_mut_tx");
    s.call(errno.notAnonymous, "procedure_abort_mut_tx");
    s.call(
      errno.notInTransaction,
      "datastore_table_row_count",
      s.call("any", "add", 0, 0),
      s.room(8),
    );
  }),
]);

const sleeps = rulesAbout("procedure_sleep_until", "sleep", [
  {
    name: "waits",
    states: "It comes back at the time given or later, and answers the time then.",
    check: async (session) => {
      const before = Date.now();
      const wake = BigInt(before + 400) * 1000n;
      await session.runProcedure((s) => {
        const out = s.room(8);
        s.call("any", "storeLong", out, s.call("any", "procedure_sleep_until", wake));
        s.watch(out, 8, (bytes) => {
          const micros = new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0, true);
          return micros >= wake && micros < wake + 60_000_000n ? undefined : `awake at ${micros}`;
        });
      });
    },
  },
  within("past", "A time that has passed, or a negative one, is no wait.", (s) => {
    s.call("any", "procedure_sleep_until", 1);
    s.call("any", "procedure_sleep_until", -1);
  }),
  {
    name: "in-transaction",
    states: "With a transaction open it traps.",
    reference: "it sleeps",
    check: async (session) => {
      const build = (s: Script): void => {
        start(s);
        s.call("any", "procedure_sleep_until", 1);
      };
      const trapping = session.runProcedure((s) => {
        start(s);
        s.traps("procedure_sleep_until", 1);
      });
      if (session.isStrict) return void (await trapping);
      await trapping.catch(() => session.runProcedure(build));
    },
  },
]);

/** A server on this machine, which a host may refuse to speak to. */
async function withServer(use: (uri: string) => Promise<void>): Promise<void> {
  const server = createServer((asked, answer) => {
    asked.resume();
    answer.writeHead(203, { "x-suite": "yes" }).end(`pong ${asked.method} ${asked.url}`);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/ping`);
  } finally {
    server.close();
  }
}

/** The response to a request that a server answers. */
const responds: RuleText = {
  name: "response",
  states:
    "A response of any status answers 0: the response's BSATN in one source, its body in another.",
  check: (session) =>
    withServer(async (uri) => {
      let status = 0;
      await session.runProcedure((s) => {
        const bytes = requestBytes(uri);
        const [out, answer] = [s.room(8), s.word()];
        const request_ = [s.place(bytes), bytes.length, s.room(4), 0, out];
        s.call("any", "store", answer, s.call("any", "procedure_http_request", ...request_));
        const [head, headLength, body] = [s.room(2048), s.word(2048), s.room(64)];
        s.call("any", "bytes_source_read", at(out), head, headLength);
        s.call("any", "bytes_source_read", at(out + 4), body, s.word(64));
        s.watch(answer, 4, (seen) => {
          status = seen[0] ?? 0;
          return undefined;
        });
        // The status is the last field of the response.
        const code = s.call("any", "add", s.call("any", "add", at(headLength), head), -2);
        s.watch(code, 2, (seen) => (status !== 0 || seen[0] === 203 ? undefined : "no status 203"));
        s.watch(body, 14, (seen) => {
          const text = Buffer.from(seen).toString();
          return status !== 0 || text === "pong GET /ping" ? undefined : `the body is ${text}`;
        });
      });
      if (status === errno.http) {
        throw new RuleSkipped("this host sends no requests to the machine that the suite runs on");
      }
      expectEqual(status, 0, "the answer");
    }),
};

const requests = rulesAbout("procedure_http_request", "http", [
  responds,
  failsToSend(
    "blocked",
    "An address of the local machine answers 21, with a text in the first source.",
    "http://169.254.1.1:9/",
  ),
  failsToSend("bad-uri", "An address that is none answers 21.", "no address"),
  within("in-transaction", "With a transaction open it answers 17 and writes nothing.", (s) => {
    start(s);
    const out = send(s, "http://127.0.0.1:9/", errno.wouldBlock);
    s.holdsWord(out, 0, "the first handle");
  }),
  within("decode", "A request that is no BSATN answers 3.", (s) => {
    const out = s.room(8);
    s.call(errno.decode, "procedure_http_request", s.place([99]), 1, s.room(4), 0, out);
  }),
  within("null-request", "A null request traps.", (s) => {
    s.traps("procedure_http_request", 0, 4, s.room(4), 0, s.room(8));
  }),
  within("null-out", "A null result pointer traps.", (s) => {
    const bytes = requestBytes("no address");
    s.traps("procedure_http_request", s.place(bytes), bytes.length, s.room(4), 0, 0);
  }),
]);

export const procedureRules: readonly Rule[] = [
  ...results,
  ...starts,
  ...commits,
  ...aborts,
  ...sleeps,
  ...requests,
];
