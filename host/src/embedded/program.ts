// A module as programs name it: its bytes, or the path of a file that has them.
import { basename, dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeDisk } from "../base/disk/node.ts";

/** The bytes of a `.wasm`, its path, or its `file:` URL. */
export type Program = Uint8Array | string | URL;

/** Throws LC_DISK if there is no such file. */
export async function readProgram(program: Program): Promise<Uint8Array> {
  if (program instanceof Uint8Array) return program;
  const path = resolve(program instanceof URL ? fileURLToPath(program) : program);
  return nodeDisk(dirname(path)).readFile(basename(path));
}
