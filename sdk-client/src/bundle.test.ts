// What a browser has to load.
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { test } from "tap";

const gzipLengthMax = 20_000;

void test("the bundle for browsers is small and free of Node", async (t) => {
  const result = await build({
    entryPoints: [fileURLToPath(new URL("index.js", import.meta.url))],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const inputs = Object.keys(result.metafile.inputs);
  t.ok(inputs.some((path) => path.endsWith("/transport-browser.js")));
  t.notOk(inputs.some((path) => path.endsWith("/transport-node.js") || path.includes("/ws/")));
  t.notOk(inputs.some((path) => path.includes("/codegen/")));
  t.same(result.warnings, []);
  const [output] = result.outputFiles;
  const gzipLength = gzipSync(output?.contents ?? "").length;
  t.comment(`${output?.contents.length} bytes, ${gzipLength} as gzip`);
  t.ok(gzipLength > 5_000 && gzipLength < gzipLengthMax, `${gzipLength} bytes as gzip`);
});
