// What a reducer is called with, and what its result does.
import { fromHex } from "../../src/index.ts";
import { param } from "../layout.ts";
import { expectEqual, fail, type Rule, rulesAbout, type RuleText } from "../rule.ts";
import { expectTrap, failedStatus, type Session } from "../session.ts";
import type { Script } from "../script.ts";
import { at } from "../script.ts";
import { errno, holdsCount, insert, item, nobody, on, pair } from "./world.ts";

const arguments_ = rulesAbout("Argument encoding", "argument", [
  {
    name: "sender",
    states: "The four words of the sender are the caller's identity, least significant first.",
    check: async (session) => {
      const identity = session.identity.toBytes();
      await session.run((s) => s.holds(param.sender, identity, "the sender"));
    },
  },
  on("connection", "A call over HTTP has a connection of its own, not zero.", (s) => {
    s.watch(param.connection, 16, (bytes) =>
      bytes.some((byte) => byte !== 0) ? undefined : "the connection is zero",
    );
  }),
  on("timestamp", "The timestamp is in microseconds since 1970.", (s) => {
    s.watch(param.timestamp, 8, (bytes) => {
      const micros = new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0, true);
      const isNear = Math.abs(Number(micros) / 1000 - Date.now()) < 86_400_000;
      return isNear ? undefined : `the timestamp is ${micros}`;
    });
  }),
  {
    name: "bsatn",
    states: "The arguments are a source with the parameters' BSATN one after another.",
    check: async (session) => {
      const { text } = await session.call("with_params", '[7,"hi",9]');
      expectEqual(text.slice(0, 22), "07000000020000006869" + "09", "the arguments read");
      const results = fromHex(text.slice(22));
      expectEqual([results[0], results[8]], [0, 255], "lengths first, then the last bytes");
    },
  },
  {
    name: "empty",
    states: "A reducer without parameters gets the source 0.",
    check: async (session) => {
      const { status, text } = await session.call("without_params", "[]");
      expectEqual([status, text.slice(0, 8)], [failedStatus, "00000000"], "the source");
    },
  },
  on("id", "The id is the reducer's position in the definition.", (s) => {
    s.holdsWord(param.id, 0, "the id of `run`");
  }),
]);

const ends = (name: string, states: string, code: number): RuleText => ({
  name,
  states,
  check: async (session) => {
    const answer = await session.runCode((s) => void insert(s, pair, { left: 90, right: 1 }), code);
    expectTrap(answer);
    await session.expectRows("SELECT * FROM pair WHERE left = 90", []);
  },
});

/** How often the instance has counted, by one more count. */
async function countOf(session: Session): Promise<number> {
  let seen = -1;
  await session.run((s) => {
    const out = s.word();
    s.call("any", "store", out, s.call("any", "count"));
    s.watch(out, 4, (bytes) => {
      seen = bytes[0] ?? 0;
      return undefined;
    });
  });
  return seen;
}

const results = rulesAbout("Reducer results", "result", [
  {
    name: "ok",
    states: "0 commits; what is in the sink is ignored.",
    check: async (session) => {
      const answer = await session.runCode((s) => {
        insert(s, pair, { left: 91, right: 1 });
        s.call(0, "bytes_sink_write", at(param.sink), s.text("ignored")[0], s.word(7));
      }, 0);
      expectEqual([answer.status, answer.text], [200, ""], "the answer");
      await session.expectRows("SELECT * FROM pair WHERE left = 91", [[91, 1]]);
    },
  },
  {
    name: "error",
    states: "1 rolls back and reports the sink's text as the error.",
    check: async (session) => {
      const answer = await session.runCode((s) => {
        insert(s, pair, { left: 92, right: 1 });
        const [text, length] = s.text("no: \u{1f30d}");
        s.call(0, "bytes_sink_write", at(param.sink), text, s.word(length));
      }, 1);
      expectEqual([answer.status, answer.text], [failedStatus, "no: \u{1f30d}"], "the answer");
      await session.expectRows("SELECT * FROM pair WHERE left = 92", []);
    },
  },
  {
    name: "error-empty",
    states: "1 with an empty sink is an error with an empty text.",
    check: async (session) => {
      const answer = await session.runCode(() => undefined, 1);
      expectEqual([answer.status, answer.text], [failedStatus, ""], "the answer");
    },
  },
  {
    name: "error-lossy",
    states: "Bytes of the text that are no UTF-8 become U+FFFD.",
    check: async (session) => {
      const { text } = await session.call("with_bad_text", "[]");
      expectEqual(text, "a\ufffdb", "the error");
    },
  },
  ends("two", "Any other code rolls back and is a fatal error of the instance.", 2),
  ends("minus-one", "So is -1, with which modules in C++ refuse an id.", -1),
  ends("minus-four", "So is -4, with which they refuse arguments.", -4),
  {
    name: "error-keeps-instance",
    states: "After the code 1 the same instance goes on: its memory is as it was.",
    check: async (session) => {
      const before = await countOf(session);
      await session.runCode(() => undefined, 1);
      expectEqual(await countOf(session), before + 1, "the instance's count");
    },
  },
  {
    name: "other-keeps-instance",
    states: "So it does after any other code.",
    check: async (session) => {
      const before = await countOf(session);
      await session.runCode(() => undefined, 7);
      expectEqual(await countOf(session), before + 1, "the instance's count");
    },
  },
  {
    name: "memory-stays-grown",
    states: "Memory that an instance let grow stays so in its later calls.",
    check: async (session) => {
      let pages = 0;
      const look = (s: Script): void => {
        const out = s.word();
        s.call("any", "store", out, s.call("any", "size"));
        s.watch(out, 4, (bytes) => {
          const seen = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
          const fault = seen < pages ? `${seen} pages, ${pages} before` : undefined;
          pages = seen;
          return fault;
        });
      };
      await session.run((s) => {
        s.call("any", "grow", 2);
        look(s);
      });
      await session.run(look);
    },
  },
]);

