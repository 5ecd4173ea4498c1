// Random calls for transactions to come from, and what the log must hold of them.
import { Writer } from "@lightcone/abi";
import type { Rng } from "@lightcone/fixtures/rng";
import type { RecordInputs } from "../../src/log/contract.ts";

const names = ["add", "take_away", "x"].map((name) => new TextEncoder().encode(name));
const argsMax = 24;

/** A call, and the bytes of it in the log as text (runtime.md section 12.1). */
export interface LoggedCall {
  readonly record: RecordInputs;
  readonly text: string;
}

const writer = new Writer();

/** A random call at a time. */
export function randomInputs(rng: Rng, timestampMicros: bigint): LoggedCall {
  const name = rng.pick(names);
  const caller = new Uint8Array(32).fill(rng.nextBelow(4));
  const connection = new Uint8Array(16).fill(rng.nextBelow(4));
  const args = rng.bytes(rng.nextBelow(argsMax));
  writer.clear();
  writer.u8(name.length);
  for (const part of [name, caller, connection]) writer.raw(part);
  writer.i64(timestampMicros);
  writer.raw(args);
  const text = Buffer.from(writer.written()).toString("latin1");
  const record = { name, caller, connection, timestampMicros, argBytes: args, argStart: 0 };
  return { record: { ...record, argEnd: args.length }, text };
}
