// The definition of a program that is not published anywhere: loaded in a throw-away instance.
import type { ModuleDef } from "@lightcone/abi";
import { ManualClock } from "../base/clock.ts";
import { Datastore } from "../datastore/datastore.ts";
import { ModuleInstance } from "./instance.ts";
import { loadModule } from "./load.ts";

/** Reads the definition of a `.wasm`. Runs its start-up code. Throws LC_MODULE_LOAD, LC_MODULE_IMPORT, LC_MODULE_INVALID. */
export function describeModule(wasm: Uint8Array): ModuleDef {
  const environment = {
    datastore: new Datastore(),
    clock: new ManualClock(),
    databaseIdentity: new Uint8Array(32),
    log: () => undefined,
    scheduleImmediately: () => false,
  };
  return new ModuleInstance(loadModule(wasm), environment).definition;
}
