// The machine and the versions that figures belong to.
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";

export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly versions: {
    readonly lightcone: string;
    readonly node: string;
  };
}

export function describeMachine(): Machine {
  const manifestUrl = new URL("../../package.json", import.meta.url);
  const manifest = JSON.parse(readFileSync(manifestUrl, "utf8")) as { version: string };
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    versions: { lightcone: manifest.version, node: process.versions.node },
  };
}

/**
 * How many programs wanted a core during the last minute: more than a few tenths spoils figures.
 */
export function loadAverage(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}
