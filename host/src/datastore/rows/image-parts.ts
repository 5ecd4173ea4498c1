// How the rows of a table are written as a header and blocks, and read back.
//
//   header   u8 version, u8 kind, u32 row size, u32 row limit, then what the kind of store adds
//   blocks   the bits of live rows, in pieces; then pages in order, an absent one with no bytes
import { LightconeError, Reader, Writer } from "@lightcone/abi";
import type { ImageBlock } from "../image.ts";
import { RowBits } from "./bits.ts";
import type { Page } from "./page.ts";

const version = 1;

export const storeKind = { fixed: 1, variable: 2 } as const;
type StoreKind = (typeof storeKind)[keyof typeof storeKind];

/** Bytes of one piece of the live bits. */
const bitsBlockBytes = 64 * 1024;

export function snapshotFault(fault: string): LightconeError {
  return new LightconeError("LC_SNAPSHOT", `the image of a table ${fault}`);
}

export function writeHead(kind: StoreKind, rowSize: number, limit: number): Writer {
  const writer = new Writer(64);
  writer.u8(version);
  writer.u8(kind);
  writer.u32(rowSize);
  writer.u32(limit);
  return writer;
}

/** Reads what `writeHead` wrote; the reader stands behind it then. */
export function readHead(
  header: Uint8Array,
  kind: StoreKind,
  rowSize: number,
): { reader: Reader; limit: number } {
  const reader = new Reader(header, 0, header.length);
  const found = { version: reader.u8(), kind: reader.u8(), rowSize: reader.u32() };
  if (found.version !== version) throw snapshotFault(`has the unknown version ${found.version}`);
  if (found.kind !== kind || found.rowSize !== rowSize) {
    throw snapshotFault("holds rows of another size than the table's");
  }
  return { reader, limit: reader.u32() };
}

/** The live bits below `limit` as blocks. */
export function bitsBlocks(live: RowBits, limit: number): ImageBlock[] {
  const bytes = live.bytesBelow(limit);
  const blocks: ImageBlock[] = [];
  for (let at = 0; at < bytes.length; at += bitsBlockBytes) {
    blocks.push({ bytes: bytes.subarray(at, at + bitsBlockBytes), digest: undefined });
  }
  return blocks;
}

/** Takes blocks one by one, and refuses where there are too few. */
export class BlockCursor {
  readonly #blocks: readonly Uint8Array[];
  #at = 0;

  constructor(blocks: readonly Uint8Array[]) {
    this.#blocks = blocks;
  }

  take(count: number): Uint8Array[] {
    const taken = this.#blocks.slice(this.#at, this.#at + count);
    if (taken.length < count) throw snapshotFault("has too few blocks");
    this.#at += count;
    return taken;
  }

  takeBits(live: RowBits, limit: number): void {
    const byteCount = RowBits.bytesFor(limit);
    const pieces = this.take(Math.ceil(byteCount / bitsBlockBytes));
    const bytes = new Uint8Array(byteCount);
    let at = 0;
    for (const piece of pieces) {
      if (at + piece.length > byteCount) throw snapshotFault("has too many live bits");
      bytes.set(piece, at);
      at += piece.length;
    }
    if (at !== byteCount) throw snapshotFault("has too few live bits");
    live.setBytes(bytes, limit);
  }

  end(): void {
    if (this.#at !== this.#blocks.length) throw snapshotFault("has too many blocks");
  }
}

/** Holds pages for an image; the function returned lets them go. */
export function holdPages(pages: readonly Page[]): () => void {
  for (const page of pages) page.hold();
  return () => {
    for (const page of pages) page.letGo();
  };
}
