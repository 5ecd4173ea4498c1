// The host's functions with answers that are always the same: enough to call a module millions of times
// and look at its memory.
import { moduleImports } from "@lightcone/abi";

type Answer = (view: DataView, args: readonly number[]) => number | bigint;

const row = new TextEncoder().encode("\x2a\0\0\0\0\0\0\0\x05\0\0\0hello");

function put(view: DataView, at: number, bytes: Uint8Array): void {
  new Uint8Array(view.buffer, at, bytes.length).set(bytes);
}

// The number of an iterator tells how many chunks it has left.
let chunksLeft = 0;

function scan(chunks: number, out: number): Answer {
  return (view, args) => {
    chunksLeft = chunks;
    view.setUint32(args[out] ?? 0, 7, true);
    return 0;
  };
}

const answers: Readonly<Record<string, Answer>> = {
  table_id_from_name: (view, [, , out = 0]) => (view.setUint32(out, 4096, true), 0),
  index_id_from_name: (view, [, , out = 0]) => (view.setUint32(out, 4096, true), 0),
  datastore_table_scan_bsatn: scan(3, 1),
  datastore_index_scan_point_bsatn: scan(1, 3),
  row_iter_bsatn_advance: (view, [, buffer = 0, length = 0]) => {
    put(view, buffer, row);
    view.setUint32(length, row.length, true);
    return --chunksLeft > 0 ? 0 : -1;
  },
  row_iter_bsatn_close: () => 0,
  datastore_insert_bsatn: (view, [, at = 0, length = 0]) => {
    view.setBigUint64(at, 99n, true);
    view.setUint32(length, 8, true);
    return 0;
  },
  datastore_update_bsatn: (view, [, , , length = 0]) => (view.setUint32(length, 0, true), 0),
  bytes_source_read: (view, [, buffer = 0, length = 0]) => {
    put(view, buffer, row.subarray(8));
    view.setUint32(length, row.length - 8, true);
    return -1;
  },
  bytes_sink_write: () => 0,
  console_log: () => 0,
};

/** A module of which one reducer is called again and again. */
export interface StubbedModule {
  /** Calls reducer 0 with the argument "hello"; throws if it fails. */
  readonly call: (count: number) => void;
  /** Bytes of its memory. */
  readonly memoryBytes: () => number;
}

export function stubbedModule(wasm: Uint8Array<ArrayBuffer>): StubbedModule {
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  let view = new DataView(new ArrayBuffer(0));
  for (const { module, name, result } of moduleImports) {
    const answer = answers[name];
    const given = (...args: readonly number[]): number | bigint | undefined => {
      if (answer === undefined) throw new Error(`nobody answers ${name}`);
      // Memory that has grown is another buffer.
      if (view.buffer !== memory.buffer) view = new DataView(memory.buffer);
      return result === undefined ? undefined : answer(view, args);
    };
    (imports[module] ??= {})[name] = given;
  }
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), imports);
  const memory = exports["memory"] as WebAssembly.Memory;
  const reducer = exports["__call_reducer__"] as (...args: readonly (number | bigint)[]) => number;
  return {
    call: (count) => {
      for (let i = 0; i < count; i++) {
        const code = reducer(0, 1n, 2n, 3n, 4n, 5n, 6n, BigInt(i), 1, 1);
        if (code !== 0) throw new Error(`call ${i} ended with ${code}`);
      }
    },
    memoryBytes: () => memory.buffer.byteLength,
  };
}
