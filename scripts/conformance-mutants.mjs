// For every import of the ABI, hosts with a fault in it: does a rule of the conformance suite see it?
//
//   npm run build && node scripts/conformance-mutants.mjs            every import
//   node scripts/conformance-mutants.mjs --only datastore_clear      one of them
//   node scripts/conformance-mutants.mjs --from 0 --to 5             some of them, by number
//
// Each import has three mutants: it returns 0 and does nothing; a number that it writes, returns or is given is off by one; its
// errno is off by one (where it has none: it traps). Prints a table with the rule that killed each; exit code 1 if one survived.
// Rules that fail without a fault are left out.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const hook = new URL("mutant-hook.mjs", import.meta.url).href;

function readArguments() {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      from: { type: "string", default: "0" },
      to: { type: "string", default: "1000" },
      verbose: { type: "boolean", default: false },
    },
  });
  return values;
}

/** The groups with some of their rules. */
function only(groups, isWanted) {
  return groups
    .map((group) => ({ ...group, rules: group.rules.filter(isWanted) }))
    .filter(({ rules }) => rules.length > 0);
}

class Killers {
  #runRules;
  #setMutant;
  #server;
  /** Rules that fail without a fault, and those that are known not to. */
  #failing = new Set();
  #sound = new Set();

  constructor(runRules, setMutant, server) {
    this.#runRules = runRules;
    this.#setMutant = setMutant;
    this.#server = server;
  }

  /** The result of a rule that fails with the mutant and holds without it. */
  async find(groups, mutant) {
    for (;;) {
      const left = only(groups, (rule) => !this.#failing.has(rule));
      const results = await this.#run(left, mutant);
      const found = results.find(({ outcome }) => outcome === "failed");
      if (found === undefined || (await this.#isSound(groups, found.rule))) return found;
    }
  }

  async #isSound(groups, rule) {
    if (!this.#sound.has(rule)) {
      const [result] = await this.#run(
        only(groups, (one) => one === rule),
        undefined,
      );
      (result?.outcome === "passed" ? this.#sound : this.#failing).add(rule);
    }
    return this.#sound.has(rule);
  }

  #run(groups, mutant) {
    this.#setMutant(mutant);
    return this.#runRules(groups, { server: this.#server, stopsAtFailure: true });
  }
}

async function main() {
  const { only: wanted, from, to, verbose } = readArguments();
  const load = (path) => import(new URL(`../${path}`, import.meta.url).href);
  const { moduleImports } = await load("abi/dist/src/index.js");
  const { startServer } = await load("host/dist/src/index.js");
  const { groups } = await load("abi/dist/conformance/groups.js");
  const { runRules } = await load("abi/dist/conformance/runner.js");
  const { mutantKinds, setMutant } = await load("scripts/mutant-hook.mjs");
  const dataDir = mkdtempSync(join(tmpdir(), "lightcone-mutants-"));
  const host = await startServer({ listenAddr: "127.0.0.1:0", dataDir, report: () => undefined });
  const server = `http://${host.address}`;
  const chosen = moduleImports
    .slice(Number(from), Number(to))
    .filter(({ name }) => wanted === undefined || name === wanted);
  let survivors = 0;
  try {
    const killers = new Killers(runRules, setMutant, server);
    for (const { name } of chosen) {
      for (const kind of mutantKinds) {
        const own = only(groups, ({ about }) => about === name);
        const killer = await killers.find(own, { name, kind });
        if (killer === undefined) survivors++;
        const detail = verbose && killer !== undefined ? `: ${killer.reason}` : "";
        console.log(`| ${name} | ${kind} | ${killer?.rule.id ?? "**survived**"}${detail} |`);
      }
    }
  } finally {
    await host.close();
    rmSync(dataDir, { recursive: true });
  }
  console.log(`${chosen.length * mutantKinds.length - survivors} killed, ${survivors} survived`);
  return survivors > 0 ? 1 : 0;
}

if (process.execArgv.includes(hook)) {
  process.exitCode = await main();
} else {
  const args = ["--import", hook, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  process.exitCode = spawnSync(process.execPath, args, { stdio: "inherit" }).status ?? 1;
}
