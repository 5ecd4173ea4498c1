// What a browser has to load for programs of some kinds, as a bundler makes it.
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** Most bytes of a program's whole bundle, as gzip. */
export const gzipLengthMax = 25_000;

export type AppName = "all features" | "plain bindings" | "no indexes";

const start = `
  const connection = DbConnection.builder().withUri("http://h").withDatabaseName("chat").build();
  connection.db.message.onInsert((row) => console.log(row));
`;

/** Programs as users write them; they stand in the folder of the compiled tests. */
export const apps: Readonly<Record<AppName, string>> = {
  "all features": `
    import { sender, Timestamp } from "@lightcone/sdk-client";
    import { DbConnection, tables } from "./golden/index.js";
    ${start.replace(".build()", '.withOfflineQueue({ max: 9 }).withCompression("gzip").build()')}
    connection.subscribe(tables.message.where((row) => row.id.ge(1n)));
    console.log(connection.db.message.index.byRoomId.filter(1), sender, new Timestamp(0n));
    connection.procedures.countMessages();
    connection.reducers.clearAll();
  `,
  "plain bindings": `
    import { DbConnection } from "./golden/index.js";
    ${start}
    connection.subscribe("SELECT * FROM message");
  `,
  "no indexes": `
    import { connectionBuilder } from "@lightcone/sdk-client";
    connectionBuilder({ types: [], tables: {}, reducers: {} }).withUri("http://h").build();
  `,
};

export interface Bundle {
  readonly length: number;
  readonly gzipLength: number;
  /** Bytes that each file has in it; files without any are left out. */
  readonly bytesByFile: ReadonlyMap<string, number>;
  readonly warnings: readonly unknown[];
}

export async function bundleApp(name: AppName): Promise<Bundle> {
  const result = await build({
    stdin: { contents: apps[name], resolveDir: fileURLToPath(new URL(".", import.meta.url)) },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    outfile: "app.js",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const contents = result.outputFiles[0]?.contents ?? new Uint8Array(0);
  const inputs = Object.values(result.metafile.outputs)[0]?.inputs ?? {};
  const bytesByFile = Object.entries(inputs)
    .map(([path, { bytesInOutput }]) => [path, bytesInOutput] as const)
    .filter(([, bytes]) => bytes > 0);
  return {
    length: contents.length,
    gzipLength: gzipSync(contents).length,
    bytesByFile: new Map(bytesByFile),
    warnings: result.warnings,
  };
}
