// The program that is published: a module with every feature, of about a megabyte, in any number of editions.
import { existsSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { readWasm } from "@lightcone/fixtures/wasm";

const features = readWasm("features");
const customSection = 0;

/** The module with one more custom section: other bytes that do the same. Below 128. */
export function edition(number: number): Uint8Array {
  return Buffer.concat([features, Uint8Array.of(customSection, 2, 1, number)]);
}

/** How many variants for procedures a host has made. */
export function variantCount(cacheDirectory: string): number {
  if (!existsSync(cacheDirectory)) return 0;
  return readdirSync(cacheDirectory).filter((name) => /-asyncify-[^.]*\.wasm$/.test(name)).length;
}

const variantSecondsMax = 600;

/** Waits until a host has made so many variants, and has done with what comes behind. */
export async function variantsMade(cacheDirectory: string, count: number): Promise<void> {
  for (let i = 0; variantCount(cacheDirectory) < count; i++) {
    if (i > variantSecondsMax * 10) throw new Error(`no variant within ${variantSecondsMax} s`);
    await sleep(100);
  }
  await sleep(1000);
}
