// A module in AssemblyScript without the SDK, for tests of what the command does with any: its exports and imports are written out, and
// in the SDK's place stands the compiler itself.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The definition of a module with three reducers and nothing else (module-def.md section 5.3, version 9). */
function definitionBytes(): number[] {
  const empty = [0, 0, 0, 0];
  const none = 1;
  const reducers = ["fail", "divide", "spin"].flatMap((name) => [
    name.length,
    0,
    0,
    0,
    ...Buffer.from(name),
    ...empty,
    none,
  ]);
  return [1, ...empty, ...empty, 3, 0, 0, 0, ...reducers, ...empty, ...empty, ...empty];
}

const index = `import { pick, divide, spin } from "./deep";

@external("spacetime_10.0", "bytes_sink_write")
declare function bytesSinkWrite(sink: u32, data: usize, length: usize): u32;

const definition: StaticArray<u8> = [${definitionBytes().join(", ")}];

export function __describe_module__(sink: u32): void {
  const length = memory.data(4);
  store<u32>(length, definition.length);
  bytesSinkWrite(sink, changetype<usize>(definition), length);
}

export function __call_reducer__(
  id: u32, s0: u64, s1: u64, s2: u64, s3: u64, c0: u64, c1: u64, at: i64, args: u32, sink: u32,
): i32 {
  if (id == 0) return pick(7);
  if (id == 1) return divide(5, 0);
  return spin();
}
`;

const deep = `let total: i32 = 0;

export function pick(start: i32): i32 {
  for (let i = start; i > 0; i--) {
    total += i;
    if (total > 20) total += inner(i);
  }
  return total;
}

function inner(i: i32): i32 {
  if (i < 100) {
    total++;
    unreachable();
  }
  return i;
}

export function divide(a: i32, b: i32): i32 {
  return (
    a /
    b
  );
}

export function spin(): i32 {
  while (total >= 0) total ^= 1;
  return 0;
}
`;

/** What the SDK's own `compileModule` does, less its transform, and without optimising: that would put functions into their callers. */
const compiler = `import { stripVTControlCharacters } from "node:util";
import asc from "assemblyscript/asc";
export async function compileModule({ entry, folder }) {
  const made = new Map();
  const flags = ["--runtime", "stub", "--sourceMap", "--debug"];
  const { error, stderr } = await asc.main(
    [entry, "--outFile", "m.wasm", "--baseDir", folder, ...flags],
    { writeFile: (name, contents) => void made.set(name, contents) },
  );
  const text = stripVTControlCharacters(stderr.toString());
  return {
    wasm: error === null ? made.get("m.wasm") : undefined,
    sourceMap: made.get("m.wasm.map"),
    errors: error === null ? [] : [text],
    warnings: [],
  };
}
`;

export interface AsProject {
  /** The folder's files by path, in place of the usual ones. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Writes such a module. */
export function writeAsProject(folder: string, { files = {} }: AsProject = {}): void {
  const sdk = "node_modules/@lightcone/sdk-module-as";
  const all = {
    "assembly/index.ts": index,
    "assembly/deep.ts": deep,
    "package.json": "{}",
    [`${sdk}/package.json`]: `{"name":"@lightcone/sdk-module-as","type":"module","exports":"./index.js"}`,
    [`${sdk}/index.js`]: compiler,
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
