// Commits as cases of the benchmark: our log, better-sqlite3, and the disk alone.
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Datastore, logDirectory, nodeDisk, recoverLog, Replay } from "@lightcone/host/engine";
import type { BenchRun, Figure, RunContext } from "../contract.ts";
import { rowNumber } from "../rows.ts";
import { openSqlite, sqliteLeftOut } from "../sqlite.ts";
import { verifyRows } from "../verify-rows.ts";
import { CommitRun } from "./commit-run.ts";

function figure(name: string, commitCount: number, seconds: number, inFlight: number): Figure {
  const settings = { inFlight, seconds: Number(seconds.toFixed(2)) };
  return { name, value: commitCount / seconds, unit: "commits/s", settings };
}

/** Our log, with so many commits under way. Afterwards it must hold each of them. */
export function logCase(inFlightCount: number): BenchRun {
  const name = `in-flight-${inFlightCount}`;
  return {
    names: [name],
    run: async ({ timing, workshop }: RunContext) => {
      const directory = workshop.makeDirectory();
      const run = await CommitRun.open(directory, inFlightCount);
      await run.run(timing.warmUpSeconds);
      const { commitCount, seconds } = await run.run(timing.windowSeconds);
      await run.close();
      const datastore = new Datastore();
      const replay = new Replay(datastore);
      await recoverLog(nodeDisk(directory), logDirectory, replay);
      replay.finish();
      verifyRows(datastore, run.rowCount);
      workshop.removeDirectory(directory);
      return [figure(name, commitCount, seconds, inFlightCount)];
    },
  };
}

/** Does `step` for so many seconds. */
function repeat(seconds: number, step: () => void): { count: number; seconds: number } {
  const start = performance.now();
  let count = 0;
  do {
    step();
    count++;
  } while (performance.now() - start < seconds * 1000);
  return { count, seconds: (performance.now() - start) / 1000 };
}

/** better-sqlite3 with a write-ahead log that it syncs for each transaction of one row. */
export function sqliteCase(): BenchRun {
  const name = "sqlite/in-flight-1";
  return {
    names: [name],
    leftOut: sqliteLeftOut,
    run: ({ timing, workshop }: RunContext) => {
      const directory = workshop.makeDirectory();
      const database = openSqlite(join(directory, "rows.db"));
      database.pragma("journal_mode = WAL");
      database.pragma("synchronous = FULL");
      database.exec("CREATE TABLE entry (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER)");
      const insert = database.prepare("INSERT INTO entry VALUES (?, ?, ?)");
      let key = 0;
      const step = (): void => {
        insert.run(key, rowNumber(key, 0), key);
        key++;
      };
      repeat(timing.warmUpSeconds, step);
      const { count, seconds } = repeat(timing.windowSeconds, step);
      const stored = database.prepare("SELECT count(*) FROM entry").pluck().get() as number;
      database.close();
      workshop.removeDirectory(directory);
      if (stored !== key) throw new Error(`verification failed: rows: ${stored}, expected ${key}`);
      return Promise.resolve([figure(name, count, seconds, 1)]);
    },
  };
}

/** About as long as the record of a commit of one row. */
const recordBytes = 150;

/** Nothing but a write of that length and an `fdatasync`, one after another: what the disk allows. */
export function diskCase(): BenchRun {
  const name = "disk/in-flight-1";
  return {
    names: [name],
    run: ({ timing, workshop }: RunContext) => {
      const directory = workshop.makeDirectory();
      const file = openSync(join(directory, "file"), "w");
      const record = new Uint8Array(recordBytes).fill(1);
      const step = (): void => {
        writeSync(file, record);
        fdatasyncSync(file);
      };
      repeat(timing.warmUpSeconds, step);
      const { count, seconds } = repeat(timing.windowSeconds, step);
      closeSync(file);
      workshop.removeDirectory(directory);
      return Promise.resolve([figure(name, count, seconds, 1)]);
    },
  };
}
