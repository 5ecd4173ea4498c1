// From the text format of WebAssembly to a program.
import wabt from "wabt";

let assembler: ReturnType<typeof wabt> | undefined;

/** Additions to WebAssembly by the names of the assembler. */
export type Additions = Readonly<Record<string, boolean>>;

/** Assembles a module from its text, with nothing beyond the first release of WebAssembly but the additions. */
export async function assemble(text: string, additions: Additions = {}): Promise<Uint8Array> {
  assembler ??= wabt();
  const features = { mutable_globals: true, ...additions };
  const parsed = (await assembler).parseWat("module.wat", text, features);
  try {
    return parsed.toBinary({}).buffer;
  } finally {
    parsed.destroy();
  }
}
