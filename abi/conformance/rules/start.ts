// In which order a module starts, and what imports answer before there is a transaction.
import { moduleImports } from "../../src/index.ts";
import { makeGuest, type StaticScript, StaticScripts } from "../guest.ts";
import { expectEqual, type Rule, rulesAbout, type RuleText } from "../rule.ts";
import type { Operand, Script } from "../script.ts";
import { errno, item, on } from "./world.ts";

const scripts = new StaticScripts();
const counted = new Map<StaticScript, number>();

/** A script that keeps which of all it was. */
function counting(then: (s: Script) => void = () => undefined): StaticScript {
  let out = 0;
  const made = scripts.make((s) => {
    out = s.word();
    s.call("any", "store", out, s.call("any", "count"));
    then(s);
  });
  counted.set(made, out);
  return made;
}

/** The imports that need a transaction, each with parameters that would do in one. */
const databaseImports = moduleImports.filter(({ needsTransaction }) => needsTransaction);

const operandOf = (s: Script, name: string): Operand => {
  if (name.endsWith("_id") || name === "prefix_elems" || name === "prefix_len") return 0;
  if (name.endsWith("len_ptr")) return s.word(4);
  return name.endsWith("_len") ? 1 : s.place([2, 0, 0, 0, 0, 0, 0, 0, ...new Uint8Array(24)]);
};

const firstStep = 2;
const withoutTransaction = counting((s) => {
  for (const { name, paramNames } of databaseImports) {
    s.call("any", name, ...paramNames.map((one) => operandOf(s, one)));
  }
  s.call("any", "procedure_commit_mut_tx");
  s.call("any", "procedure_abort_mut_tx");
});

let ownIdentity = 0;
const preinitOther = counting((s) => {
  ownIdentity = s.room(32);
  s.call("any", "identity", ownIdentity);
  const [text, length] = s.text("said while it started");
  s.call("any", "console_log", 2, 0, 0, 0, 0, -1, text, length);
});

const order: readonly (readonly [string, StaticScript])[] = [
  ["_initialize", counting()],
  ["__preinit__00_panic_hook", preinitOther],
  ["__preinit__10_startup", counting()],
  ["__preinit__20_register_describer", withoutTransaction],
  ["__preinit__2_behind_10", counting()],
  ["__preinit__99_validate_types", counting()],
  ["__preinit__a", counting()],
];
const setUp = counting();
const beforeDescribe = counting();

export const startProgram = (): Promise<Uint8Array> =>
  makeGuest({
    definition: { tables: [item], reducers: [{ name: "run" }] },
    scripts,
    // In another order than they must run.
    starts: Object.fromEntries([...order].reverse()),
    setUp,
    beforeDescribe,
    more: `(func $begin (global.set $count (i64.add (global.get $count) (i64.const 1))))
      (start $begin)`,
  });

const steps = [...order, ["__setup__", setUp], ["__describe_module__", beforeDescribe]] as const;

const places = steps.map(([name, script], i): RuleText => {
  const before = i === 0 ? "the start function" : `\`${steps[i - 1]?.[0]}\``;
  return on(
    `order.${name}`,
    `\`${name}\` runs right after ${before} in the module that this rule uses.`,
    (s) => {
      s.holdsWord(counted.get(script) as number, i + 2, "its place among all");
    },
  );
});

const inStart = (name: string, states: string, position: number, expected: number): RuleText =>
  on(name, states, (s) => {
    const address = withoutTransaction.script.resultAddress(firstStep + position);
    s.holdsLong(address, BigInt(expected), "the answer");
  });

export const startRules: readonly Rule[] = [
  ...rulesAbout("Start-up", "start", [
    ...places,
    {
      name: "identity",
      states: "The database's identity is known at the start already.",
      check: async (session) => {
        const { text } = await session.client.send("GET", `${session.name}/identity`);
        const bytes = Buffer.from(text.trim(), "hex").reverse();
        await session.run((s) => s.holds(ownIdentity, bytes, "the identity"));
      },
    },
    {
      name: "console",
      states: "What is logged at the start is in the module's log.",
      check: async (session) => {
        const [line] = await session.logLines("said while it started");
        expectEqual(line?.["level"], "Info", "level");
      },
    },
    {
      name: "again",
      states: "An instance that replaces a trapped one starts and is described in the same way.",
      check: async (session) => {
        await session.run((s) => s.traps("unreachable"));
        await session.run((s) => {
          s.holdsWord(counted.get(beforeDescribe) as number, steps.length + 1, "the last place");
        });
      },
    },
  ]),
  ...databaseImports.flatMap(({ name }, i) =>
    rulesAbout(name, "no-transaction", [
      inStart(name, `Without a transaction \`${name}\` answers 2.`, i, errno.notInTransaction),
    ]),
  ),
  ...rulesAbout("procedure_commit_mut_tx", "no-transaction", [
    inStart(
      "procedure_commit_mut_tx",
      "At the start there is no transaction to commit: 18.",
      databaseImports.length,
      errno.notAnonymous,
    ),
  ]),
  ...rulesAbout("procedure_abort_mut_tx", "no-transaction", [
    inStart(
      "procedure_abort_mut_tx",
      "At the start there is no transaction to abort: 18.",
      databaseImports.length + 1,
      errno.notAnonymous,
    ),
  ]),
];
