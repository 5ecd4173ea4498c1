// Where a definition comes from: a compiled module or a running database, looked at as often as somebody asks.
import { createHash } from "node:crypto";
import { type ModuleDef, moduleDefFromJson } from "@lightcone/abi";
import type { Api } from "../api.ts";
import { type ModuleChoice, readModule } from "../module-file.ts";

/** What was found. */
export interface Found {
  /** The same as long as the definition is. */
  readonly stamp: string;
  /** Throws LC_MODULE_*. */
  readonly definition: () => ModuleDef;
}

/** Looks; throws a CommandError if there is nothing to be found, or it cannot be reached. */
export type Look = () => Promise<Found>;

export function moduleSource(
  workingFolder: string,
  choice: ModuleChoice,
  describeModule: (program: Uint8Array) => ModuleDef,
): Look {
  return async () => {
    const { program } = readModule(workingFolder, choice);
    return {
      stamp: createHash("sha256").update(program).digest("hex"),
      definition: () => describeModule(program),
    };
  };
}

export function databaseSource(api: Api, database: string): Look {
  return async () => {
    const text = await api.schema(database);
    return { stamp: text, definition: () => moduleDefFromJson(text) };
  };
}
