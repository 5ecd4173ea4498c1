// The machine and the versions that figures belong to.
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";

/**
 * What makes the GNU allocator ask Linux for huge pages, of 2 MB, wherever a buffer is large enough: rows and indexes of
 * millions of rows are read in less time then.
 */
const hugePagesSetting = { GLIBC_TUNABLES: "glibc.malloc.hugetlb=1" } as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of processes that measure: with huge pages on Linux, unless the given one says something of the allocator. */
export function measuringEnvironment(
  environment: Environment = process.env,
  platform: string = process.platform,
): Record<string, string | undefined> {
  const isSet = platform !== "linux" || environment["GLIBC_TUNABLES"] !== undefined;
  return { ...environment, ...(isSet ? {} : hugePagesSetting) };
}

/** Whether a process of such an environment gets huge pages. `policy`: what Linux says of them in a file of its own. */
export function hasHugePages(environment: Environment, policy: string): boolean {
  if (policy.includes("[always]")) return true;
  const tunables = environment["GLIBC_TUNABLES"] ?? "";
  return policy.includes("[madvise]") && /(^|:)glibc\.malloc\.hugetlb=[12]/.test(tunables);
}

function hugePagesPolicy(): string {
  try {
    return readFileSync("/sys/kernel/mm/transparent_hugepage/enabled", "utf8");
  } catch {
    return "there are none";
  }
}

export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  /** Whether the processes that measure get huge pages. */
  readonly hasHugePages: boolean;
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
    hasHugePages: hasHugePages(measuringEnvironment(), hugePagesPolicy()),
    versions: { lightcone: manifest.version, node: process.versions.node },
  };
}

/**
 * How many programs wanted a core during the last minute: more than a few tenths spoils figures.
 */
export function loadAverage(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}
