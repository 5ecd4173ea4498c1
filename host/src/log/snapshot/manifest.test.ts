import { LightconeError } from "@lightcone/abi";
import fc from "fast-check";
import { test } from "tap";
import { digest } from "../../base/digest.ts";
import { decodeManifest, type Manifest, ManifestWriter, type StoredObject } from "./manifest.ts";

/** A manifest with its blocks as an array. */
interface Plain {
  readonly identity: Uint8Array;
  readonly offset: number;
  readonly epoch: number;
  readonly tables: readonly {
    readonly tableId: number;
    readonly header: Uint8Array;
    readonly blocks: readonly StoredObject[];
  }[];
  readonly packs: readonly { readonly number: number; readonly bytes: number }[];
}

function encode(plain: Plain): Uint8Array {
  const writer = new ManifestWriter(plain, plain.tables.length);
  for (const { tableId, header, blocks } of plain.tables) {
    writer.table(tableId, header, blocks.length);
    for (const block of blocks) writer.block(block);
  }
  return writer.finish(plain.packs);
}

function plainOf(manifest: Manifest): Plain {
  const tables = manifest.tables.map(({ blocks, ...table }) => ({
    ...table,
    blocks: Array.from({ length: blocks.length }, (_, i) => blocks.at(i)),
  }));
  return { ...manifest, tables };
}

const u32 = fc.nat(2 ** 32 - 1);
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const block = fc.record({ pack: u32, position: fc.maxSafeNat(), length: u32, hash: bytes32 });
const plain: fc.Arbitrary<Plain> = fc.record({
  identity: bytes32,
  offset: fc.maxSafeNat(),
  epoch: fc.maxSafeNat(),
  tables: fc.array(fc.record({ tableId: u32, header: fc.uint8Array(), blocks: fc.array(block) }), {
    maxLength: 4,
  }),
  packs: fc.array(fc.record({ number: u32, bytes: fc.maxSafeNat() })),
});

void test("[SNAP2] a manifest comes back as it was", (t) => {
  fc.assert(
    fc.property(plain, (given) => {
      t.same(plainOf(decodeManifest(encode(given), "m")), given);
    }),
  );
  t.end();
});

const small: Plain = {
  identity: new Uint8Array(32).fill(1),
  offset: 9,
  epoch: 2,
  tables: [
    {
      tableId: 4096,
      header: new Uint8Array([5, 6]),
      blocks: [{ pack: 1, position: 0, length: 3, hash: digest(new Uint8Array(3)) }],
    },
  ],
  packs: [{ number: 1, bytes: 3 }],
};

function isRefused(bytes: Uint8Array): boolean {
  try {
    decodeManifest(bytes, "m");
    return false;
  } catch (thrown) {
    return thrown instanceof LightconeError && thrown.code === "LC_SNAPSHOT";
  }
}

void test("[SNAP2] no flipped bit, cut or addition goes unnoticed", (t) => {
  const bytes = encode(small);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
    if (!isRefused(flipped)) t.fail(`bit ${bit}`);
  }
  for (let length = 0; length < bytes.length; length++) {
    if (!isRefused(bytes.subarray(0, length))) t.fail(`cut to ${length}`);
  }
  t.ok(isRefused(Uint8Array.from([...bytes, 0])));
  t.notOk(isRefused(bytes));
  t.end();
});

/** The small manifest with other bytes from `at` on, and a checksum that fits them. */
function forged(at: number, bytes: readonly number[]): Uint8Array {
  const body = encode(small).slice(0, -32);
  body.set(bytes, at);
  return Uint8Array.from([...body, ...digest(body)]);
}

void test("[SNAP2] a refusal says what is wrong", (t) => {
  const cases: readonly (readonly [bytes: Uint8Array, message: RegExp])[] = [
    [new Uint8Array(5), /^m: it does not begin as a snapshot$/],
    [forged(0, [0]), /does not begin as a snapshot/],
    [forged(8, [2]), /unknown format version 2/],
    [encode(small).fill(0, -1), /checksum is wrong/],
    [forged(60, [2]), /^m: it is not a whole manifest: /],
    [forged(66, [0, 0, 0, 0]), /it is not|are not/],
  ];
  for (const [bytes, message] of cases) {
    t.throws(() => decodeManifest(bytes, "m"), { code: "LC_SNAPSHOT", message });
  }
  t.end();
});
