// The objects that a snapshot is made of, by their hashes: so that the next one writes no block
// again that is on the disk already. Rule SNAP4 of docs/snapshots.md.
import { limit } from "../../base/limit.ts";
import type { Manifest, Pack, StoredObject } from "./manifest.ts";

/** A pack and how many of its bytes this set uses. */
interface PackUse {
  bytes: number;
  usedBytes: number;
}

/** A hash as a key: strings compare by their characters, arrays do not. */
function keyOf(hash: Uint8Array): string {
  return Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString("latin1");
}

/** Objects on the disk, and the packs that they lie in. */
export class ObjectSet {
  readonly #objects = new Map<string, StoredObject>();
  readonly #packs = new Map<number, PackUse>();

  find(hash: Uint8Array): StoredObject | undefined {
    return this.#objects.get(keyOf(hash));
  }

  add(object: StoredObject): void {
    const key = keyOf(object.hash);
    if (this.#objects.has(key)) return;
    this.#objects.set(key, object);
    this.#use(object.pack).usedBytes += object.length;
  }

  #use(number: number): PackUse {
    const use = this.#packs.get(number) ?? { bytes: 0, usedBytes: 0 };
    this.#packs.set(number, use);
    return use;
  }

  /** Notes how long a pack is; one that nothing uses is left out. */
  setPackBytes(number: number, bytes: number): void {
    const use = this.#packs.get(number);
    if (use !== undefined) use.bytes = bytes;
  }

  packBytes(number: number): number {
    return this.#packs.get(number)?.bytes ?? 0;
  }

  /** The packs in use, ascending. */
  packs(): Pack[] {
    const packs = [...this.#packs].map(([number, { bytes }]) => ({ number, bytes }));
    return packs.sort((a, b) => a.number - b.number);
  }

  /**
   * The packs that a next snapshot may refer to: of which at least half is in use, and of those the
   * most used, so that neither waste nor the number of files grows without end.
   */
  packsWorthKeeping(): ReadonlySet<number> {
    const worthy = [...this.#packs].filter(([, use]) => use.usedBytes * 2 >= use.bytes);
    worthy.sort(([, a], [, b]) => b.usedBytes - a.usedBytes);
    return new Set(worthy.slice(0, limit.snapshotPackCountMax - 1).map(([number]) => number));
  }
}

/** The objects that a manifest names. */
export function objectsOf(manifest: Manifest): ObjectSet {
  const objects = new ObjectSet();
  for (const { blocks } of manifest.tables) {
    for (let i = 0; i < blocks.length; i++) objects.add(blocks.at(i));
  }
  for (const { number, bytes } of manifest.packs) objects.setPackBytes(number, bytes);
  return objects;
}
