// The kinds of index there are, which keys each of them takes, and what is wrong with one in itself.
import type { AlgebraicType } from "@lightcone/abi";
import { BTreeIndex } from "../../src/datastore/index/btree.ts";
import { BufferedBTreeIndex } from "../../src/datastore/index/buffered-btree.ts";
import type { Index, IndexKey } from "../../src/datastore/index/contract.ts";
import { DirectIndex, isDirectType } from "../../src/datastore/index/direct.ts";
import { HashIndex } from "../../src/datastore/index/hash.ts";
import { hasFloats } from "../../src/datastore/key.ts";
import { directFaults } from "./direct-check.ts";
import { hashFaults } from "./hash-check.ts";
import { treeFaults } from "./tree-check.ts";

export interface IndexKind {
  readonly make: (key: IndexKey, isUnique: boolean) => Index;
  readonly takes: (types: readonly AlgebraicType[], isUnique: boolean) => boolean;
}

/** By name. */
export const indexKinds: Readonly<Record<string, IndexKind>> = {
  btree: { make: (key, isUnique) => new BTreeIndex(key, isUnique), takes: () => true },
  "btree with rows that wait": {
    make: (key) => new BufferedBTreeIndex(key),
    takes: (_types, isUnique) => !isUnique,
  },
  hash: {
    make: (key, isUnique) => new HashIndex(key, isUnique),
    takes: (types) => !types.some((type) => hasFloats(type)),
  },
  direct: {
    make: (key) => new DirectIndex(key),
    takes: (types, isUnique) => isUnique && types.length === 1 && types.every(isDirectType),
  },
};

/** The faults of an index that should hold `rowCount` rows, in its own structure. */
export function indexFaults(index: Index, rowCount: number): string[] {
  if (index instanceof BTreeIndex) return treeFaults(index, rowCount);
  if (index instanceof DirectIndex) return directFaults(index, rowCount);
  return index instanceof HashIndex ? hashFaults(index, rowCount) : ["an index of no known kind"];
}
