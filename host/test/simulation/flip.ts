// Rot: one bit of a durable file is another. It is refused, or it makes no difference, or it lies so
// near the end that it looks like a write that a loss of power has torn, and is reported as that
// (LOG9; nothing after the last entry of the offset index can tell the two apart).
import { LightconeError } from "@lightcone/abi";
import type { Rng } from "@lightcone/fixtures/rng";
import { MemoryDisk } from "../../src/base/disk/memory.ts";
import { readIndex } from "../../src/log/offset-index.ts";
import { checkState, expect } from "./check.ts";
import { type Engine, logDirectory, recoverFromLog, type Recovered } from "./engine.ts";
import type { History } from "./model.ts";
import type { Tally } from "./tally.ts";

/** Opens what a loss of power left, turns a bit of it, and opens that. */
export async function flipBit(
  engine: Engine,
  image: MemoryDisk,
  history: History,
  rng: Rng,
  tally: Tally,
): Promise<void> {
  const before = await recoverFromLog(engine, image, () => undefined);
  const last = before.log.nextOffset - 1;
  expect(last >= history.acknowledged && last <= history.lastOffset, `an image ends at ${last}`);
  const files = new Map<string, Uint8Array>();
  for (const name of await image.list(logDirectory)) {
    const path = `${logDirectory}/${name}`;
    files.set(path, await image.readFile(path));
  }
  const candidates = [...files.keys()].filter((path) => files.get(path)?.length !== 0);
  if (candidates.length === 0) return;
  const path = rng.pick(candidates);
  const bytes = (files.get(path) as Uint8Array).slice();
  const at = rng.nextBelow(bytes.length);
  bytes[at] = (bytes[at] as number) ^ (1 << rng.nextBelow(8));
  files.set(path, bytes);

  const disk = new MemoryDisk();
  await disk.makeDirectory(logDirectory);
  for (const [each, content] of files) disk.install(each, content);
  const title = `with a bit of byte ${at} of ${path} flipped`;
  const after = await openOrRefuse(engine, disk, title);
  if (after === undefined) {
    tally.count("flipped bit refused");
    return;
  }
  const found = after.log.nextOffset - 1;
  expect(found <= last, `${title}, ${found} is found and ${last} is the last`);
  checkState(after.datastore, history.stateAt(found), rng);
  if (found === last) {
    tally.count("flipped bit harmless");
    return;
  }
  const { torn } = after.log;
  expect(torn !== undefined, `${title}, all after ${found} is gone, and nothing is said`);
  expect(torn.path === path, `${title}, ${torn.path} is reported`);
  const entries = await readIndex(disk, path);
  const isKnown = entries.some(({ position }) => position > torn.wholeBytes);
  expect(!isKnown, `${title}, all after ${found} is cut off, though the index names more`);
  tally.count("flipped bit reported as a torn end");
}

async function openOrRefuse(
  engine: Engine,
  disk: MemoryDisk,
  title: string,
): Promise<Recovered | undefined> {
  try {
    return await recoverFromLog(engine, disk, () => undefined);
  } catch (thrown) {
    const isRefusal = thrown instanceof LightconeError && thrown.code.startsWith("LC_LOG_");
    expect(isRefusal, `${title}, opening fails with ${String(thrown)}`);
    return undefined;
  }
}
