import { test } from "tap";
import { compressionTags, type Compression, type Subprotocol } from "@lightcone/abi";
import { frameStyle, isPacked, pack, plainStyle, textTag } from "./frame-style.ts";

function style(protocol: Subprotocol, compression: Compression): ReturnType<typeof frameStyle> {
  return frameStyle({ protocol, compression, light: false });
}

void test("[protocol.md 2.2] frames by subprotocol", async (t) => {
  t.equal(style("v2.bsatn.spacetimedb", "None"), plainStyle, "the one that costs least");
  t.equal(style("v1.bsatn.spacetimedb", "None"), plainStyle);
  t.match(style("v1.json.spacetimedb", "Gzip"), { tag: textTag, compression: "None" });
  t.match(style("v3.bsatn.spacetimedb", "None"), { batchBytesMax: 512 * 1024 });
  t.match(style("v3.bsatn.spacetimedb", "Gzip"), { batchBytesMax: 1024 });
  t.match(style("v2.bsatn.spacetimedb", "Brotli"), { batchBytesMax: 0, tag: compressionTags.None });
});

void test("[protocol.md 2.2] what is compressed, by its length", async (t) => {
  const gzip = style("v2.bsatn.spacetimedb", "Gzip");
  const cases: readonly (readonly [number, boolean])[] = [
    [0, false],
    [1024, false],
    [1025, true],
    [1024 * 1024, true],
    [1024 * 1024 + 1, false],
  ];
  for (const [length, expected] of cases) {
    t.equal(isPacked(gzip, length), expected, `${length} bytes`);
    t.equal(isPacked(plainStyle, length), false);
  }
  const bytes = new Uint8Array(2000);
  t.same([...pack("Gzip", bytes).subarray(0, 2)], [0x1f, 0x8b]);
  t.ok(pack("Brotli", bytes).length < 100);
});
