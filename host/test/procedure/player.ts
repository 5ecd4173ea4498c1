// A guest whose procedures and HTTP handler play whatever calls of imports a test asks for, wait in the middle of them, and hand
// back their memory.
//
//   script   byte count u32 | image length u32 | image | result code u32 | step count u32 | steps
//   step     import u32, 0 u32 | nine parameters of 8 bytes      after the run the first 8 bytes hold the result
import { type AlgebraicType, assert, moduleImports, Writer } from "@lightcone/abi";
import { assembleGuest } from "../module/guest.ts";
import { encodeProcedureModule, type ProcedureModule } from "./definition.ts";

const scriptAt = 0x1_0000;
const imageAt = scriptAt + 8;
const scriptBytesMax = 0x2_0000;
const stepBytes = 80;
const responseAt = 512;

/** A step that traps by itself. */
const unreachableStep = 1000;

const bytesType: AlgebraicType = { kind: "array", element: { kind: "u8" } };

function stepCase(position: number): string {
  const { name, params, result } = moduleImports[position] as (typeof moduleImports)[number];
  const args = params.map((type, i) => {
    const offset = 8 * (i + 1);
    return type === "i64"
      ? `(i64.load offset=${offset} (local.get $at))`
      : `(i32.load offset=${offset} (local.get $at))`;
  });
  const call = `(call $${name} ${args.join(" ")})`;
  const value = result === "i64" ? call : `(i64.extend_i32_s ${call})`;
  const body = result === undefined ? `${call} (return (i64.const 0))` : `(return ${value})`;
  return `(if (i32.eq (i32.load (local.get $at)) (i32.const ${position})) (then ${body}))`;
}

/** Reads a source whole, plays it, leaves the result code. */
const player = `
  (func $step (param $at i32) (result i64)
    ${moduleImports.map((_, position) => stepCase(position)).join("\n")}
    unreachable)
  (func $play (param $source i32) (result i32)
    (local $at i32) (local $code i32) (local $count i32)
    (local.set $at (i32.const ${scriptAt}))
    (block $read (loop $next
      (i32.store (i32.const 16) (i32.const ${scriptBytesMax}))
      (br_if $read (i32.ne (i32.const 0)
        (call $bytes_source_read (local.get $source) (local.get $at) (i32.const 16))))
      (local.set $at (i32.add (local.get $at) (i32.load (i32.const 16))))
      (br $next)))
    (local.set $at (i32.add (i32.const ${imageAt}) (i32.load offset=4 (i32.const ${scriptAt}))))
    (local.set $code (i32.load (local.get $at)))
    (local.set $count (i32.load offset=4 (local.get $at)))
    (local.set $at (i32.add (local.get $at) (i32.const 8)))
    (block $done (loop $next
      (br_if $done (i32.eqz (local.get $count)))
      (i64.store (local.get $at) (call $step (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const ${stepBytes})))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $next)))
    (local.get $code))
  (func $tell (param $sink i32)
    (i32.store (i32.const 16) (i32.add (i32.const 4) (i32.load (i32.const ${scriptAt}))))
    (drop (call $bytes_sink_write (local.get $sink) (i32.const ${scriptAt}) (i32.const 16))))`;

