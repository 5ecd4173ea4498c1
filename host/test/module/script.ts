// A guest that makes whatever calls a test asks for: its reducer `run` is an interpreter of import calls, so that each
// import can be met with every value, and what it wrote into the guest's memory be looked at.
//
//   arguments   byte count u32 | image length u32 | image | return code u32 | step count u32 | steps
//   step        import u32 | nine parameters u32        after the run the first word holds the result
import { assert, moduleImports, type ServerMessage, Writer } from "@lightcone/abi";
import { TestClient, TestHost, owner } from "../../src/session/test-client.ts";
import type { TestDefinition } from "./definition.ts";
import { assembleGuest } from "./guest.ts";

/** Where the arguments, and with them the image, lie in the guest's memory. */
export const argumentsAt = 0x1_0000;
export const argumentsMax = 0x8_0000;
const imageAt = argumentsAt + 8;
const hexAt = 0xa_0000;
const stepBytes = 40;
/** The memory is told in lines of so many bytes, below what a line of the log may have. */
const linesBytes = 16_384;

/** Bytes of the guest's memory, all of which a guest may name. */
export const memoryBytes: number = 32 * 65_536;

function stepCase(position: number): string {
  const { name, params, result } = moduleImports[position] as (typeof moduleImports)[number];
  const args = params.map((type, i) => {
    const load = `(i32.load offset=${4 * (i + 1)} (local.get $at))`;
    return type === "i64" ? `(i64.extend_i32_u ${load})` : load;
  });
  const call = `(call $${name} ${args.join(" ")})`;
  const value = result === "i64" ? `(i32.wrap_i64 ${call})` : call;
  return `(if (i32.eq (i32.load (local.get $at)) (i32.const ${position})) (then
    ${result === undefined ? `${call} (return (i32.const 0))` : `(return ${value})`}))`;
}

/** Functions of a guest that runs scripts. */
export const interpreter: string = `
  (func $step (param $at i32) (result i32)
    ${moduleImports.map((_, position) => stepCase(position)).join("\n")}
    unreachable)
  (func $digit (param $n i32) (result i32)
    (i32.add (local.get $n)
      (select (i32.const 87) (i32.const 48) (i32.gt_u (local.get $n) (i32.const 9)))))
  (func $logHex (param $from i32) (param $length i32)
    (local $i i32) (local $byte i32) (local $to i32)
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $length)))
      (local.set $byte (i32.load8_u (i32.add (local.get $from) (local.get $i))))
      (local.set $to (i32.add (i32.const ${hexAt}) (i32.shl (local.get $i) (i32.const 1))))
      (i32.store8 (local.get $to)
        (call $digit (i32.shr_u (local.get $byte) (i32.const 4))))
      (i32.store8 offset=1 (local.get $to)
        (call $digit (i32.and (local.get $byte) (i32.const 15))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
    (call $console_log (i32.const 4) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const -1) (i32.const ${hexAt}) (i32.shl (local.get $length) (i32.const 1))))
  (func $logAll (param $from i32) (param $left i32)
    (local $part i32)
    (block $done (loop $next
      (br_if $done (i32.eqz (local.get $left)))
      (local.set $part (select (local.get $left) (i32.const ${linesBytes})
        (i32.lt_u (local.get $left) (i32.const ${linesBytes}))))
      (call $logHex (local.get $from) (local.get $part))
      (local.set $from (i32.add (local.get $from) (local.get $part)))
      (local.set $left (i32.sub (local.get $left) (local.get $part)))
      (br $next))))
  (func $readScript (param $args i32)
    (i32.store (i32.const 16) (i32.const ${argumentsMax}))
    (drop (call $bytes_source_read
      (local.get $args) (i32.const ${argumentsAt}) (i32.const 16))))
  (func $runSteps (result i32)
    (local $at i32) (local $count i32) (local $code i32)
    (local.set $at
      (i32.add (i32.const ${imageAt}) (i32.load offset=4 (i32.const ${argumentsAt}))))
    (local.set $code (i32.load (local.get $at)))
    (local.set $count (i32.load offset=4 (local.get $at)))
    (local.set $at (i32.add (local.get $at) (i32.const 8)))
    (block $done (loop $next
      (br_if $done (i32.eqz (local.get $count)))
      (i32.store (local.get $at) (call $step (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const ${stepBytes})))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $next)))
    (local.get $code))
  (func $runScript (param $args i32) (result i32)
    (local $code i32)
    (call $readScript (local.get $args))
    (local.set $code (call $runSteps))
    (call $logAll (i32.const ${argumentsAt}) (i32.load (i32.const 16)))
    (local.get $code))`;

