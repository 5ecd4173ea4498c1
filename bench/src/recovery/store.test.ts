import { test } from "tap";
import { sqliteLeftOut } from "../sqlite.ts";
import { Workshop } from "../workshop.ts";
import { directoryBytes, type StoreKind, stores } from "./store.ts";

const rowCount = 500;

void test("what a store writes comes back, and a row too few is noticed", async (t) => {
  const workshop = new Workshop();
  t.teardown(() => {
    workshop.close();
  });
  for (const kind of Object.keys(stores) as StoreKind[]) {
    if (kind === "sqlite" && sqliteLeftOut() !== undefined) continue;
    const directory = workshop.makeDirectory();
    await stores[kind].write(directory, rowCount);
    t.ok(directoryBytes(directory) > rowCount * 3, `${kind} has files`);
    const verify = await stores[kind].recover(directory, rowCount);
    t.doesNotThrow(verify, kind);
    const verifyMore = await stores[kind].recover(directory, rowCount + 1);
    t.throws(verifyMore, /verification failed/, kind);
  }
});
