// A database as one stream of bytes, and back. Drawn in docs/backup.md.
import {
  assert,
  Identity,
  isJsonArray,
  isJsonObject,
  type JsonValue,
  LightconeError,
  messageOf,
  parseJson,
} from "@lightcone/abi";
import { crc32c } from "../../log/crc32c.ts";

/** A file of an archive. */
export interface ArchiveFile {
  /** From the database's own directory, with `/` between names. */
  readonly name: string;
  readonly bytes: number;
}

/** What an archive says of itself before its files. */
export interface Manifest {
  readonly database: Identity;
  readonly owner: Identity;
  readonly names: readonly string[];
  /** The last transaction in it. */
  readonly lastOffset: number;
  readonly createdMicros: bigint;
  /** In the order in which they follow. */
  readonly files: readonly ArchiveFile[];
}

const magic = new TextEncoder().encode("LCBACKUP");
const formatVersion = 1;
const headBytes = 16;
const crcBytes = 4;
const manifestBytesMax = 1024 * 1024;

/** A file comes in pieces of this size, the last one shorter, each followed by its checksum. */
export const pieceBytes: number = 256 * 1024;

/** Names that an archive may bring: nothing else is ever written to the disk. */
const fileName = /^clog\/\d{20}\.stdb\.log$/;

/** Head, manifest, checksum: what an archive begins with. */
export function encodeHead(manifest: Manifest): Uint8Array {
  const json = JSON.stringify({
    database: manifest.database.toHex(),
    owner: manifest.owner.toHex(),
    names: manifest.names,
    last_offset: manifest.lastOffset,
    created_micros: manifest.createdMicros.toString(),
    files: manifest.files,
  });
  const text = new TextEncoder().encode(json);
  assert(text.length <= manifestBytesMax, "a log has too many segments for a manifest");
  const head = new Uint8Array(headBytes + text.length + crcBytes);
  head.set(magic);
  const view = new DataView(head.buffer);
  view.setUint32(8, formatVersion, true);
  view.setUint32(12, text.length, true);
  head.set(text, headBytes);
  const crcAt = headBytes + text.length;
  view.setUint32(crcAt, crc32c(head, 0, crcAt), true);
  return head;
}

/** How many bytes a file takes in an archive. */
export function archivedBytes({ bytes }: ArchiveFile): number {
  return bytes + Math.ceil(bytes / pieceBytes) * crcBytes;
}

/** Room for a piece of `bytes` bytes and its checksum, which `sealPiece` fills in. */
export function newPiece(bytes: number): Uint8Array {
  return new Uint8Array(bytes + crcBytes);
}

export function sealPiece(piece: Uint8Array): void {
  const crcAt = piece.length - crcBytes;
  const view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength);
  view.setUint32(crcAt, crc32c(piece, 0, crcAt), true);
}

/** Reads an archive as it comes. Everything that is wrong with it is LC_REQUEST_INVALID. */
export class ArchiveReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;
  #position = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The head, which comes first. */
  async manifest(): Promise<Manifest> {
    const head = await this.#take(headBytes);
    if (!magic.every((byte, i) => head[i] === byte))
      throw fault(0, "it is no backup of a database");
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    const version = view.getUint32(8, true);
    if (version !== formatVersion) throw fault(8, `its format version ${version} is unknown`);
    const length = view.getUint32(12, true);
    if (length > manifestBytesMax) throw fault(12, "its manifest is too long");
    const text = await this.#take(length);
    const covered = new Uint8Array(headBytes + length);
    covered.set(head);
    covered.set(text, headBytes);
    await this.#checkCrc(covered);
    return parseManifest(text);
  }

  /** The bytes of the next file, piece by piece. */
  async *file({ bytes }: ArchiveFile): AsyncGenerator<Uint8Array> {
    for (let rest = bytes; rest > 0;) {
      const piece = await this.#take(Math.min(rest, pieceBytes));
      await this.#checkCrc(piece);
      yield piece;
      rest -= piece.length;
    }
  }

  /** Refuses what follows the last file. */
  async end(): Promise<void> {
    if (this.#at < this.#chunk.length) throw fault(this.#position, "bytes follow its end");
    for (
      let next = await this.#source.next();
      next.done !== true;
      next = await this.#source.next()
    ) {
      if (next.value.length > 0) throw fault(this.#position, "bytes follow its end");
    }
  }

  async #checkCrc(bytes: Uint8Array): Promise<void> {
    const at = this.#position;
    const crc = await this.#take(crcBytes);
    const stored = new DataView(crc.buffer, crc.byteOffset, crcBytes).getUint32(0, true);
    if (crc32c(bytes, 0, bytes.length) === stored) return;
    throw fault(at - bytes.length, `${bytes.length} bytes do not match their checksum`);
  }

  /** Exactly `count` bytes of their own. */
  async #take(count: number): Promise<Uint8Array> {
    const taken = new Uint8Array(count);
    for (let done = 0; done < count;) {
      if (this.#at === this.#chunk.length) {
        const next = await this.#source.next();
        if (next.done === true) throw fault(this.#position, "it ends too early");
        this.#chunk = next.value;
        this.#at = 0;
      }
      const part = this.#chunk.subarray(this.#at, this.#at + count - done);
      taken.set(part, done);
      done += part.length;
      this.#at += part.length;
      this.#position += part.length;
    }
    return taken;
  }
}

function fault(position: number, rule: string): LightconeError {
  return new LightconeError("LC_REQUEST_INVALID", `the backup at byte ${position}: ${rule}`);
}

function parseManifest(bytes: Uint8Array): Manifest {
  try {
    const json = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    const member = (key: string): JsonValue => (isJsonObject(json) ? json[key] : null) ?? null;
    const files = readList(member("files")).map(parseFile);
    const names = files.map(({ name }) => name);
    if (files.length === 0 || names.some((name, i) => i > 0 && name <= (names[i - 1] ?? ""))) {
      throw fault(headBytes, "its files are not in order");
    }
    return {
      database: Identity.fromHex(readText(member("database"))),
      owner: Identity.fromHex(readText(member("owner"))),
      names: readList(member("names")).map(readText),
      lastOffset: readCount(member("last_offset")),
      createdMicros: BigInt(readText(member("created_micros"))),
      files,
    };
  } catch (thrown) {
    if (thrown instanceof LightconeError && thrown.code === "LC_REQUEST_INVALID") throw thrown;
    throw fault(headBytes, `its manifest cannot be read: ${messageOf(thrown)}`);
  }
}

function parseFile(json: JsonValue): ArchiveFile {
  const name = isJsonObject(json) ? readText(json["name"] ?? null) : "";
  if (!fileName.test(name)) throw fault(headBytes, `it has a file ${JSON.stringify(name)}`);
  return { name, bytes: readCount((isJsonObject(json) ? json["bytes"] : null) ?? null) };
}

function readList(json: JsonValue): readonly JsonValue[] {
  if (isJsonArray(json)) return json;
  throw fault(headBytes, "its manifest lacks a list");
}

function readText(json: JsonValue): string {
  if (typeof json === "string") return json;
  throw fault(headBytes, "its manifest lacks a text");
}

function readCount(json: JsonValue): number {
  if (typeof json === "number" && Number.isSafeInteger(json) && json >= 0) return json;
  throw fault(headBytes, "its manifest lacks a number");
}
