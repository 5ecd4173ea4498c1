// A whole test module: the interpreter of scripts, a definition, and the exports that hand scripts to it.
import { toHex } from "../src/index.ts";
import { assemble } from "./assemble.ts";
import { type Definition, encodeDefinition } from "./definition.ts";
import { Finish, importDeclarations, machineText } from "./machine.ts";
import {
  definitionAt,
  givenAt,
  memoryPages,
  param,
  reportTable,
  reportTableAt,
  scriptAt,
  staticAt,
  staticBytes,
} from "./layout.ts";
import { Script } from "./script.ts";

/** A script that is part of the module, for functions that take no arguments. */
export interface StaticScript {
  readonly script: Script;
  /** What the export returns. */
  readonly code: number;
  readonly finish: Finish;
}

/** Makes scripts that are part of a module, each at a place of its own. */
export class StaticScripts {
  readonly #scripts: StaticScript[] = [];

  make(
    build: (script: Script) => void,
    { code = 0, finish = Finish.none }: Partial<Omit<StaticScript, "script">> = {},
  ): StaticScript {
    const script = new Script(staticAt + this.#scripts.length * staticBytes);
    if (script.base + staticBytes > scriptAt) throw new Error("a module has too many scripts");
    build(script);
    const made = { script, code, finish };
    this.#scripts.push(made);
    return made;
  }

  /** The data segments that put them there. */
  segments(): string {
    return this.#scripts
      .map(({ script, code, finish }) => {
        const bytes = script.encode(finish, code);
        if (bytes.length > staticBytes) throw new Error("a script of a module is too long");
        return segment(script.base - staticAt + givenAt, bytes);
      })
      .join("\n");
  }
}

export interface GuestParts {
  readonly definition: Definition;
  readonly scripts?: StaticScripts;
  /** Reducers with scripts of their own, by id; all others run the script in their first argument. */
  readonly reducers?: Readonly<Record<number, StaticScript>>;
  readonly procedures?: Readonly<Record<number, StaticScript>>;
  readonly anonymousViews?: readonly StaticScript[];
  readonly senderViews?: readonly StaticScript[];
  readonly handlers?: readonly StaticScript[];
  readonly setUp?: StaticScript;
  /** Further exports without parameters and results, by name, in the order of the text. */
  readonly starts?: Readonly<Record<string, StaticScript>>;
  /** What `__describe_module__` does before it writes. */
  readonly beforeDescribe?: StaticScript;
  /** Anything else at the top level. */
  readonly more?: string;
}

function escaped(bytes: Uint8Array): string {
  return toHex(bytes).replace(/../g, "\\$&");
}

export function segment(address: number, bytes: Uint8Array): string {
  return `(data (i32.const ${address}) "${escaped(bytes)}")`;
}

const run = ({ script }: StaticScript): string => `(call $runStatic (i32.const ${script.base}))`;

function dispatch(
  scripts: Readonly<Record<number, StaticScript>> | readonly StaticScript[],
  otherwise: string,
): string {
  const cases = Object.entries(scripts).map(
    ([id, one]) => `(if (i32.eq (local.get $id) (i32.const ${id})) (then (return ${run(one)})))`,
  );
  return [...cases, otherwise].join("\n");
}

const keep = (name: keyof typeof param, local: string): string =>
  `(i32.store (i32.const ${param[name]}) (local.get $${local}))`;
const keepLong = (address: number, local: string): string =>
  `(i64.store (i32.const ${address}) (local.get $${local}))`;
const keepSender = [0, 1, 2, 3].map((i) => keepLong(param.sender + 8 * i, `s${i}`)).join("\n");
const senderParams = "(param $s0 i64) (param $s1 i64) (param $s2 i64) (param $s3 i64)";

function callExport(name: string, body: string): string {
  return `(func (export "${name}")
  (param $id i32) ${senderParams} (param $c0 i64) (param $c1 i64) (param $ts i64)
  (param $args i32) (param $sink i32) (result i32)
  ${keep("id", "id")} ${keep("args", "args")} ${keep("sink", "sink")} ${keepSender}
  ${keepLong(param.connection, "c0")} ${keepLong(param.connection + 8, "c1")}
  ${keepLong(param.timestamp, "ts")}
  ${body})`;
}

function viewExports({ anonymousViews = [], senderViews = [] }: GuestParts): string {
  const body = `${keep("id", "id")} ${keep("args", "args")} ${keep("sink", "sink")}`;
  return `(func (export "__call_view_anon__")
  (param $id i32) (param $args i32) (param $sink i32) (result i32)
  ${body} ${dispatch(anonymousViews, "(unreachable)")})
(func (export "__call_view__")
  (param $id i32) ${senderParams} (param $args i32) (param $sink i32) (result i32)
  ${body} ${keepSender} ${dispatch(senderViews, "(unreachable)")})`;
}

function handlerExport(handlers: readonly StaticScript[]): string {
  return `(func (export "__call_http_handler__")
  (param $id i32) (param $ts i64) (param $args i32) (param $bodySource i32)
  (param $sink i32) (param $bodySink i32) (result i32)
  ${keep("id", "id")} ${keep("args", "args")} ${keep("sink", "sink")}
  ${keep("bodySource", "bodySource")} ${keep("bodySink", "bodySink")}
  ${keepLong(param.timestamp, "ts")}
  ${dispatch(handlers, "(unreachable)")})`;
}

/** The text of a module. */
function guestText(parts: GuestParts): string {
  const { scripts, setUp, starts = {}, beforeDescribe, handlers = [] } = parts;
  const definition = encodeDefinition(parts.definition);
  const isViewing = parts.anonymousViews !== undefined || parts.senderViews !== undefined;
  const hasProcedures = (parts.definition.procedures ?? []).length > 0;
  return `(module
${importDeclarations()}
(memory (export "memory") ${memoryPages})
${machineText()}
${segment(reportTableAt, new TextEncoder().encode(reportTable))}
${segment(definitionAt, definition)}
${scripts?.segments() ?? ""}
(func (export "__describe_module__") (param $sink i32)
  ${keep("sink", "sink")}
  ${beforeDescribe === undefined ? "" : `(drop ${run(beforeDescribe)})`}
  (call $write (local.get $sink) (i32.const ${definitionAt}) (i32.const ${definition.length})))
${callExport("__call_reducer__", dispatch(parts.reducers ?? {}, "(call $runGiven)"))}
${hasProcedures ? callExport("__call_procedure__", dispatch(parts.procedures ?? {}, "(call $runGiven)")) : ""}
${isViewing ? viewExports(parts) : ""}
${handlers.length > 0 ? handlerExport(handlers) : ""}
${
  setUp === undefined
    ? ""
    : `(func (export "__setup__") (param $sink i32) (result i32) ${keep("sink", "sink")} ${run(setUp)})`
}
${Object.entries(starts)
  .map(([name, one]) => `(func (export "${name}") (drop ${run(one)}))`)
  .join("\n")}
${parts.more ?? ""})`;
}

export function makeGuest(parts: GuestParts): Promise<Uint8Array> {
  return assemble(guestText(parts));
}