/** A guest with the given tables, beside the reducer `run` and one for each lifecycle name. */
function assembleScriptGuest(definition: TestDefinition): Promise<Uint8Array> {
  const raw = { kind: "array", element: { kind: "u8" } } as const;
  return assembleGuest({
    definition: {
      ...definition,
      reducers: [{ name: "run", params: { script: raw } }, ...(definition.reducers ?? [])],
    },
    memory: `(memory (export "memory") ${memoryBytes / 65_536})`,
    reducer: "(call $runScript (local.get $args))",
    more: interpreter,
  });
}

/** How a script ended: with the results of its calls and its memory, or as a trap. */
export type ScriptResult =
  | { readonly kind: "ran"; readonly statuses: readonly number[]; readonly image: Uint8Array }
  | { readonly kind: "trapped"; readonly message: string };

/** A script under construction: bytes in the guest's memory, then calls. */
export class Script {
  readonly #image = new Writer();
  readonly #steps: number[][] = [];

  /** Puts bytes into the guest's memory; returns their address. */
  place(bytes: Uint8Array | readonly number[]): number {
    const address = imageAt + this.#image.length;
    this.#image.raw(Uint8Array.from(bytes));
    return address;
  }

  word(value = 0): number {
    return this.place(new Uint8Array(Uint32Array.of(value).buffer));
  }

  text(text: string): readonly [address: number, length: number] {
    const bytes = new TextEncoder().encode(text);
    return [this.place(bytes), bytes.length];
  }

  /** Adds a call of an import. */
  call(name: string, ...args: readonly number[]): this {
    const position = moduleImports.findIndex((one) => one.name === name);
    assert(position >= 0, `no import is named ${name}`);
    this.#steps.push([position, ...args, ...new Array<number>(9 - args.length).fill(0)]);
    return this;
  }

  /** What was placed so far. */
  image(): Uint8Array {
    return this.#image.written();
  }

  get length(): number {
    return this.#image.length;
  }

  get stepCount(): number {
    return this.#steps.length;
  }

  /** The bytes the guest's reducer takes. `code` is what the reducer returns. */
  encode(code: number): Uint8Array {
    const writer = new Writer();
    const body = new Writer();
    body.u32(this.#image.length);
    body.raw(this.#image.finish());
    body.u32(code);
    body.u32(this.#steps.length);
    for (const step of this.#steps) for (const word of step) body.u32(word >>> 0);
    const bytes = body.finish();
    writer.u32(bytes.length);
    writer.raw(bytes);
    return writer.finish();
  }
}

/** A database with a script guest and one client. */
export class ScriptHost {
  readonly host: TestHost;
  readonly client: TestClient;

  private constructor(host: TestHost) {
    this.host = host;
    this.client = new TestClient(host, 1, "somebody");
    host.take(1);
  }

  static async open(definition: TestDefinition): Promise<ScriptHost> {
    const host = new TestHost();
    const service = await host.open();
    await service.publish(await assembleScriptGuest(definition), owner);
    return new ScriptHost(host);
  }

  /** Runs a script. A `code` of 0 commits, any other rolls back. */
  run(script: Script, code = 0): ScriptResult {
    let logged = "";
    const stop = this.host.database.parts.moduleLog.follow((line) => (logged += line));
    const messages = this.client.callRaw("run", script.encode(code));
    stop();
    return readResult(script, messages, logged);
  }
}

function readResult(
  script: Script,
  messages: readonly ServerMessage[],
  logged: string,
): ScriptResult {
  const lines = logged.split("\n").filter((line) => line !== "");
  const records = lines.map((line) => JSON.parse(line) as { level: string; message: string });
  const told = records.filter(({ level }) => level === "Trace");
  const trap = records.find(({ level }) => level === "Panic")?.message;
  if (told.length === 0 || trap !== undefined) {
    assert(
      trap !== undefined,
      `the script neither ran nor trapped: ${logged} ${messages.map(({ kind }) => kind).join(" ")}`,
    );
    return { kind: "trapped", message: trap };
  }
  const bytes = Uint8Array.from(Buffer.from(told.map(({ message }) => message).join(""), "hex"));
  const view = new DataView(bytes.buffer);
  const stepsAt = 8 + script.length + 8;
  const statuses = Array.from({ length: script.stepCount }, (_, i) =>
    view.getInt32(stepsAt + i * stepBytes, true),
  );
  return { kind: "ran", statuses, image: bytes.subarray(8, 8 + script.length) };
}

/** The bytes at an address after a run. */
export function bytesAt(result: ScriptResult, address: number, length: number): Uint8Array {
  assert(result.kind === "ran", "a script that trapped has no memory");
  return result.image.subarray(address - imageAt, address - imageAt + length);
}

export function wordAt(result: ScriptResult, address: number): number {
  const bytes = bytesAt(result, address, 4);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}
