// A client in Node that makes the bank's rows.
import type { Test } from "tap";
import { memoryTokenStore } from "../../src/token.ts";
import { DbConnection } from "./bindings/bank/index.js";
import type { WebHost } from "./rig.ts";

/** Accounts 0 to `count - 1` with 1000 each. */
export async function openBank(t: Test, host: WebHost, count: number): Promise<DbConnection> {
  const connection = DbConnection.builder()
    .withUri(host.url)
    .withDatabaseName("bank")
    .withTokenStore(memoryTokenStore())
    .build();
  t.teardown(() => connection.disconnect());
  await connection.reducers.seed({ n: count, balance: 1000n });
  return connection;
}
