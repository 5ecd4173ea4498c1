import { Datastore, logDirectory, nodeDisk, recoverLog, Replay } from "@lightcone/host/engine";
import { test } from "tap";
import { verifyRows } from "../verify-rows.ts";
import { Workshop } from "../workshop.ts";
import { CommitRun } from "./commit-run.ts";

void test("every commit that is counted is in the log", async (t) => {
  const workshop = new Workshop();
  t.teardown(() => {
    workshop.close();
  });
  for (const inFlightCount of [1, 16]) {
    const directory = workshop.makeDirectory();
    const run = await CommitRun.open(directory, inFlightCount);
    const first = await run.run(0.05);
    const second = await run.run(0.05);
    await run.close();
    t.equal(run.rowCount, first.commitCount + second.commitCount);
    t.ok(second.commitCount >= inFlightCount, `${second.commitCount} commits`);
    const datastore = new Datastore();
    const replay = new Replay(datastore);
    await recoverLog(nodeDisk(directory), logDirectory, replay);
    replay.finish();
    t.doesNotThrow(() => {
      verifyRows(datastore, run.rowCount);
    });
    t.throws(() => {
      verifyRows(datastore, run.rowCount + 1);
    }, /verification failed: rows/);
  }
});
