import { test } from "tap";
import { limit } from "../base/limit.ts";
import { RowIterators } from "./row-iterator.ts";
import { GuestTrap } from "./trap.ts";

void test("open scans have a limit, and closed ones make room", (t) => {
  const iterators = new RowIterators((message) => {
    throw new GuestTrap(message);
  });
  for (let i = 0; i < limit.rowIteratorCountMax; i++) iterators.open();
  t.throws(() => iterators.open(), { message: /too many open scans/ });
  iterators.get(7)?.close();
  iterators.open();
  t.equal(iterators.lastHandle, 7);
  t.throws(() => iterators.open(), { message: /too many open scans/ });
  iterators.closeAll();
  iterators.open();
  t.equal(iterators.lastHandle, 1);
  t.end();
});
