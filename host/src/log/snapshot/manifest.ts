// The manifest of a snapshot: which state it is of, and where each block of each table lies. Drawn
// in docs/snapshots.md, rule SNAP2.
//
// A snapshot of ten million rows names thousands of blocks. They stay bytes until they are asked
// for, so that no step over a manifest holds the database's thread for long.
import { LightconeError, Reader, Writer } from "@lightcone/abi";
import { digest, digestBytes, sameDigest } from "../../base/digest.ts";

const magic = new TextEncoder().encode("lc-snap\0");
const formatVersion = 1;
const headBytes = magic.length + 4;
const identityBytes = 32;
const packBytes = 12;
/** pack u32, position u64, length u32, hash. */
const blockBytes = 4 + 8 + 4 + digestBytes;

/** An object: the bytes of a block, named by their hash. */
export interface StoredObject {
  readonly pack: number;
  readonly position: number;
  readonly length: number;
  readonly hash: Uint8Array;
}

/** A file of objects, as far as a snapshot knows it. */
export interface Pack {
  readonly number: number;
  /** Its length, of which others may use the rest. */
  readonly bytes: number;
}

/** The blocks of a table, in order. */
class BlockList {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.#bytes.length / blockBytes;
  }

  at(index: number): StoredObject {
    const start = index * blockBytes;
    return {
      pack: this.#view.getUint32(start, true),
      position: Number(this.#view.getBigUint64(start + 4, true)),
      length: this.#view.getUint32(start + 12, true),
      hash: this.#bytes.subarray(start + 16, start + blockBytes),
    };
  }
}

/** A table in a snapshot. */
interface ManifestTable {
  readonly tableId: number;
  readonly header: Uint8Array;
  readonly blocks: BlockList;
}

/** What state a snapshot is of. */
export interface SnapshotPoint {
  /** The database's identity, 32 bytes as on the wire. */
  readonly identity: Uint8Array;
  /** The last transaction that is in it. */
  readonly offset: number;
  /** The log's epoch then. */
  readonly epoch: number;
}

/** A snapshot without the bytes of its blocks. */
export interface Manifest extends SnapshotPoint {
  readonly tables: readonly ManifestTable[];
  readonly packs: readonly Pack[];
}

/** Builds a manifest piece by piece: each table, followed by its blocks, then the packs. */
export class ManifestWriter {
  readonly #writer = new Writer(64 * 1024);

  constructor(point: SnapshotPoint, tableCount: number) {
    const writer = this.#writer;
    writer.raw(magic);
    writer.u32(formatVersion);
    writer.raw(point.identity);
    writer.u64(BigInt(point.offset));
    writer.u64(BigInt(point.epoch));
    writer.u32(tableCount);
  }

  table(tableId: number, header: Uint8Array, blockCount: number): void {
    this.#writer.u32(tableId);
    this.#writer.bytes(header);
    this.#writer.u32(blockCount);
  }

  block(object: StoredObject): void {
    this.#writer.u32(object.pack);
    this.#writer.u64(BigInt(object.position));
    this.#writer.u32(object.length);
    this.#writer.raw(object.hash);
  }

  /** The whole manifest, with its checksum. */
  finish(packs: readonly Pack[]): Uint8Array {
    const writer = this.#writer;
    writer.u32(packs.length);
    for (const { number, bytes } of packs) {
      writer.u32(number);
      writer.u64(BigInt(bytes));
    }
    writer.raw(digest(writer.written()));
    return writer.finish();
  }
}

/** LC_SNAPSHOT with the file and what is wrong with it. */
export function snapshotFault(path: string, fault: string): LightconeError {
  return new LightconeError("LC_SNAPSHOT", `${path}: ${fault}`);
}

/** Takes a manifest apart; `path` is for messages. Throws LC_SNAPSHOT. */
export function decodeManifest(bytes: Uint8Array, path: string): Manifest {
  const end = bytes.length - digestBytes;
  if (end < headBytes || !magic.every((byte, i) => bytes[i] === byte)) {
    throw snapshotFault(path, "it does not begin as a snapshot");
  }
  const reader = new Reader(bytes, magic.length, end);
  const version = reader.u32();
  // Asked first: another version may have its checksum elsewhere.
  if (version !== formatVersion) {
    throw snapshotFault(path, `it has the unknown format version ${version}`);
  }
  if (!sameDigest(digest(bytes.subarray(0, end)), bytes.subarray(end))) {
    throw snapshotFault(path, "its checksum is wrong");
  }
  try {
    return readBody(reader, path);
  } catch (thrown) {
    if (!(thrown instanceof LightconeError) || thrown.code !== "LC_BSATN_DECODE") throw thrown;
    throw snapshotFault(path, `it is not a whole manifest: ${thrown.message}`);
  }
}

function readBody(reader: Reader, path: string): Manifest {
  const identity = take(reader, identityBytes);
  const offset = Number(reader.u64());
  const epoch = Number(reader.u64());
  const tables: ManifestTable[] = [];
  for (let count = reader.u32(); count > 0; count--) {
    const tableId = reader.u32();
    const header = take(reader, reader.u32());
    const blocks = new BlockList(take(reader, reader.u32() * blockBytes));
    tables.push({ tableId, header, blocks });
  }
  const packCount = reader.u32();
  if (packCount * packBytes !== reader.remaining) {
    throw snapshotFault(path, `${reader.remaining} bytes at its end are not ${packCount} packs`);
  }
  const packs: Pack[] = [];
  for (let i = 0; i < packCount; i++) {
    packs.push({ number: reader.u32(), bytes: Number(reader.u64()) });
  }
  return { identity, offset, epoch, tables, packs };
}

function take(reader: Reader, count: number): Uint8Array {
  const start = reader.position;
  reader.skip(count);
  return reader.source.subarray(start, start + count);
}
