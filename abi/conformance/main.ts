// `npm run conformance`: the suite against a server, as a table and as numbers.
//
//   npm run conformance -- --server http://127.0.0.1:3000 [--token T] [--filter TEXT] [--strict] [--json] [--stop]
//
// Exit code 0: every rule passed or was skipped for a reason; 1: a rule failed; 2: the arguments are wrong or the server
// does not answer.
import { parseArgs } from "node:util";
import { messageOf } from "../src/index.ts";
import { groups } from "./groups.ts";
import { summary, table } from "./report.ts";
import { type RunOptions, runRules } from "./runner.ts";

interface Arguments extends RunOptions {
  readonly isJson: boolean;
}

function readArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      server: { type: "string" },
      token: { type: "string" },
      filter: { type: "string" },
      strict: { type: "boolean", default: false },
      stop: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  if (values.server === undefined) throw new Error("--server URL is missing");
  return {
    server: values.server,
    ...(values.token === undefined ? {} : { token: values.token }),
    ...(values.filter === undefined ? {} : { filter: values.filter }),
    isStrict: values.strict,
    stopsAtFailure: values.stop,
    isJson: values.json,
  };
}

/** Runs the suite; the lines go to `print`. Returns the exit code. */
export async function runMain(
  args: readonly string[],
  print: (line: string) => void,
): Promise<number> {
  try {
    const options = readArguments(args);
    const results = await runRules(groups, options);
    if (results.length === 0) throw new Error(`no rule matches --filter ${options.filter ?? ""}`);
    for (const line of table(results, options.isJson)) print(line);
    const counts = summary(results);
    const { passed, failed, skipped } = counts;
    print(
      options.isJson
        ? JSON.stringify(counts)
        : `${passed} passed, ${failed} failed, ${skipped} skipped`,
    );
    return failed > 0 ? 1 : 0;
  } catch (thrown) {
    print(`error: ${messageOf(thrown)}`);
    return 2;
  }
}
