// Committed state as it stood at one commit, for who reads it while transactions go on: snapshots and long scans (design
// decision 3). A page that an image holds is copied before it is written to, so holding one costs the writer a copy a page.

/** A piece of a table's memory. Its bytes stay as they are until the image is released. */
export interface ImageBlock {
  readonly bytes: Uint8Array;
  /** For the owner of a snapshot: the hash of `bytes`. The datastore forgets it when it changes the bytes. */
  digest: Uint8Array | undefined;
}

/** One table. */
interface TableImage {
  readonly tableId: number;
  /** What the table needs beside the blocks to be restored. Opaque to others; small. */
  readonly header: Uint8Array;
  readonly blocks: readonly ImageBlock[];
}

/** All tables, ascending by id. */
export interface DatastoreImage {
  readonly tables: readonly TableImage[];
  /** Gives the blocks back. Must be called once; nothing of the image may be used afterwards. */
  release(): void;
}

/** One table as it comes back. The datastore copies what it needs of the blocks. */
export interface StoredTable {
  readonly tableId: number;
  readonly header: Uint8Array;
  readonly blocks: readonly Uint8Array[];
}
