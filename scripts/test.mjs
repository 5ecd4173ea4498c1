// Runs the compiled tests, then says by name what was left out and why.
//
//   npm test                             every test
//   npm test -- host/src/log             those below a folder
//   npm test -- abi/src/time.test.ts     one file; its compiled name does as well
//   npm test -- --grep=torn --bail       options go to tap; write their values with "="
//   npm test -- --tap-file=FILE          keep the raw TAP there (default .tap/results.tap)
//
// The list comes from the sources, so that the compiled test of a deleted file does not run.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { leftOutLines, readResults } from "./tap-results.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const tapFileFlag = "--tap-file=";

function testSources() {
  const { workspaces } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return workspaces.flatMap((workspace) =>
    ["src", "test", "conformance"].flatMap((folder) => {
      const top = join(root, workspace, folder);
      if (!existsSync(top)) return [];
      return readdirSync(top, { recursive: true })
        .filter((name) => name.endsWith(".test.ts"))
        .map((name) => [workspace, folder, ...name.split(sep)].join("/"));
    }),
  );
}

/** A path as the user gave it, from where npm was started, as a source path below the root. */
function toSource(argument) {
  const path = relative(root, resolve(process.env.INIT_CWD ?? root, argument));
  return path
    .split(sep)
    .join("/")
    .replace(/^([^/]+)\/dist\//, "$1/")
    .replace(/\.test\.js$/, ".test.ts");
}

function isWithin(source, wanted) {
  return wanted === "" || source === wanted || source.startsWith(`${wanted}/`);
}

function run(given) {
  const tapFile = resolve(
    root,
    given.find((argument) => argument.startsWith(tapFileFlag))?.slice(tapFileFlag.length) ??
      ".tap/results.tap",
  );
  const options = given.filter((each) => each.startsWith("-") && !each.startsWith(tapFileFlag));
  const wanted = given.filter((each) => !each.startsWith("-")).map(toSource);
  const sources = testSources().filter(
    (source) => wanted.length === 0 || wanted.some((each) => isWithin(source, each)),
  );
  const unmatched = wanted.filter((each) => !sources.some((source) => isWithin(source, each)));
  if (sources.length === 0 || unmatched.length > 0) {
    console.error(`no test is at ${unmatched.join(", ") || root}`);
    return 1;
  }

  mkdirSync(dirname(tapFile), { recursive: true });
  rmSync(tapFile, { force: true });
  const compiled = sources.map((source) => source.replace("/", "/dist/").replace(/\.ts$/, ".js"));
  const tap = join(root, "node_modules", "tap", "dist", "esm", "run.mjs");
  const reporter = process.stdout.isTTY ? "base" : "min";
  const { status, error } = spawnSync(
    process.execPath,
    [tap, `--reporter=${reporter}`, `--output-file=${tapFile}`, ...options, ...compiled],
    { cwd: root, stdio: "inherit" },
  );
  if (error !== undefined) throw error;

  const results = readResults([tapFile]);
  const leftOut = leftOutLines(results);
  if (leftOut.length > 0) console.log(["Left out:", ...leftOut].join("\n"));
  console.log(
    `${results.passed} passed, ${results.failed.length} failed, ${results.leftOut.length} left out`,
  );
  const refused = process.env.LIGHTCONE_REQUIRE_ALL === "1" && leftOut.length > 0;
  if (refused) console.error("LIGHTCONE_REQUIRE_ALL=1 forbids leaving anything out.");
  return refused ? 1 : (status ?? 1);
}

process.exitCode = run(process.argv.slice(2));
