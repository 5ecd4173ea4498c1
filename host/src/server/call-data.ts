// Callers and how calls ended, in the form in which they cross to a database's thread and back.
import type { CallerData, CallResultData } from "./channel.ts";
import type { Caller, CallResult } from "./contract.ts";

export function callerData(caller: Caller): CallerData {
  return {
    identity: caller.identity.value,
    connectionId: caller.connectionId.value,
    jwtPayload: caller.jwtPayload,
  };
}

export function callResult({
  kind,
  message,
  energyUsed,
  durationMicros,
}: CallResultData): CallResult {
  switch (kind) {
    case "committed":
    case "outOfEnergy":
      return { kind, energyUsed, durationMicros };
    case "failed":
    case "fatal":
      return { kind: "failed", message, energyUsed, durationMicros };
    case "unknown":
      return { kind };
    case "returned":
      return { kind, json: message, durationMicros };
    default:
      return { kind, message };
  }
}
