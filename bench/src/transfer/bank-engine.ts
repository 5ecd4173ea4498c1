// The bank in this process, without server and sockets, on a real directory.
import { Writer } from "@lightcone/abi";
import type { ModuleLimits, SealedSlab } from "@lightcone/host/engine";
import { callCommits, type Engine, openEngine } from "../open-engine.ts";
import { accountCount, type BankLanguage, bankModules, firstBalance } from "./settings.ts";

/**
 * A published and seeded bank in `directory`, all of it durable. Frames for clients with a socket
 * go to `deliver`.
 */
export async function openBank(
  directory: string,
  deliver: (slab: SealedSlab) => void,
  modules: ModuleLimits = {},
  language: BankLanguage = "rust",
): Promise<Engine> {
  const bank = await openEngine(directory, bankModules[language], deliver, modules);
  const args = new Writer();
  args.u32(accountCount);
  args.i64(BigInt(firstBalance));
  if (!callCommits(bank, "seed", args.memory, 0, args.length)) throw new Error("seed failed");
  bank.service.endTurn();
  await bank.service.database.log.flush();
  return bank;
}
