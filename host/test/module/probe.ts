// A database with the module `probe` and clients, in place.
import { Reader, type ServerMessage, type Value } from "@lightcone/abi";
import { readWasm } from "@lightcone/fixtures/wasm";
import type { Disk } from "../../src/base/disk/contract.ts";
import { owner, TestClient, TestHost } from "../../src/session/test-client.ts";
import { type Row, tableRows } from "../rows.ts";

/** How a call ended: `ok`, or the text of its error. */
export function ending(messages: readonly ServerMessage[]): string {
  const [message] = messages;
  if (messages.length !== 1 || message?.kind !== "reducerResult") {
    return messages.map(({ kind }) => kind).join(" ");
  }
  const { outcome } = message;
  if (outcome.kind === "err") return new Reader(outcome.error).string();
  return outcome.kind === "internalError" ? outcome.error : outcome.kind;
}

export class Probe {
  readonly host: TestHost;
  readonly client: TestClient;

  private constructor(host: TestHost) {
    this.host = host;
    this.client = new TestClient(host, 1, "somebody");
    host.take(1);
  }

  static async open(disk?: Disk): Promise<Probe> {
    const host = new TestHost(disk);
    const service = await host.open();
    if (!host.database.isPublished) await service.publish(readWasm("probe"), owner);
    return new Probe(host);
  }

  call(reducer: string, args: Readonly<Record<string, Value>> = {}): string {
    return ending(this.client.call(reducer, args));
  }

  rows(table: string): Row[] {
    return tableRows(this.host.database, table);
  }

  /** What a reading reducer has answered. */
  answer(question: string): Value {
    return this.rows("answer").find((row) => row["question"] === question)?.["value"];
  }

  /** Calls a reading reducer and returns its answer of the same name. */
  ask(reducer: string, args: Readonly<Record<string, Value>> = {}): Value {
    const outcome = this.call(reducer, args);
    return outcome === "ok" ? this.answer(reducer) : outcome;
  }

  /** The records that `work` writes to the module's log. */
  logged(work: () => void): Row[] {
    let text = "";
    const stop = this.host.database.parts.moduleLog.follow((line) => (text += line));
    work();
    stop();
    const lines = text.split("\n").filter((line) => line !== "");
    return lines.map((line) => JSON.parse(line) as Row);
  }
}
