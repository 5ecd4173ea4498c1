// The one form in which every disk reports a failure, and the rule for the paths it is given.
import { assert, LightconeError } from "@lightcone/abi";

/**
 * LC_DISK: `operation` is a verb with its preposition ("write to"), `reason` the system's code and
 * text.
 */
export function diskError(operation: string, path: string, reason: string): LightconeError {
  return new LightconeError("LC_DISK", `cannot ${operation} ${path || "the root"}: ${reason}`);
}

/** Paths come from the host's own code: one that leaves the disk's root is a bug. */
export function assertPath(path: string): void {
  if (path === "") return;
  for (const name of path.split("/")) {
    assert(name !== "" && name !== "." && name !== "..", `${path} is not a path inside a disk`);
  }
}

/** The directory that `path` is a name in. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
