// Byte sources and sinks, the caller's token, the database's identity.
import { fromHex } from "../../src/index.ts";
import { param } from "../layout.ts";
import { expectEqual, type Rule, rulesAbout, type RuleText } from "../rule.ts";
import { at, type Late, type Script } from "../script.ts";
import { errno, last, nobody, on } from "./world.ts";

/** Opens the source of the caller's claims. */
function openClaims(s: Script): Late {
  const out = s.word();
  s.call(0, "get_jwt", param.connection, out);
  return at(out);
}

/** A rule about a source, which has the caller's claims in it. */
function onClaims(
  name: string,
  states: string,
  build: (s: Script, source: Late, payload: Uint8Array) => void,
): RuleText {
  return {
    name,
    states,
    check: async (session) => {
      const payload = session.claims;
      await session.run((s) => build(s, openClaims(s), payload));
    },
  };
}

const read = "bytes_source_read";
const remaining = "bytes_source_remaining_length";
const write = "bytes_sink_write";

const reads = rulesAbout(read, "source-read", [
  onClaims(
    "whole",
    "A buffer with room for all gets all, and -1 says so.",
    (s, source, payload) => {
      const [buffer, length] = [s.room(1024), s.word(1024)];
      s.call(last, read, source, buffer, length);
      s.holdsWord(length, payload.length, "bytes read");
      s.holds(buffer, payload, "the bytes");
    },
  ),
  onClaims(
    "partial",
    "A small buffer is filled, 0 says that there is more; the next read goes on there.",
    (s, source, payload) => {
      const [buffer, first, rest] = [s.room(1024), s.word(5), s.word(1000)];
      s.call(0, read, source, buffer, first);
      s.call(last, read, source, buffer + 5, rest);
      s.holdsWord(first, 5, "bytes of the first read");
      s.holdsWord(rest, payload.length - 5, "bytes of the second read");
      s.holds(buffer, payload, "the bytes");
    },
  ),
  onClaims("exact", "A buffer of exactly the size gets -1 at once.", (s, source, payload) => {
    const length = s.word(payload.length);
    s.call(last, read, source, s.room(1024), length);
    s.holdsWord(length, payload.length);
  }),
  onClaims("exhausted", "After -1 the source is gone: 8.", (s, source) => {
    s.call(last, read, source, s.room(1024), s.word(1024));
    s.call(errno.noBytes, read, source, s.room(16), s.word(16));
  }),
  on("invalid", "0 and handles that nobody opened answer 8 and leave the length alone.", (s) => {
    const length = s.word(16);
    s.call(errno.noBytes, read, 0, s.room(16), length);
    s.call(errno.noBytes, read, nobody, s.room(16), length);
    s.holdsWord(length, 16);
  }),
  {
    name: "call-ends",
    states: "A source left open is gone in the next call.",
    check: async (session) => {
      await session.run((s) => void openClaims(s));
      await session.run((s) => s.call(errno.noBytes, read, 2, s.room(16), s.word(16)));
    },
  },
]);

const remains = rulesAbout(remaining, "source-remaining", [
  onClaims("all", "Before the first read all bytes remain.", (s, source, payload) => {
    const out = s.word();
    s.call(0, remaining, source, out);
    s.holdsWord(out, payload.length, "bytes left");
  }),
  onClaims("less", "Bytes that were read are not counted.", (s, source, payload) => {
    const out = s.word();
    s.call(0, read, source, s.room(16), s.word(7));
    s.call(0, remaining, source, out);
    s.holdsWord(out, payload.length - 7, "bytes left");
  }),
  onClaims(
    "exhausted",
    "A source that is at its end answers 8 and writes nothing.",
    (s, source) => {
      const out = s.word(77);
      s.call(last, read, source, s.room(1024), s.word(1024));
      s.call(errno.noBytes, remaining, source, out);
      s.holdsWord(out, 77);
    },
  ),
  on("invalid", "0 and handles that nobody opened answer 8.", (s) => {
    s.call(errno.noBytes, remaining, 0, s.word());
    s.call(errno.noBytes, remaining, nobody, s.word());
  }),
]);

const sinks = rulesAbout(write, "sink-write", [
  {
    name: "appends",
    states: "Every write is appended: the text of an error is all of them in order.",
    check: async (session) => {
      const answer = await session.runCode((s) => {
        const [first, firstLength] = s.text("not ");
        const [second, secondLength] = s.text("today");
        s.call(0, write, at(param.sink), first, s.word(firstLength));
        s.call(0, write, at(param.sink), second, s.word(secondLength));
      }, 1);
      expectEqual([answer.status, answer.text], [530, "not today"], "the answer");
    },
  },
  {
    name: "takes-all",
    states: "The length holds the number of bytes taken, which is all of them.",
    check: async (session) => {
      // The sink's text is part of the report, so it is read from a row.
      await session.run(
        (s) => {
          const length = s.word(9);
          s.call(0, write, at(param.sink), s.room(9), length);
          s.holdsWord(length, 9, "bytes taken");
        },
        { commits: true },
      );
    },
  },
  on("invalid", "0 and handles that nobody opened answer 8.", (s) => {
    s.call(errno.noBytes, write, 0, s.room(4), s.word(4));
    s.call(errno.noBytes, write, nobody, s.room(4), s.word(4));
  }),
  on("none", "A write of no bytes answers 0.", (s) => {
    s.call(0, write, at(param.sink), s.room(4), s.word(0));
  }),
  {
    name: "large",
    states: "A sink takes 100,000 bytes in one write.",
    check: async (session) => {
      const answer = await session.runCode((s) => {
        s.call(0, write, at(param.sink), 0x14_0000, s.word(100_000));
      }, 1);
      expectEqual([answer.status, answer.text.length], [530, 100_000], "status and length");
    },
  },
]);

const claims = rulesAbout("get_jwt", "jwt", [
  onClaims(
    "payload",
    "The source holds the claims of the caller's token, as they were in it.",
    (s, source, payload) => {
      const buffer = s.room(1024);
      s.call(last, read, source, buffer, s.word(1024));
      s.holds(buffer, payload, "the claims");
    },
  ),
  on("not-found", "An unknown connection gets the handle 0, and the answer is 0.", (s) => {
    const out = s.word(77);
    s.call(0, "get_jwt", s.room(16, 0xab), out);
    s.holdsWord(out, 0, "the source");
  }),
  on("no-connection", "So does the connection zero.", (s) => {
    const out = s.word(77);
    s.call(0, "get_jwt", s.room(16), out);
    s.holdsWord(out, 0, "the source");
  }),
  onClaims("again", "Asked twice, there are two sources.", (s, source, payload) => {
    const second = openClaims(s);
    const length = s.word(1024);
    s.call(last, read, source, s.room(1024), s.word(1024));
    s.call(last, read, second, s.room(1024), length);
    s.holdsWord(length, payload.length);
  }),
]);

const identities = rulesAbout("identity", "identity", [
  {
    name: "own",
    states:
      "The database's own identity is written: 32 bytes, the last of its hexadecimal digits first.",
    check: async (session) => {
      const { text } = await session.client.send("GET", `${session.name}/identity`);
      await session.run((s) => {
        const out = s.room(34, 0xee);
        s.call("any", "identity", out);
        s.holds(out, [...fromHex(text.trim()).reverse(), 0xee, 0xee], "the identity");
      });
    },
  },
]);

export const bytesRules: readonly Rule[] = [
  ...reads,
  ...remains,
  ...sinks,
  ...claims,
  ...identities,
];
