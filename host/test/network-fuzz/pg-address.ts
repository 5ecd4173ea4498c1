// Where the host that is fuzzed tells its address for PostgreSQL's protocol, and how it takes the place of the usual one.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ChildHost } from "../server/child-host.ts";

const program = fileURLToPath(new URL("./fuzz-host.js", import.meta.url));

export function pgAddressFile(dataDir: string): string {
  return join(dataDir, "fuzz-pg-address");
}

/** The command of a host with another program in it. */
export function fuzzHostCommand(command: readonly string[]): readonly string[] {
  return command.map((word) => (word.endsWith("host-process.js") ? program : word));
}

/** `HOST:PORT` for PostgreSQL's protocol, of a host that runs. */
export function pgAddressOf({ dataDir }: ChildHost): string {
  return readFileSync(pgAddressFile(dataDir), "utf8");
}
