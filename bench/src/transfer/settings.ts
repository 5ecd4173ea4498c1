// What all cases of the transfer benchmark have in common: the module's state and the load upon it.
import type { WasmName } from "@lightcone/fixtures/wasm";
import type { TransferLoad } from "@lightcone/fixtures/workload";

export const accountCount = 100_000;
export const firstBalance = 1_000_000;

/** What all accounts hold together, whatever is transferred. */
export const balanceSum: number = accountCount * firstBalance;

/** Small, so that no account runs dry however long a benchmark runs. */
export const transferAmount = 1n;

/** What the bank may be written in; the name of each stands in the names of its cases. */
export type BankLanguage = "rust" | "as";

/** Rust first: it is what the other is compared with, in the same run. */
export const languages = ["rust", "as"] as const;

/** The compiled bank in each language. */
export const bankModules: Readonly<Record<BankLanguage, WasmName>> = {
  rust: "bank",
  as: "bank-as",
};

/** The skews of the load: all accounts alike, and a few that take part in most transfers. */
export const alphas = [0, 1.5] as const;

/** Clients over sockets, and how many calls each has under way. */
export const clientCount = 64;
export const inFlightCount = 40;

/**
 * Pairs are drawn once and used in a circle; more would only push the load's own memory out of the
 * caches.
 */
const pairCount = 131_072;

export function transferLoad(alpha: number): TransferLoad {
  return { accountCount, alpha, pairCount };
}

/** The seed of every draw. */
export const seed = 20_260_131;
