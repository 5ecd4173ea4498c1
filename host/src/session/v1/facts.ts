// What clients of protocol v1 are told of the call behind an update (protocol.md sections 6.4 and 6.5).
import { ConnectionId, type V1CallFacts, v1NoReducer } from "@lightcone/abi";
import type { Database } from "../../database/database.ts";
import type { Cause } from "../context.ts";
import { type CallArguments, noArguments } from "./encoding.ts";

const utf8 = new TextDecoder();
const noConnection = ConnectionId.zero.toBytes();

/** Whether updates name the call that made them to everybody: only with modules of the old kind. */
export function tellsFacts({ module }: Database): boolean {
  return module.definition.version === 9;
}

/** What those who did not call are told. Valid until the next transaction. */
export function factsOfCause(
  database: Database,
  { inputs }: Cause,
): { readonly facts: V1CallFacts; readonly args: CallArguments } {
  const { clock, identity } = database.parts;
  const none = { requestId: 0, energy: 0, durationMicros: 0 };
  if (inputs === undefined) {
    const facts = {
      ...none,
      timestampMicros: clock.nowMicros(),
      identity: identity.toBytes(),
      connectionId: noConnection,
      reducer: "",
      reducerId: v1NoReducer,
    };
    return { facts, args: noArguments };
  }
  const reducer = utf8.decode(inputs.name);
  const facts = {
    ...none,
    timestampMicros: inputs.timestampMicros,
    identity: inputs.caller,
    connectionId: inputs.connection,
    reducer,
    reducerId: database.module.reducer(reducer)?.definition.id ?? v1NoReducer,
  };
  const { argBytes: bytes, argStart: start, argEnd: end } = inputs;
  return { facts, args: { bytes, start, end } };
}
