import { test } from "tap";
import { Workshop } from "../workshop.ts";
import { callCommits, engineIdentity } from "../open-engine.ts";
import { openBank } from "./bank-engine.ts";
import { argumentBytes, drawPairs, encodeArguments } from "./frames.ts";
import { verifyBank } from "./verify.ts";

void test("a log must hold what was counted, neither less nor more", async (t) => {
  const workshop = new Workshop();
  t.teardown(() => {
    workshop.close();
  });
  const directory = workshop.makeDirectory();
  const bank = await openBank(directory, () => undefined);
  const args = encodeArguments(drawPairs(0));
  const count = 100;
  for (let i = 0; i < count; i++) {
    const start = i * argumentBytes;
    t.ok(callCommits(bank, "transfer", args, start, start + argumentBytes));
  }
  t.throws(() => callCommits(bank, "transfer", args, 0, 3), /transfer was refused/);
  await bank.service.close("tested");

  const verify = (committedCount: number, refusedCount = 0): Promise<void> =>
    verifyBank(directory, engineIdentity, { committedCount, refusedCount });
  await verify(count);
  await t.rejects(verify(count + 1), /transfers in the log: 100, expected 101/);
  await t.rejects(verify(count - 1), /transfers in the log: 100, expected 99/);
  await t.rejects(verify(count, 1), /calls refused: 1, expected 0/);
});
