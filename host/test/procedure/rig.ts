// A database whose module plays scripts, its clients, and waiting for what comes in a later turn.
import { setTimeout as sleep } from "node:timers/promises";
import { present, type ServerMessage } from "@lightcone/abi";
import { MemoryDisk } from "../../src/base/disk/memory.ts";
import type { HttpClient } from "../../src/base/http/client.ts";
import { owner, TestClient, TestHost } from "../../src/session/test-client.ts";
import { tableRows } from "../rows.ts";
import { assemblePlayer } from "./player.ts";

/** Code made once serves all tests of a file. */
const cache = new MemoryDisk();

/** Gives other turns their time until `found` has a value. */
export async function eventually<T>(found: () => T | undefined, millisMax = 60_000): Promise<T> {
  for (let millis = 0; millis < millisMax; millis += 5) {
    const value = found();
    if (value !== undefined) return value;
    await sleep(5);
  }
  throw new Error("it did not happen");
}

export type Result = Extract<ServerMessage, { kind: "procedureResult" }>;

export interface Rig {
  readonly host: TestHost;
  readonly client: TestClient;
  readonly tableId: number;
  /** The ids in table `item`, ascending. */
  readonly items: () => number[];
  /** The lines that the module's log got so far. */
  readonly logged: () => string;
}

export async function openRig(program?: Uint8Array, http?: HttpClient): Promise<Rig> {
  const host = new TestHost();
  host.cache = cache;
  host.http = http;
  const service = await host.open();
  let log = "";
  service.database.parts.moduleLog.follow((text) => (log += text));
  await service.publish(program ?? (await assemblePlayer()), owner);
  const client = new TestClient(host, 1, "somebody");
  host.take(1);
  const table = present(service.database.parts.datastore.tableByName("item"), "item");
  return {
    host,
    client,
    tableId: table.schema.id,
    items: () =>
      tableRows(host.database, "item")
        .map((row) => row["id"] as number)
        .sort((a, b) => a - b),
    logged: () => log,
  };
}

/** The results among messages. */
export function resultsOf(messages: readonly ServerMessage[]): Result[] {
  return messages.filter((message): message is Result => message.kind === "procedureResult");
}

/** Calls a procedure and waits for its answer; what came before it is lost. */
export async function callProcedure(
  { host, client }: Rig,
  name: string,
  args: Uint8Array,
): Promise<Result> {
  const early = resultsOf(client.procedure(name, args));
  return early[0] ?? eventually(() => resultsOf(host.take(client.socket))[0]);
}

/** The value that a procedure returned, which it must have. */
export function valueOf({ status }: Result): Uint8Array {
  if (status.kind === "returned") return status.value;
  throw new Error(`the procedure failed: ${status.error}`);
}

export function errorOf({ status }: Result): string {
  if (status.kind !== "returned") return status.error;
  throw new Error("the procedure returned");
}
