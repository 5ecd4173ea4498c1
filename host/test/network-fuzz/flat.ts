// Whether what a host holds stays the same from round to round.
import { assert } from "@lightcone/abi";
import type { HostFacts } from "../server/crowd.ts";

/**
 * What memory may grow by after the first third of all rounds, in bytes. Engines give pages back late and in large pieces: a heap's
 * young half alone goes from 1 to 16 MiB for each of the host's threads and back. Whatever stays of every frame shows: ten bytes of each
 * are more than this in the script's ten million.
 */
const slackBytes = 64 * 1024 * 1024;

/** Files of logs and snapshots are opened and closed as time goes. */
const slackDescriptors = 4;

/** How many rounds there are before the host has its size: code is compiled, pools and heaps are filled. */
function warmUpCount(rounds: readonly HostFacts[]): number {
  return Math.ceil(rounds.length / 3);
}

/** What memory has grown by since the warm-up, in bytes; less than nothing if it shrank. */
export function growth(rounds: readonly HostFacts[]): number {
  const count = warmUpCount(rounds);
  const bytes = rounds.map(({ residentBytes }) => residentBytes);
  return Math.max(...bytes.slice(count)) - Math.max(...bytes.slice(0, count));
}

/** Throws if memory, descriptors or clients have grown since the first third of the rounds; there are at least two. */
export function checkFlat(rounds: readonly HostFacts[]): void {
  assert(rounds.length > 1, "one round is compared with nothing");
  const count = warmUpCount(rounds);
  const grown = growth(rounds);
  assert(grown <= slackBytes, `memory has grown by ${(grown / 1e6).toFixed(1)} MB`);
  const descriptors = rounds.map(({ descriptorCount }) => descriptorCount);
  const before = Math.max(...descriptors.slice(0, count));
  const after = Math.max(...descriptors.slice(count));
  assert(after <= before + slackDescriptors, `${after} descriptors, after ${before}`);
  const clients = new Set(rounds.map(({ clientCount }) => clientCount));
  assert(clients.size === 1, `clients are left: ${[...clients].join(", ")}`);
}
