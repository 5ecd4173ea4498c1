// The module's log and its timers.
import { textOf } from "../client.ts";
import { expectEqual, fail, type Rule, rulesAbout, type RuleText } from "../rule.ts";
import type { Operand, Script } from "../script.ts";
import { errno, nobody, on } from "./world.ts";

const none = 0xffff_ffff;

/** A record; fields that are not given are absent. */
interface Line {
  readonly level?: number;
  readonly target?: readonly [Operand, Operand];
  readonly file?: readonly [Operand, Operand];
  readonly line?: number;
  readonly message: readonly [Operand, Operand];
}

function log(s: Script, { level = 2, target, file, line = none, message }: Line): void {
  const operands = [...(target ?? [0, 0]), ...(file ?? [0, 0]), line, ...message];
  s.call("any", "console_log", level, ...operands);
}

/** A rule about the record that a script leaves, found by its text. */
function logged(
  name: string,
  states: string,
  text: string,
  build: (s: Script, message: Line["message"]) => void,
  expected: Readonly<Record<string, unknown>>,
): RuleText {
  return {
    name,
    states,
    check: async (session) => {
      await session.run((s) => build(s, s.text(text)));
      const [line] = await session.logLines(text);
      for (const [field, value] of Object.entries(expected)) {
        expectEqual(line?.[field], value, field);
      }
    },
  };
}

const levels: readonly (readonly [number, string])[] = [
  [0, "Error"],
  [1, "Warn"],
  [2, "Info"],
  [3, "Debug"],
  [4, "Trace"],
  [101, "Panic"],
  // What modules in C# use for panics.
  [5, "Debug"],
  [100, "Debug"],
  [255, "Debug"],
  // Only the low eight bits count.
  [0x101, "Warn"],
];

const records = rulesAbout("console_log", "log", [
  ...levels.map(([level, name]) =>
    logged(
      `level-${level}`,
      `Level ${level} is logged as ${name}.`,
      `said at level ${level} of this suite`,
      (s, message) => log(s, { level, message }),
      { level: name },
    ),
  ),
  logged(
    "fields",
    "Target, file name and line number are in the record, with the running function.",
    "said with all fields",
    (s, message) =>
      log(s, { target: s.text("the_target"), file: s.text("the/file.c"), line: 17, message }),
    { target: "the_target", filename: "the/file.c", line_number: 17, function: "run" },
  ),
  logged(
    "absent",
    "Target and file name with pointer 0 and line 0xFFFFFFFF are absent.",
    "said without fields",
    (s, message) => log(s, { message }),
    { target: undefined, filename: undefined, line_number: undefined },
  ),
  logged(
    "line-zero",
    "Line 0 is a line number.",
    "said on line zero",
    (s, message) => log(s, { line: 0, message }),
    { line_number: 0 },
  ),
  {
    name: "lossy",
    states: "Bytes that are no UTF-8 become U+FFFD.",
    check: async (session) => {
      await session.run((s) => {
        const bytes = [...Buffer.from("said badly: "), 0xff, 0x21];
        log(s, { message: [s.place(bytes), bytes.length] });
      });
      const [line] = await session.logLines("said badly");
      expectEqual(line?.["message"], "said badly: \ufffd!", "the message");
    },
  },
  {
    name: "time",
    states: "A record has its time in microseconds, and records are in order.",
    check: async (session) => {
      await session.run((s) => {
        log(s, { message: s.text("said in order 1") });
        log(s, { message: s.text("said in order 2") });
      });
      const lines = await session.logLines("said in order");
      const messages = lines.slice(-2).map(({ message }) => message);
      expectEqual(messages, ["said in order 1", "said in order 2"], "messages");
      const micros = Number(lines[0]?.["ts"]);
      if (!(micros > 1e15 && micros < 1e16)) fail(`ts is ${micros}`);
    },
  },
  {
    name: "rollback",
    states: "What was logged stays when the transaction is rolled back.",
    check: async (session) => {
      await session.runCode((s) => log(s, { message: s.text("said and undone") }), 1);
      await session.logLines("said and undone");
    },
  },
  on("bad-pointers", "Pointers that lead nowhere drop the record; the call goes on.", (s) => {
    log(s, { message: [0, 5] });
    log(s, { message: [0xffff_fff0, 100] });
    log(s, { message: [s.room(4), 0xffff_ffff] });
    log(s, { target: [0xffff_fff0, 100], message: s.text("said to nobody") });
  }),
]);

const starts = rulesAbout("console_timer_start", "timer-start", [
  on("id", "A timer's id is not 0, and two running timers have two ids.", (s) => {
    const start = (name: string): void => {
      const id = s.call("any", "console_timer_start", ...s.text(name));
      s.call("any", "store", s.word(), id);
    };
    start("first");
    start("second");
    const [first, second] = [s.word(), s.word()];
    s.call("any", "store", first, s.call("any", "console_timer_start", ...s.text("third")));
    s.call("any", "store", second, s.call("any", "console_timer_start", ...s.text("fourth")));
    s.watch(first, 8, (bytes) => {
      const [one, two] = new Uint32Array(bytes.slice().buffer);
      return one !== 0 && two !== 0 && one !== two ? undefined : `ids ${one} and ${two}`;
    });
  }),
  {
    name: "name",
    states: "The name is the one in the record of its end.",
    check: async (session) => {
      await session.run((s) => {
        const id = s.call("any", "console_timer_start", ...s.text("a named span"));
        s.call(0, "console_timer_end", id);
      });
      await session.logLines('"a named span"');
    },
  },
]);

const ends = rulesAbout("console_timer_end", "timer-end", [
  on("once", "Ending a running timer answers 0, ending it again 7.", (s) => {
    const id = s.call("any", "console_timer_start", ...s.text("once"));
    s.call(0, "console_timer_end", id);
    s.call(errno.noTimer, "console_timer_end", id);
  }),
  on("invalid", "0 and ids that no timer has answer 7.", (s) => {
    s.call(errno.noTimer, "console_timer_end", 0);
    s.call(errno.noTimer, "console_timer_end", nobody);
  }),
  {
    name: "record",
    states: 'The end is logged at Info as `Timing span "NAME": DURATION`.',
    check: async (session) => {
      await session.run((s) => {
        const id = s.call("any", "console_timer_start", ...s.text("a timed span"));
        s.call(0, "console_timer_end", id);
      });
      const [line] = await session.logLines("a timed span");
      expectEqual(line?.["level"], "Info", "level");
      const message = textOf(line?.["message"]);
      if (!/^Timing span "a timed span": [\d.]+(?:ns|µs|ms|s)$/.test(message)) {
        fail(`the message is ${message}`);
      }
    },
  },
]);

export const consoleRules: readonly Rule[] = [...records, ...starts, ...ends];
