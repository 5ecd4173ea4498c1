// A page whose rows outlive it. What its callbacks are told is written down, and settings come with the address.
import { LightconeError } from "@lightcone/sdk-client";
import { persist } from "@lightcone/sdk-client/persist";
import { DbConnection } from "../bindings/bank/index.js";
import { hostUrl, params, probe } from "./connect.ts";

const failure = params.get("failure");
if (failure === "open") {
  IDBFactory.prototype.open = () => {
    throw new DOMException("pages in this mode keep nothing", "SecurityError");
  };
}
if (failure === "quota") {
  IDBObjectStore.prototype.put = () => {
    throw new DOMException("the disk is full", "QuotaExceededError");
  };
}

const rows = persist({
  name: "bank",
  version: Number(params.get("version") ?? 1),
  rowCountMax: Number(params.get("rows") ?? 50_000),
});
const connection = DbConnection.builder()
  .withUri(hostUrl)
  .withDatabaseName("bank")
  .withReconnect({ retriesFirst: true, firstDelayMs: 50, delayMsMax: 200 })
  .withPersistence(rows)
  .onError((thrown) => {
    probe.notes.push(thrown instanceof LightconeError ? thrown.code : String(thrown));
  })
  .build();

connection.onStale((isStale) => probe.notes.push(isStale ? "stale" : "confirmed"));
connection.db.account.onChange(({ inserted, deleted, updated }, { kind }) => {
  const count = `+${inserted.length} -${deleted.length} ~${updated.length}`;
  probe.notes.push(`${count} ${kind}`);
});

/** What is stored, as lengths of the values by key. */
async function stored(): Promise<number> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open("lightcone bank", 1);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error("the store does not open"));
  });
  const count = database.transaction("rows").objectStore("rows").count();
  return new Promise((resolve) => {
    count.onsuccess = () => {
      database.close();
      resolve(count.result);
    };
  });
}

Object.assign(globalThis, { connection, stored, clear: () => rows.clear() });
const isLate = params.get("late") !== null;
if (!isLate) connection.subscribe("SELECT * FROM account");
else void connection.connected.then(() => connection.subscribe("SELECT * FROM account"));
