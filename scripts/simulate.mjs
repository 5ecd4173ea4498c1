// Runs seeds of the simulated world (host/test/simulation) and says what happened in them.
//
//   node scripts/simulate.mjs --seeds 100000           seeds 0, 1, 2 ...; --from N begins elsewhere
//   node scripts/simulate.mjs --seeds 100000 --minutes 5      ends after five minutes at the latest
//   node scripts/simulate.mjs --mutant no-crc --seeds 100     a host with a known fault
//
// The last line is JSON. Exit code 0: no seed differed from the model, or the mutant was found;
// 1: the other way round; 2: the arguments are wrong. Needs `npm run build`.
import { parseArgs } from "node:util";

const simulation = new URL("../host/dist/test/simulation/", import.meta.url);
const { makeMutant, mutantNames } = await import(new URL("mutant.js", simulation));
const { runSeed, stepCount } = await import(new URL("run.js", simulation));
const { Tally } = await import(new URL("tally.js", simulation));

const progressMillis = 5000;
const failedSeedsMax = 10;

function readArguments() {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: "1000" },
      from: { type: "string", default: "0" },
      minutes: { type: "string", default: "60" },
      mutant: { type: "string" },
    },
  });
  const numberOf = (name, least) => {
    const number = Number(values[name]);
    if (Number.isFinite(number) && number >= least) return number;
    throw new Error(`--${name} takes a number from ${least} on, not ${values[name]}`);
  };
  if (values.mutant !== undefined && !mutantNames.includes(values.mutant)) {
    throw new Error(`--mutant takes one of ${mutantNames.join(", ")}, not ${values.mutant}`);
  }
  return {
    seedCount: numberOf("seeds", 1),
    from: numberOf("from", 0),
    minutes: numberOf("minutes", 0),
    mutant: values.mutant,
  };
}

async function simulate({ seedCount, from, minutes, mutant }) {
  const made = mutant === undefined ? undefined : await makeMutant(mutant);
  const tally = new Tally();
  const start = performance.now();
  const failures = [];
  let reported = start;
  let count = 0;
  try {
    while (count < seedCount) {
      const now = performance.now();
      if (now - start > minutes * 60_000 || failures.length >= failedSeedsMax) break;
      if (now - reported > progressMillis) {
        reported = now;
        console.log(`${count} of ${seedCount} seeds, ${tally.crashCount} crashes`);
      }
      const found = await runSeed(from + count, tally, made?.options);
      count++;
      if (found === undefined) continue;
      failures.push(found);
      console.log(`seed ${found.seed}: ${found.fault}`);
      if (mutant !== undefined) break;
    }
  } finally {
    made?.remove();
  }
  const seconds = Math.round((performance.now() - start) / 100) / 10;
  return {
    mutant,
    from,
    seeds: count,
    stepCount,
    crashes: tally.crashCount,
    seconds,
    failures,
    tally,
  };
}

async function main() {
  let given;
  try {
    given = readArguments();
  } catch (thrown) {
    console.error(thrown.message);
    return 2;
  }
  const result = await simulate(given);
  const { missing } = result.tally;
  if (given.mutant === undefined && missing.length > 0) {
    console.log(`Never happened: ${missing.join(", ")}`);
  }
  console.log(JSON.stringify(result));
  return result.failures.length > 0 === (given.mutant !== undefined) ? 0 : 1;
}

process.exitCode = await main();