/** Procedures: 0 and 1 play, 2 returns 1 byte of 4, 3 tells its caller and timestamp, 4 leaves its stack. */
const procedure = `
  (func (export "__call_procedure__")
    (param $id i32) (param $s0 i64) (param $s1 i64) (param $s2 i64) (param $s3 i64)
    (param $c0 i64) (param $c1 i64) (param $ts i64) (param $args i32) (param $sink i32) (result i32)
    (local $code i32)
    (if (i32.eq (local.get $id) (i32.const 2)) (then
      (i32.store (i32.const 16) (i32.const 1))
      (drop (call $bytes_sink_write (local.get $sink) (i32.const 32) (i32.const 16)))
      (return (i32.const 0))))
    (if (i32.eq (local.get $id) (i32.const 3)) (then
      (i64.store (i32.const 32) (local.get $s0)) (i64.store (i32.const 40) (local.get $s1))
      (i64.store (i32.const 48) (local.get $s2)) (i64.store (i32.const 56) (local.get $s3))
      (i64.store (i32.const 64) (local.get $c0)) (i64.store (i32.const 72) (local.get $c1))
      (i64.store (i32.const 80) (local.get $ts))
      (i32.store (i32.const 28) (i32.const 7))
      (i32.store (i32.const 16) (i32.const 60))
      (drop (call $bytes_sink_write (local.get $sink) (i32.const 28) (i32.const 16)))
      (return (i32.const 0))))
    (if (i32.eq (local.get $id) (i32.const 4)) (then (call $deep (i32.const 100000))))
    (local.set $code (call $play (local.get $args)))
    (call $tell (local.get $sink))
    (local.get $code))
  (func $deep (param $n i32)
    (if (local.get $n) (then (call $deep (i32.sub (local.get $n) (i32.const 1))))
      (else (drop (call $procedure_sleep_until (i64.const 0x7fffffffffffffff))))))`;

/** Handler 0 echoes the body with status 201 and a header; 1 plays its body; 2 traps; 3 answers nothing. */
const handler = `
  (data (i32.const ${responseAt}) "\\01\\00\\00\\00\\03\\00\\00\\00x-a\\01\\00\\00\\00b\\02\\c9\\00")
  (func (export "__call_http_handler__")
    (param $id i32) (param $ts i64) (param $request i32) (param $body i32) (param $sink i32)
    (param $bodySink i32) (result i32)
    (if (i32.eq (local.get $id) (i32.const 3)) (then (return (i32.const 0))))
    (if (i32.eq (local.get $id) (i32.const 2)) (then unreachable))
    (i32.store (i32.const 16) (i32.const 19))
    (drop (call $bytes_sink_write (local.get $sink) (i32.const ${responseAt}) (i32.const 16)))
    (if (i32.eq (local.get $id) (i32.const 1)) (then
      (drop (call $play (local.get $body)))
      (call $tell (local.get $bodySink))
      (return (i32.const 0))))
    (i32.store (i32.const 16) (i32.const ${scriptBytesMax}))
    (drop (call $bytes_source_read (local.get $request) (i32.const ${scriptAt}) (i32.const 16)))
    (drop (call $bytes_sink_write
      (local.get $bodySink) (i32.const ${scriptAt}) (i32.const 16)))
    (if (local.get $body) (then
      (i32.store (i32.const 16) (i32.const ${scriptBytesMax}))
      (drop (call $bytes_source_read (local.get $body) (i32.const ${scriptAt}) (i32.const 16)))
      (drop (call $bytes_sink_write
        (local.get $bodySink) (i32.const ${scriptAt}) (i32.const 16)))))
    (i32.const 0))`;

/** Reducer 0 stores its arguments as a row of the first table. */
const reducer = `
  (i32.store (i32.const 16) (i32.const 64))
  (drop (call $bytes_source_read (local.get $args) (i32.const 32) (i32.const 16)))
  (drop (call $table_id_from_name (i32.const 600) (i32.const 4) (i32.const 20)))
  (call $datastore_insert_bsatn (i32.load (i32.const 20)) (i32.const 32) (i32.const 16))`;

const u32: AlgebraicType = { kind: "u32" };

/** What a player declares; more tables may be added. */
export const playerModule: ProcedureModule = {
  tables: { item: { id: u32 } },
  reducers: [{ name: "add", params: { id: u32 } }],
  procedures: [
    { name: "play", params: { script: bytesType }, returns: bytesType },
    { name: "secret", params: { script: bytesType }, returns: bytesType, isPrivate: true },
    { name: "wrong", returns: u32 },
    { name: "whoami", returns: { kind: "array", element: { kind: "u64" } } },
    { name: "deep" },
  ],
  handlers: ["echo", "play_body", "boom", "silent"],
  routes: [
    ["echo", "Get", ""],
    ["echo", undefined, "/"],
    ["echo", "Post", "/a/b"],
    ["echo", "Options", "/options"],
    ["play_body", "Post", "/play"],
    ["boom", "Get", "/boom"],
    ["silent", "Get", "/silent"],
  ],
};

