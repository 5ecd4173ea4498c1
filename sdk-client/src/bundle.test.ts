// What a browser has to load.
import { test } from "tap";
import { type AppName, type Bundle, bundleApp, gzipLengthMax } from "../test/bundle.ts";

function has({ bytesByFile }: Bundle, ending: string): boolean {
  return [...bytesByFile.keys()].some((path) => path.endsWith(ending));
}

/** What code a program carries along, by what it uses. */
const expected: Readonly<Record<AppName, Readonly<Record<string, boolean>>>> = {
  "all features": { "/query.js": true, "/row-index.js": true, "/order.js": true },
  "plain bindings": { "/query.js": false, "/row-index.js": true, "/order.js": true },
  "no indexes": { "/query.js": false, "/row-index.js": false, "/order.js": false },
};

for (const [name, files] of Object.entries(expected)) {
  void test(`the bundle of a program with ${name} is small and free of Node`, async (t) => {
    const bundle = await bundleApp(name as AppName);
    t.ok(has(bundle, "/transport-browser.js"));
    t.notOk(has(bundle, "/transport-node.js"));
    t.notOk([...bundle.bytesByFile.keys()].some((path) => /\/ws\/|\/codegen\//.test(path)));
    for (const [file, isThere] of Object.entries(files)) t.equal(has(bundle, file), isThere, file);
    t.same(bundle.warnings, []);
    t.comment(`${bundle.length} bytes, ${bundle.gzipLength} as gzip`);
    t.ok(bundle.gzipLength > 5_000, "it is a whole client");
    t.ok(bundle.gzipLength <= gzipLengthMax, `${bundle.gzipLength} bytes as gzip`);
  });
}