const traps = (
  name: string,
  states: string,
  operation: string,
  ...operands: number[]
): RuleText => ({
  name,
  states,
  check: async (session) => {
    await session.run((s) => {
      insert(s, pair, { left: 93, right: 1 });
      s.traps(operation, ...operands);
    });
    await session.expectRows("SELECT * FROM pair WHERE left = 93", []);
    expectEqual(await countOf(session), 1, "the count of a new instance");
  },
});

const trapRules = rulesAbout("Traps", "trap", [
  traps("unreachable", "`unreachable` rolls back, and a new instance takes over.", "unreachable"),
  traps("divide", "So does a division by zero.", "divide", 0),
  traps("overflow", "So does a division that overflows.", "divide", -1),
  traps("truncate", "So does the conversion of a number that is none.", "truncate"),
  traps("load", "So does a load outside the memory.", "load", 0xffff_fff0),
  traps("null-function", "So does a call of a table's empty element.", "indirect", 0),
  traps("function-type", "So does a call of a function of another type.", "indirect", 1),
  traps("no-function", "So does a call of a function outside the table.", "indirect", 2),
  traps("stack", "So does a recursion without end.", "recurse"),
  {
    name: "host",
    states: "A trap of the host's own does the same.",
    check: async (session) => {
      await session.run((s) => {
        insert(s, item, { id: 94, text: "lost" });
        s.traps("table_id_from_name", 0, 4, s.word());
      });
      await session.run((s) => holdsCount(s, item, 0n));
      expectEqual(await countOf(session), 1, "the count of a new instance");
    },
  },
  {
    name: "logged",
    states: "A trap leaves a record in the module's log.",
    check: async (session) => {
      const before = (await session.logs()).length;
      await session.run((s) => s.traps("unreachable"));
      const lines = (await session.logs()).slice(before);
      if (!lines.some(({ level }) => level === "Error" || level === "Panic")) {
        fail("no record of the level Error or Panic");
      }
    },
  },
]);

const access = rulesAbout("Functions", "function", [
  {
    name: "private",
    states:
      "Only the database's owner may call a private reducer; others are told that there is none.",
    check: async (session) => {
      const stranger = await session.client.stranger();
      const { status } = await session.call("hidden", '[""]', stranger);
      expectEqual(status, 404, "the status for somebody else");
      await session.run((s) => s.holdsWord(param.id, 4, "the id"), { fn: "hidden" });
    },
  },
  {
    name: "lifecycle",
    states: "Nobody calls a lifecycle reducer by name.",
    check: async (session) => {
      const { status } = await session.call("on_init", "[]");
      expectEqual(status, 400, "the status");
    },
  },
  {
    name: "unknown",
    states: "A name that no function has is told as such.",
    check: async (session) => {
      expectEqual((await session.call("no_such_function", "[]")).status, 404, "the status");
    },
  },
  {
    name: "arguments",
    states: "Arguments that do not fit the parameters are refused, and the module is not called.",
    check: async (session) => {
      for (const args of ["[]", '["x","hi",9]', '[7,"hi",9,1]', '[7,"hi",256]']) {
        const { status } = await session.call("with_params", args);
        expectEqual(status, 400, `the status for ${args}`);
      }
    },
  },
]);

const contexts = rulesAbout("Contexts", "reducer-context", [
  on("start", "`procedure_start_mut_tx` answers 17 in a reducer and writes nothing.", (s) => {
    const out = s.room(8, 0x55);
    s.call(errno.wouldBlock, "procedure_start_mut_tx", out);
    s.holds(out, new Uint8Array(8).fill(0x55));
  }),
  on("commit", "`procedure_commit_mut_tx` answers 18 in a reducer.", (s) => {
    s.call(errno.notAnonymous, "procedure_commit_mut_tx");
  }),
  on("abort", "`procedure_abort_mut_tx` answers 18 in a reducer.", (s) => {
    s.call(errno.notAnonymous, "procedure_abort_mut_tx");
  }),
  on("sleep", "`procedure_sleep_until` traps in a reducer.", (s) => {
    s.traps("procedure_sleep_until", 0);
  }),
  on("http", "`procedure_http_request` traps in a reducer.", (s) => {
    s.traps("procedure_http_request", s.room(4), 4, s.room(4), 0, s.room(8));
  }),
  on("handles", "Handles of one kind are none of another.", (s) => {
    s.call(errno.noBytes, "bytes_source_read", nobody, s.room(4), s.word(4));
    s.call(errno.noIter, "row_iter_bsatn_close", at(param.sink));
  }),
]);

export const callRules: readonly Rule[] = [
  ...arguments_,
  ...results,
  ...trapRules,
  ...access,
  ...contexts,
];
