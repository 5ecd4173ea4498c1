// Which structure serves an index of a definition.
import { type AlgebraicType, unreachable } from "@lightcone/abi";
import { hasFloats } from "../key.ts";
import type { RowLayout } from "../row-layout.ts";
import type { RowStore } from "../rows/store.ts";
import type { IndexSchema } from "../schema.ts";
import { BTreeIndex } from "./btree.ts";
import { BufferedBTreeIndex } from "./buffered-btree.ts";
import { DirectIndex, isDirectType } from "./direct.ts";
import { type Index, IndexKey } from "./contract.ts";
import { HashIndex } from "./hash.ts";

function buildTree(key: IndexKey, isUnique: boolean, isOrdered = true): BTreeIndex {
  return isUnique ? new BTreeIndex(key, true, isOrdered) : new BufferedBTreeIndex(key, isOrdered);
}

/** An empty index. A direct index whose keys may repeat is a B-tree (abi.md section 5.3). */
export function buildIndex(schema: IndexSchema, store: RowStore, layout: RowLayout): Index {
  const key = new IndexKey(schema.columns, store, layout);
  switch (schema.kind) {
    case "btree":
      return buildTree(key, schema.isUnique);
    case "direct": {
      const takesKey = schema.isUnique && key.columnTypes.length === 1;
      return takesKey && isDirectType(key.columnTypes[0] as AlgebraicType)
        ? new DirectIndex(key)
        : buildTree(key, schema.isUnique);
    }
    case "hash":
      // Equal floats may differ in bytes (-0 and +0), which a hash of bytes would tell apart.
      return key.columnTypes.some((type) => hasFloats(type))
        ? buildTree(key, schema.isUnique, false)
        : new HashIndex(key, schema.isUnique);
    default:
      return unreachable(schema.kind);
  }
}
