// An archive comes back as it was made, however it is cut up on the way, and no other does.
import { identityFromClaims, LightconeError } from "@lightcone/abi";
import fc from "fast-check";
import { test } from "tap";
import { crc32c } from "../../log/crc32c.ts";
import { archivedBytes, ArchiveReader, encodeHead, type Manifest } from "./archive.ts";
import { newPiece, pieceBytes, sealPiece } from "./archive.ts";

const name = (n: number): string => `clog/${String(n).padStart(20, "0")}.stdb.log`;

function manifestOf(sizes: readonly number[]): Manifest {
  return {
    database: identityFromClaims("localhost", "database"),
    owner: identityFromClaims("localhost", "owner"),
    names: ["chat", "chat-2"],
    lastOffset: 41,
    createdMicros: 1_795_248_115_833_886n,
    files: sizes.map((bytes, i) => ({ name: name(i), bytes })),
  };
}

/** The archive of files of these sizes, filled with their numbers. */
function archive(sizes: readonly number[]): Uint8Array {
  const parts: Uint8Array[] = [encodeHead(manifestOf(sizes))];
  for (const [i, size] of sizes.entries()) {
    for (let rest = size; rest > 0; rest -= pieceBytes) {
      const piece = newPiece(Math.min(rest, pieceBytes)).fill(i + 1);
      sealPiece(piece);
      parts.push(piece);
    }
  }
  return new Uint8Array(Buffer.concat(parts));
}

async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** What is read: the manifest and the files' sizes; or why it is refused. */
async function read(bytes: Uint8Array, chunkBytes = 1000): Promise<[Manifest, number[]] | string> {
  try {
    const reader = new ArchiveReader(chunks(bytes, chunkBytes));
    const manifest = await reader.manifest();
    const sizes: number[] = [];
    for (const [i, file] of manifest.files.entries()) {
      let size = 0;
      for await (const piece of reader.file(file)) {
        if (!piece.every((byte) => byte === i + 1)) return "other bytes";
        size += piece.length;
      }
      sizes.push(size);
    }
    await reader.end();
    return [manifest, sizes];
  } catch (thrown) {
    if (!(thrown instanceof LightconeError) || thrown.code !== "LC_REQUEST_INVALID") throw thrown;
    return thrown.message;
  }
}

void test("an archive comes back, whatever pieces it arrives in", async (t) => {
  const sizes = fc.array(fc.nat({ max: 2 * pieceBytes + 5 }), { minLength: 1, maxLength: 3 });
  const chunkBytes = fc.integer({ min: 500, max: pieceBytes * 2 });
  await fc.assert(
    fc.asyncProperty(sizes, chunkBytes, async (files, size) => {
      const bytes = archive(files);
      const manifest = manifestOf(files);
      const head = encodeHead(manifest).length;
      const told = manifest.files.reduce((sum, file) => sum + archivedBytes(file), head);
      t.equal(bytes.length, told, "its length is known beforehand");
      t.same(await read(bytes, size), [manifest, files]);
    }),
    { numRuns: 20 },
  );
});

void test("every damaged byte, every cut and everything added is refused", async (t) => {
  const bytes = archive([50, 0, 7]);
  const accepted: string[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const damaged = bytes.slice();
    damaged[at] = (damaged[at] as number) ^ 0x20;
    if (typeof (await read(damaged)) !== "string") accepted.push(`byte ${at}`);
    if (typeof (await read(bytes.subarray(0, at))) !== "string") accepted.push(`cut at ${at}`);
  }
  t.same(accepted, []);
  t.match(await read(Buffer.concat([bytes, bytes])), /bytes follow its end/);
  t.match(await read(bytes.subarray(0, bytes.length - 1)), /at byte \d+: it ends too early/);
  t.match(await read(new Uint8Array(100)), /at byte 0: it is no backup of a database/);
});

/** An archive with any text as its manifest. */
function withManifest(json: string): Uint8Array {
  const text = new TextEncoder().encode(json);
  const bytes = new Uint8Array(16 + text.length + 4);
  bytes.set(encodeHead(manifestOf([1])).subarray(0, 16));
  bytes.set(text, 16);
  const view = new DataView(bytes.buffer);
  view.setUint32(12, text.length, true);
  view.setUint32(16 + text.length, crc32c(bytes, 0, 16 + text.length), true);
  return bytes;
}

void test("a manifest names nothing but segments of the log", async (t) => {
  const good = new TextDecoder().decode(encodeHead(manifestOf([1])).slice(16, -4));
  const swaps: [string, RegExp][] = [
    [good.replace(name(0), "../../keys/id_ecdsa"), /it has a file ".*keys/],
    [good.replace("clog/", "clog/../"), /it has a file/],
    [good.replace(`"bytes":1`, `"bytes":-1`), /lacks a number/],
    [good.replace(/"files":.*/, `"files":[]}`), /not in order/],
    [good.replace(/\[(\{"name".*\})\]/, "[$1,$1]"), /not in order/],
    [good.replace(/"database":"c2/, `"database":"zz`), /manifest cannot be read/],
    ["[1,2", /manifest cannot be read/],
    ["null", /lacks a list/],
  ];
  for (const [json, refusal] of swaps) t.match(await read(withManifest(json)), refusal, json);
  const version = archive([1]).slice();
  version[8] = 2;
  t.match(await read(version), /format version 2 is unknown/);
});
