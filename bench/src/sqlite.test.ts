import { existsSync } from "node:fs";
import { test } from "tap";
import { openSqlite, sqliteLeftOut } from "./sqlite.ts";

const addOn = new URL(
  "../../peers/node_modules/better-sqlite3/build/Release/better_sqlite3.node",
  import.meta.url,
);

void test("the peer is used where it is installed, and its remedy named where it is not", (t) => {
  const reason = sqliteLeftOut();
  if (existsSync(addOn)) {
    t.equal(reason, undefined);
    t.equal(openSqlite(":memory:").prepare("SELECT 40 + 2").pluck().get(), 42);
  } else {
    t.equal(reason, "better-sqlite3 is not installed (npm ci in bench/peers)");
    t.throws(() => openSqlite(":memory:"));
  }
  t.end();
});
