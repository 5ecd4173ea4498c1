// Guests in the text format of WebAssembly: modules that no compiler would make.
import { moduleImports } from "@lightcone/abi";
import wabt from "wabt";
import { encodeDefinition, type TestDefinition } from "./definition.ts";

const assembler = wabt();

/** Assembles a module from its text. Post-MVP features that engines have by default are allowed. */
export async function assemble(text: string): Promise<Uint8Array> {
  const features = {
    exceptions: true,
    threads: true,
    multi_value: true,
    bulk_memory: true,
    tail_call: true,
  };
  const parsed = (await assembler).parseWat("guest.wat", text, features);
  try {
    return parsed.toBinary({}).buffer;
  } finally {
    parsed.destroy();
  }
}

/** Where the definition's bytes lie, and the word that holds their length. */
const definitionAt = 1024;
const lengthAt = 8;

export interface GuestParts {
  readonly definition?: TestDefinition;
  /** In place of the definition: bytes that may be anything. */
  readonly definitionBytes?: Uint8Array;
  /** Replaces the import declarations, which name every import `$<name>`. */
  readonly imports?: string;
  readonly memory?: string;
  readonly describe?: string;
  /** The body of `__call_reducer__`, whose parameters are `$id`, `$args` and `$sink` beside unnamed ones. */
  readonly reducer?: string;
  /** Anything else at the top level. */
  readonly more?: string;
}

/** All imports of the ABI, as declarations. */
export function importDeclarations(names?: readonly string[]): string {
  return moduleImports
    .filter(({ name }) => names === undefined || names.includes(name))
    .map(({ module, name, params, result }) => {
      const types = params.length === 0 ? "" : ` (param ${params.join(" ")})`;
      const answer = result === undefined ? "" : ` (result ${result})`;
      return `(import "${module}" "${name}" (func $${name}${types}${answer}))`;
    })
    .join("\n");
}

function escaped(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
}

/** A whole guest; each part that is not given does what it should. */
function guestText(parts: GuestParts): string {
  const definition = parts.definitionBytes ?? encodeDefinition(parts.definition ?? {});
  const length = new Uint8Array(Uint32Array.of(definition.length).buffer);
  const describe = `
    (func (export "__describe_module__") (param $sink i32)
      (drop (call $bytes_sink_write
        (local.get $sink) (i32.const ${definitionAt}) (i32.const ${lengthAt}))))`;
  const reducer = `
    (func (export "__call_reducer__")
      (param $id i32) (param i64 i64 i64 i64 i64 i64 i64) (param $args i32) (param $sink i32)
      (result i32)
      ${parts.reducer ?? "(i32.const 0)"})`;
  return `(module
    ${parts.imports ?? importDeclarations()}
    ${parts.memory ?? `(memory (export "memory") 16)`}
    (data (i32.const ${lengthAt}) "${escaped(length)}")
    (data (i32.const ${definitionAt}) "${escaped(definition)}")
    ${parts.describe ?? describe}
    ${reducer}
    ${parts.more ?? ""})`;
}

export function assembleGuest(parts: GuestParts): Promise<Uint8Array> {
  return assemble(guestText(parts));
}
