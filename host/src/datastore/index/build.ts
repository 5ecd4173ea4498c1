// Which structure serves an index of a definition.
import { hasFloats } from "../key.ts";
import type { RowLayout } from "../row-layout.ts";
import type { RowStore } from "../rows/store.ts";
import type { IndexSchema } from "../schema.ts";
import { BTreeIndex } from "./btree.ts";
import { type Index, IndexKey } from "./contract.ts";
import { HashIndex } from "./hash.ts";

/** An empty index. A direct index answers ranges, so a B-tree stands for it (abi.md section 5.3). */
export function buildIndex(schema: IndexSchema, store: RowStore, layout: RowLayout): Index {
  const key = new IndexKey(schema.columns, store, layout);
  if (schema.kind !== "hash") return new BTreeIndex(key, schema.isUnique);
  // Equal floats may differ in bytes (-0 and +0), which a hash of bytes would tell apart.
  if (key.columnTypes.some((type) => hasFloats(type)))
    return new BTreeIndex(key, schema.isUnique, false);
  return new HashIndex(key, schema.isUnique);
}
