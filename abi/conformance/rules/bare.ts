// Modules without the interpreter: the least that a host takes, and one thing about them changed.
import { type Additions, assemble } from "../assemble.ts";
import { segment } from "../guest.ts";

/** A definition of version 10 without a single section. */
export const emptyDefinition: readonly number[] = [2, 0, 0, 0, 0];

export interface BareParts {
  /** Import declarations beside that of the sink. */
  readonly imports?: string;
  /** The namespace that the sink is imported from; undefined for a module without imports. */
  readonly sinkFrom?: string | undefined;
  readonly memory?: string;
  readonly definition?: Uint8Array | readonly number[];
  /** The whole function, in place of one that writes the definition. */
  readonly describe?: string;
  readonly reducer?: string;
  readonly more?: string;
  readonly additions?: Additions;
}

const sinkType = "(param i32 i32 i32) (result i32)";
const definitionAt = 1024;

function describeText(hasSink: boolean): string {
  const write = `(drop (call $sink (local.get $to) (i32.const ${definitionAt}) (i32.const 16)))`;
  return `(func (export "__describe_module__") (param $to i32) ${hasSink ? write : ""})`;
}

const bareReducer = `(func (export "__call_reducer__")
  (param i32 i64 i64 i64 i64 i64 i64 i64 i32 i32) (result i32) (i32.const 0))`;

/** The least module, with parts replaced. */
export function bareModule(parts: BareParts = {}): Promise<Uint8Array> {
  const { imports = "", definition = emptyDefinition } = parts;
  const sinkFrom = "sinkFrom" in parts ? parts.sinkFrom : "spacetime_10.0";
  const sink =
    sinkFrom === undefined
      ? ""
      : `(import "${sinkFrom}" "bytes_sink_write" (func $sink ${sinkType}))`;
  const bytes = Uint8Array.from(definition);
  const text = `(module
${sink}
${imports}
${parts.memory ?? '(memory (export "memory") 2)'}
${segment(16, new Uint8Array(Uint32Array.of(bytes.length).buffer))}
${segment(definitionAt, bytes)}
${parts.describe ?? describeText(sinkFrom !== undefined)}
${parts.reducer ?? bareReducer}
${parts.more ?? ""})`;
  return assemble(text, parts.additions);
}
