import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "tap";
import { run } from "../test/run.ts";
import { commandDefinitions } from "./cli.ts";
import { commandErrorOf, exitCodes } from "./exit.ts";
import { flagText, signature } from "./help.ts";

const definitions = commandDefinitions();

function nameOf(path: string): string {
  return path.replace(/^lightcone /, "");
}

void test("wrong arguments end with 2, on standard error, and say where help is", async (t) => {
  const home = t.testdir();
  const rows: [string[], RegExp][] = [
    [["pubish"], /there is no command pubish\n +`lightcone --help` lists/],
    [["server"], /there is no command server\n +There are:\n +lightcone server list/],
    [["server", "lst", "x"], /there is no command server lst/],
    [["call"], /call: Not enough positional arguments\n +Usage: lightcone call DB FUNCTION/],
    [["publish", "a", "b"], /publish: Extraneous positional argument \("b"\)/],
    [["sql", "db", "SELECT", "extra"], /Extraneous positional argument \("extra"\)/],
    [["sql", "db", "q", "--bogus"], /sql: there is no flag --bogus\n/],
    [["publish", "x", "--bogus=3", "-b", "f"], /publish: there is no flag --bogus\n/],
    [["publish", "-b"], /publish: Not enough arguments to option -b/],
    [
      ["sql", "db", "q", "--format", "xml"],
      /--format: expected one of "table" or "json" \(got "xml"\)/,
    ],
    [["sql", "db", "q", "--confirmed=maybe"], /--confirmed: expected one of "true" or "false"/],
    [["logs", "db", "-n", "1.5"], /-n: expected to be an integer/],
    [["logs", "db", "--num-lines=-1"], /--num-lines: expected to be at least 0/],
    [["publish", "--delete-data=perhaps"], /expected one of "always", "on-conflict", or "never"/],
    [["describe", "db", "tables"], /expected one of "table" or "reducer"/],
  ];
  for (const [argv, message] of rows) {
    const { code, stdout, stderr } = await run(argv, { home });
    t.equal(code, exitCodes.usage.code, argv.join(" "));
    t.equal(stdout, "", "nothing on standard output");
    t.match(stderr, message);
    t.match(stderr, /--help|There are/);
    t.notMatch(stderr, /#0/);
  }
});

void test("help lists every command with its flags, and the exit codes", async (t) => {
  const home = t.testdir();
  for (const argv of [[], ["--help"], ["-h"], ["help"], ["server", "--help"]]) {
    const { code, stdout } = await run(argv, { home });
    t.equal(code, 0);
    const wanted = [
      ...definitions.map(({ path }) => `  ${nameOf(path)}`),
      ...Object.values(exitCodes).map(({ code: each, meaning }) => `${each}  ${meaning}`),
    ];
    t.same(
      wanted.filter((text) => !stdout.includes(text)),
      [],
      `lightcone ${argv.join(" ")}`,
    );
  }
  for (const { path, options } of definitions) {
    const name = nameOf(path);
    const { code, stdout } = await run([...name.split(" "), "--help"], { home });
    t.equal(code, 0, name);
    t.match(stdout, `lightcone ${name}`);
    for (const option of options) t.match(stdout, `  ${flagText(option)} `, name);
    t.same(
      stdout.split("\n").filter((line) => line.length > 100),
      [],
      "no line is too long",
    );
  }
  t.match((await run(["help", "sql"], { home })).stdout, /Run an SQL statement/);
  t.match((await run(["login", "show", "-h"], { home })).stdout, /print the token/);
  t.match((await run(["--version"], { home })).stdout, /^\d+\.\d+\.\d+\n$/);
});

void test("the README has every command, every flag and every exit code", (t) => {
  const readme = readFileSync(fileURLToPath(new URL("../../README.md", import.meta.url)), "utf8");
  const sections = readme.split(/^### /m);
  for (const definition of definitions) {
    const { path, options } = definition;
    const section =
      sections.find((each) => each.startsWith(`\`${signature(definition)}\`\n`)) ?? "";
    t.not(section, "", `${path} has a section`);
    for (const option of options) {
      const flag = `| \`${flagText(option)}\` `;
      const isCommon = /--config-path|--server /.test(option.definition);
      t.ok((isCommon ? readme : section).includes(flag), `${path}: ${flag}`);
    }
  }
  for (const { code, meaning } of Object.values(exitCodes))
    t.ok(readme.includes(`| ${code}`) && readme.includes(meaning), meaning);
  t.end();
});

void test("what is not foreseen is called a bug, with its stack", (t) => {
  const error = commandErrorOf(new TypeError("x is no function"));
  t.equal(error.exit, "bug");
  t.match(error.message, /x is no function\n +at /);
  t.equal(commandErrorOf("text").message, "text");
  t.end();
});
