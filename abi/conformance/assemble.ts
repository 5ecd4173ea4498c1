// From the text format of WebAssembly to a program.
import wabt from "wabt";

let assembler: ReturnType<typeof wabt> | undefined;

/** Assembles a module from its text, with nothing beyond the first release of WebAssembly. */
export async function assemble(text: string): Promise<Uint8Array> {
  assembler ??= wabt();
  const parsed = (await assembler).parseWat("module.wat", text, { mutable_globals: true });
  try {
    return parsed.toBinary({}).buffer;
  } finally {
    parsed.destroy();
  }
}
