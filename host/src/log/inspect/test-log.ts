// A small log in two segments for the tests of this folder.
import { MemoryDisk } from "../../base/disk/memory.ts";
import { directory, writeLines } from "../test-rig.ts";

/** Its transactions. */
export const lines: readonly string[] = [
  "init() +7:a",
  "+7:bb",
  "call(1) +7:c -7:a",
  "!7",
  "+8:x",
  "last() +7:z",
];

/** Files by their names in the log's directory. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** A log that is well; its last commits are indexed, as after large writes. */
export async function sampleFiles(): Promise<Files> {
  const disk = new MemoryDisk();
  await writeLines(disk, lines.slice(0, 4), 1 << 20);
  await writeLines(disk, lines.slice(4), 1);
  return filesOf(disk);
}

export async function filesOf(disk: MemoryDisk): Promise<Files> {
  const files = new Map<string, Uint8Array>();
  for (const name of await disk.list(directory)) {
    files.set(name, await disk.readFile(`${directory}/${name}`));
  }
  return files;
}

export async function diskOf(files: Files): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  await disk.makeDirectory(directory);
  for (const [name, bytes] of files) disk.install(`${directory}/${name}`, bytes);
  return disk;
}

/** The same files with one bit turned. */
export function flipped(files: Files, name: string, bit: number): Files {
  const changed = (files.get(name) as Uint8Array).slice();
  changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
  return new Map(files).set(name, changed);
}

export function without(files: Files, name: string): Files {
  const rest = new Map(files);
  rest.delete(name);
  return rest;
}
