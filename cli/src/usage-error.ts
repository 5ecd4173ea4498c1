// Arguments that no command takes: what is wrong with them, in words. clipanion finds that they are
// wrong; where several readings are possible it lists them all, which hides the one mistake.
import type { Definition } from "./clipanion.ts";
import { CommandError } from "./exit.ts";
import { nameValues, signature } from "./help.ts";

/** The command that the arguments begin with; the longest name wins, `login show` over `login`. */
export function findDefinition(
  definitions: readonly Definition[],
  argv: readonly string[],
): Definition | undefined {
  return definitions
    .filter(({ path }) => wordsOf(path).every((word, i) => argv[i] === word))
    .sort((a, b) => wordsOf(b.path).length - wordsOf(a.path).length)[0];
}

/** The words of a command's name, without `lightcone`. */
function wordsOf(path: string): string[] {
  return path.split(" ").slice(1);
}

/**
 * What to say of an error that clipanion threw while it read the arguments; undefined for any other
 * error.
 */
export function usageErrorOf(
  thrown: unknown,
  argv: readonly string[],
  definitions: readonly Definition[],
): CommandError | undefined {
  if (!(thrown instanceof Error) || !("clipanion" in thrown)) return undefined;
  const definition = findDefinition(definitions, argv);
  if (definition === undefined) return unknownCommand(argv, definitions);
  const flag = unknownFlag(definition, argv);
  const reason = flag === undefined ? reasonOf(thrown) : `there is no flag ${flag}`;
  const name = wordsOf(definition.path).join(" ");
  const help = `Usage: ${signature(definition)} [FLAGS]; \`${definition.path} --help\` tells more.`;
  return new CommandError("usage", `${name}: ${nameValues(reason)}`, help);
}

function unknownCommand(argv: readonly string[], definitions: readonly Definition[]): CommandError {
  const [first = ""] = argv;
  const group = definitions.filter(({ path }) => wordsOf(path)[0] === first);
  const advice =
    group.length === 0
      ? "`lightcone --help` lists the commands."
      : `There are:\n${group.map(signature).join("\n")}`;
  const name = argv.slice(0, group.length === 0 ? 1 : 2).join(" ");
  return new CommandError("usage", `there is no command ${name}`, advice);
}

function unknownFlag({ options }: Definition, argv: readonly string[]): string | undefined {
  const known = new Set(
    options.flatMap(({ definition }) => (definition.split(" ")[0] ?? "").split(",")),
  );
  const end = argv.indexOf("--");
  return argv
    .slice(0, end === -1 ? argv.length : end)
    .filter((word) => /^--?[a-zA-Z]/.test(word))
    .map((word) => word.replace(/=.*$/s, ""))
    .find((flag) => !known.has(flag) && !isBatch(flag, known));
}

/** `-fy` for `-f -y`. */
function isBatch(flag: string, known: ReadonlySet<string>): boolean {
  return (
    /^-[a-zA-Z]{2,}$/.test(flag) &&
    flag
      .slice(1)
      .split("")
      .every((each) => known.has(`-${each}`))
  );
}

interface Candidate {
  readonly reason: string | null;
}

/** clipanion's own words: for each reading of the arguments there may be a reason why it fails. */
function reasonOf(thrown: Error): string {
  const candidates = "candidates" in thrown ? (thrown.candidates as readonly Candidate[]) : [];
  const reason = candidates.find((candidate) => candidate.reason !== null)?.reason;
  const [first = ""] = (reason ?? thrown.message).split("\n");
  return first.replace(/\.$/, "");
}
