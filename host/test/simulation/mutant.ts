// Hosts with a known fault, to show that the simulation would notice it: patched copies, or disks that lie.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { makePatchedCopy, type Patch } from "../patched-copy.ts";
import type { DiskLies } from "./disk.ts";
import { type Engine, hostEngine } from "./engine.ts";

interface Mutation {
  readonly what: string;
  /** A seed that finds it, so that a test need not look for one. */
  readonly seed: number;
  readonly patch?: Patch;
  readonly lies?: DiskLies;
}

const segmentFile = "log/segment-file.js";

/** The mutants that there are. */
export const mutantNames = [
  "no-fsync",
  "no-crc",
  "sequence-not-logged",
  "name-not-synced",
  "rename-before-sync",
  "durable-before-sync",
  "torn-end-extended",
  "not-written-again",
  "failure-not-told",
] as const;

export type MutantName = (typeof mutantNames)[number];

const mutations: Readonly<Record<MutantName, Mutation>> = {
  "no-fsync": { what: "syncs of files do nothing", seed: 2, lies: { syncsNothing: true } },
  "no-crc": {
    what: "a commit counts as whole whatever its checksum",
    seed: 9,
    patch: {
      file: "log/segment.js",
      from: 'crc32c(bytes, start, frame.recordsEnd) === frame.crc ? "whole" : "damaged"',
      to: '"whole"',
    },
  },
  "sequence-not-logged": {
    what: "what a sequence reserves is not written down",
    seed: 1,
    patch: {
      file: "datastore/tx.js",
      from: "this.#recordAllocation(this, sequence, allocated);",
      to: "",
    },
  },
  "name-not-synced": {
    what: "a new segment counts as durable before its name is",
    seed: 2,
    patch: {
      file: segmentFile,
      from: "await this.#disk.syncDirectory(this.#directory);",
      to: "",
    },
  },
  "rename-before-sync": {
    what: "a new segment gets its name before its first group is durable",
    seed: 72,
    patch: {
      file: segmentFile,
      from: "await this.#file.sync();\n        if (this.#index === undefined)\n            await this.#takeName();",
      to: "if (this.#index === undefined) await this.#takeName(); await this.#file.sync();",
    },
  },
  "durable-before-sync": {
    what: "a group is reported durable while the disk works on it",
    seed: 3,
    patch: {
      file: "log/writer.js",
      from: "await persisting;\n                this.#durableOffset = batch.lastOffset;",
      to: "this.#durableOffset = batch.lastOffset; this.#announce(); await persisting;",
    },
  },
  "torn-end-extended": {
    what: "after a torn end the log goes on behind it, in the same segment",
    seed: 1,
    patch: {
      file: "log/recover.js",
      from: "const canContinue =",
      to:
        "if (last !== undefined) { const file = await disk.open(last.path, 'read');" +
        " const wholeBytes = await file.size(); await file.close();" +
        " return { nextOffset, epoch, torn, continued: { ...last, wholeBytes } }; }" +
        " const canContinue =",
    },
  },
  "not-written-again": {
    what: "recovery trusts what it read from the system's cache",
    seed: 30,
    patch: { file: "log/recover.js", from: "await rewrite(file, proven, wholeBytes);", to: "" },
  },
  "failure-not-told": {
    what: "a disk that refuses to close a file keeps a failed log from saying that it failed",
    seed: 30,
    patch: {
      file: segmentFile,
      from: "await unlessRefused(async () => this.#file.close());",
      to: "await this.#file.close();",
    },
  },
};

/** A host with a fault, for `WorldOptions`. `remove` takes its folder away. */
export interface Mutant {
  readonly what: string;
  /** A seed that finds it, as far as the world is what it was when that was found. */
  readonly seed: number;
  readonly options: { readonly engine: Engine; readonly lies: DiskLies };
  readonly remove: () => void;
}

/** The folders that make up the engine. */
const engineFolders = ["base", "datastore", "log"];

/** Makes a mutant. Throws if the text that it replaces is not there: then it needs to be written anew. */
export async function makeMutant(name: MutantName): Promise<Mutant> {
  const { what, seed, patch, lies = {} } = mutations[name];
  if (patch === undefined) {
    return { what, seed, options: { engine: hostEngine, lies }, remove: () => undefined };
  }
  const { folder, remove } = makePatchedCopy(name, patch, engineFolders);
  try {
    return { what, seed, options: { engine: await loadEngine(folder), lies }, remove };
  } catch (thrown) {
    remove();
    throw thrown;
  }
}

async function loadEngine(folder: string): Promise<Engine> {
  const load = async (file: string): Promise<Partial<Engine>> =>
    (await import(pathToFileURL(join(folder, file)).href)) as Partial<Engine>;
  return {
    ...hostEngine,
    ...(await load("datastore/datastore.js")),
    ...(await load("datastore/replay.js")),
    ...(await load("datastore/create-table.js")),
    ...(await load("log/recover.js")),
    ...(await load("log/writer.js")),
  };
}