export interface PlayerOptions {
  readonly module?: ProcedureModule;
  /** Imports that the guest leaves out: one that cannot wait has no need of a variant. */
  readonly canWait?: boolean;
  /** Anything else at the top level: makes another program. */
  readonly more?: string;
}

const waiting = ["procedure_sleep_until", "procedure_http_request"];

export function assemblePlayer(options: PlayerOptions = {}): Promise<Uint8Array> {
  const { module = playerModule, canWait = true, more = "" } = options;
  const stubs = `
    (func $procedure_sleep_until (param i64) (result i64) unreachable)
    (func $procedure_http_request (param i32 i32 i32 i32 i32) (result i32) unreachable)`;
  const names = moduleImports.map(({ name }) => name).filter((name) => !waiting.includes(name));
  const declared = moduleImports
    .filter(({ name }) => canWait || names.includes(name))
    .map(({ module: from, name, params, result }) => {
      const types = params.length === 0 ? "" : ` (param ${params.join(" ")})`;
      const answer = result === undefined ? "" : ` (result ${result})`;
      return `(import "${from}" "${name}" (func $${name}${types}${answer}))`;
    });
  return assembleGuest({
    imports: declared.join("\n"),
    definitionBytes: encodeProcedureModule(module),
    reducer,
    more: `(data (i32.const 600) "item") ${player} ${procedure} ${handler} ${canWait ? "" : stubs} ${more}`,
  });
}

type Word = number | bigint;

/** A script under construction: bytes in the guest's memory, then calls. */
export class PlayerScript {
  readonly #image = new Writer();
  readonly #steps: (readonly Word[])[] = [];

  /** Puts bytes into the guest's memory; returns their address. */
  place(bytes: Uint8Array): number {
    const address = imageAt + this.#image.length;
    this.#image.raw(bytes);
    return address;
  }

  word(value = 0): number {
    return this.place(new Uint8Array(Uint32Array.of(value).buffer));
  }

  /** Adds a call of an import. */
  call(name: string, ...args: readonly Word[]): this {
    const position = moduleImports.findIndex((one) => one.name === name);
    assert(position >= 0, `no import is named ${name}`);
    this.#steps.push([position, ...args]);
    return this;
  }

  /** Adds an insert of a row of one u32. */
  insert(tableId: number, id: number): this {
    const row = this.word(id);
    return this.call("datastore_insert_bsatn", tableId, row, this.word(4));
  }

  trap(): this {
    this.#steps.push([unreachableStep]);
    return this;
  }

  /** The script as the one argument of `play`. */
  encode(code = 0): Uint8Array {
    const body = new Writer();
    body.u32(this.#image.length);
    body.raw(this.#image.written());
    body.u32(code);
    body.u32(this.#steps.length);
    for (const step of this.#steps) {
      for (let i = 0; i < 10; i++) body.u64(BigInt.asUintN(64, BigInt(step[i] ?? 0)));
    }
    const writer = new Writer();
    writer.bytes(body.finish());
    return writer.finish();
  }

  /** What the calls returned, from what `play` returned. */
  results(value: Uint8Array): bigint[] {
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    const stepsAt = 8 + this.#image.length + 8;
    return this.#steps.map((_, i) => view.getBigInt64(stepsAt + i * stepBytes, true));
  }

  /** Bytes of the memory after the run. */
  bytes(value: Uint8Array, address: number, length: number): Uint8Array {
    return Uint8Array.from(value.subarray(address - scriptAt, address - scriptAt + length));
  }
}
