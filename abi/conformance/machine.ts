// The code of a test module: an interpreter of scripts. A script is a list of import calls with their parameters, so that
// each rule is data and one module serves many of them.
//
//   script    finish u32 | report id u32 | code u32 | step count u32 | image length u32 | image | steps
//   step      operation u32 | 0 u32 | result i64 (filled in) | nine operands
//   operand   kind u32 | value u64      0 the value, 1 the u32 at that address, 2 the u64 there, 3 that step's result
//
// An operation is the position of an import in the ABI's table or, behind those, one of `operations`. The export returns
// `code`. `finish` says where results go: see `Finish`.
import { moduleImports } from "../src/index.ts";
import {
  givenAt,
  headBytes,
  param,
  reportAt,
  reportTable,
  reportTableAt,
  scratchAt,
  scriptAt,
  staticAt,
  staticBytes,
  stepBytes,
} from "./layout.ts";

/**
 * How the results of all steps and the bytes watched leave the module, as hexadecimal digits: not at all, as the text of an
 * error, as a row of the table `report`, as the String that a procedure returns, or as the body of an HTTP response.
 */
export const Finish = { none: 0, error: 1, row: 2, value: 3, body: 4 } as const;
export type Finish = (typeof Finish)[keyof typeof Finish];

const word = (position: number): string =>
  `(call $word (local.get $at) (local.get $steps) (i32.const ${position}))`;
const long = (position: number): string =>
  `(call $long (local.get $at) (local.get $steps) (i32.const ${position}))`;
const widened = (text: string): string => `(i64.extend_i32_s ${text})`;
const nothing = "(i64.const 0)";

/** What a script can do besides calling imports: WebAssembly for the result as an i64. */
const operationTexts: Readonly<Record<string, string>> = {
  unreachable: "(unreachable)",
  /** Grows the memory by so many pages; the former number. */
  grow: widened(`(memory.grow ${word(0)})`),
  /** Never ends. */
  spin: `(call $spin) ${nothing}`,
  /** Calls itself until the stack is full. */
  recurse: widened("(call $recurse (i32.const 1))"),
  divide: widened(`(i32.div_s (i32.const -2147483648) ${word(0)})`),
  truncate: widened("(i32.trunc_f32_s (f32.const nan))"),
  load: widened(`(i32.load ${word(0)})`),
  /** Calls a function by its number in the table: 0 is none, 1 has another type, 2 does not exist. */
  indirect: widened(`(call_indirect (type $answer) ${word(0)})`),
  /** Shows so many bytes at an address. */
  report: `(call $report ${word(0)} ${word(1)}) ${nothing}`,
  /** How often this instance has done this. */
  count: "(global.set $count (i64.add (global.get $count) (i64.const 1))) (global.get $count)",
  /** Stores a u32 at an address. */
  store: `(i32.store ${word(0)} ${word(1)}) ${nothing}`,
  storeLong: `(i64.store ${word(0)} ${long(1)}) ${nothing}`,
  /** Pages of memory. */
  size: widened("(memory.size)"),
  multiply: `(i64.mul ${long(0)} ${long(1)})`,
  add: `(i64.add ${long(0)} ${long(1)})`,
};

const operationNames = Object.keys(operationTexts);

/** The number of an import or operation. */
export function operationNumber(name: string): number {
  const imported = moduleImports.findIndex((one) => one.name === name);
  if (imported >= 0) return imported;
  const own = operationNames.indexOf(name);
  if (own < 0) throw new Error(`no import and no operation is named ${name}`);
  return moduleImports.length + own;
}

function importCall({ name, params, result }: (typeof moduleImports)[number]): string {
  const args = params.map((type, i) => (type === "i64" ? long(i) : word(i)));
  const call = `(call $${name} ${args.join(" ")})`;
  if (result === undefined) return `${call} ${nothing}`;
  return result === "i64" ? call : widened(call);
}

function cases(): string {
  const texts = [...moduleImports.map(importCall), ...Object.values(operationTexts)];
  return texts
    .map(
      (text, number) =>
        `(if (i32.eq (local.get $op) (i32.const ${number})) (then ${text} (return)))`,
    )
    .join("\n  ");
}

/** All imports of the ABI, as declarations that name each `$<name>`. */
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

const evaluation = `
(type $answer (func (result i32)))
(table 2 funcref)
(elem (i32.const 1) $spin)
(global $count (mut i64) (i64.const 0))
(global $reported (mut i32) (i32.const 0))
(func $long (param $at i32) (param $steps i32) (param $position i32) (result i64)
  (local $kind i32) (local $value i64) (local $address i32)
  (local.set $at (i32.add (local.get $at) (i32.add (i32.const 16)
    (i32.mul (local.get $position) (i32.const 12)))))
  (local.set $kind (i32.load (local.get $at)))
  (local.set $value (i64.load offset=4 (local.get $at)))
  (local.set $address (i32.wrap_i64 (local.get $value)))
  (if (i32.eq (local.get $kind) (i32.const 1))
    (then (return (i64.load32_u (local.get $address)))))
  (if (i32.eq (local.get $kind) (i32.const 2)) (then (return (i64.load (local.get $address)))))
  (if (i32.eq (local.get $kind) (i32.const 3))
    (then (return (i64.load offset=8
      (i32.add (local.get $steps) (i32.mul (local.get $address) (i32.const ${stepBytes})))))))
  (local.get $value))
(func $word (param $at i32) (param $steps i32) (param $position i32) (result i32)
  (i32.wrap_i64 (call $long (local.get $at) (local.get $steps) (local.get $position))))
(func $spin (loop $forever (br $forever)))
(func $recurse (param $depth i32) (result i32)
  (i32.add (call $recurse (i32.add (local.get $depth) (i32.const 1))) (local.get $depth)))
(func $digit (param $n i32) (result i32)
  (i32.add (local.get $n)
    (select (i32.const 87) (i32.const 48) (i32.gt_u (local.get $n) (i32.const 9)))))
(func $report (param $from i32) (param $length i32)
  (local $byte i32) (local $to i32)
  (block $done (loop $next
    (br_if $done (i32.eqz (local.get $length)))
    (local.set $byte (i32.load8_u (local.get $from)))
    (local.set $to (i32.add (i32.const ${reportAt}) (global.get $reported)))
    (i32.store8 (local.get $to) (call $digit (i32.shr_u (local.get $byte) (i32.const 4))))
    (i32.store8 offset=1 (local.get $to) (call $digit (i32.and (local.get $byte) (i32.const 15))))
    (global.set $reported (i32.add (global.get $reported) (i32.const 2)))
    (local.set $from (i32.add (local.get $from) (i32.const 1)))
    (local.set $length (i32.sub (local.get $length) (i32.const 1)))
    (br $next))))`;

const finishing = `
(func $write (param $sink i32) (param $at i32) (param $length i32)
  (i32.store (i32.const ${scratchAt}) (local.get $length))
  (drop (call $bytes_sink_write (local.get $sink) (local.get $at) (i32.const ${scratchAt}))))
(func $finish (param $kind i32) (param $id i32)
  (if (i32.eq (local.get $kind) (i32.const ${Finish.error})) (then
    (call $write (i32.load (i32.const ${param.sink})) (i32.const ${reportAt}) (global.get $reported))))
  (if (i32.eq (local.get $kind) (i32.const ${Finish.body})) (then
    (call $write (i32.load (i32.const ${param.bodySink})) (i32.const ${reportAt}) (global.get $reported))))
  (i32.store (i32.const ${reportAt - 8}) (local.get $id))
  (i32.store (i32.const ${reportAt - 4}) (global.get $reported))
  (if (i32.eq (local.get $kind) (i32.const ${Finish.value})) (then
    (call $write (i32.load (i32.const ${param.sink})) (i32.const ${reportAt - 4})
      (i32.add (global.get $reported) (i32.const 4)))))
  (if (i32.eq (local.get $kind) (i32.const ${Finish.row})) (then
    (drop (call $table_id_from_name (i32.const ${reportTableAt}) (i32.const ${reportTable.length})
      (i32.const ${scratchAt})))
    (i32.store (i32.const ${scratchAt + 4}) (i32.add (global.get $reported) (i32.const 8)))
    (drop (call $datastore_insert_bsatn (i32.load (i32.const ${scratchAt})) (i32.const ${reportAt - 8})
      (i32.const ${scratchAt + 4}))))))`;

const running = `
(func $run (param $base i32) (result i32)
  (local $steps i32) (local $at i32) (local $left i32) (local $kind i32)
  (local.set $kind (i32.load (local.get $base)))
  (if (local.get $kind) (then (global.set $reported (i32.const 0))))
  (local.set $steps (i32.add (local.get $base)
    (i32.add (i32.const ${headBytes}) (i32.load offset=16 (local.get $base)))))
  (local.set $at (local.get $steps))
  (local.set $left (i32.load offset=12 (local.get $base)))
  (block $done (loop $next
    (br_if $done (i32.eqz (local.get $left)))
    (i64.store offset=8 (local.get $at) (call $step (local.get $at) (local.get $steps)))
    (local.set $at (i32.add (local.get $at) (i32.const ${stepBytes})))
    (local.set $left (i32.sub (local.get $left) (i32.const 1)))
    (br $next)))
  (if (local.get $kind) (then
    (local.set $left (i32.load offset=12 (local.get $base)))
    (local.set $at (local.get $steps))
    (block $shown (loop $show
      (br_if $shown (i32.eqz (local.get $left)))
      (call $report (i32.add (local.get $at) (i32.const 8)) (i32.const 8))
      (local.set $at (i32.add (local.get $at) (i32.const ${stepBytes})))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br $show)))
    (call $finish (local.get $kind) (i32.load offset=4 (local.get $base)))))
  (i32.load offset=8 (local.get $base)))
(func $runStatic (param $base i32) (result i32)
  (local $at i32)
  (block $done (loop $next
    (br_if $done (i32.eq (local.get $at) (i32.const ${staticBytes})))
    (i64.store (i32.add (local.get $base) (local.get $at))
      (i64.load (i32.add (local.get $at)
        (i32.sub (local.get $base) (i32.const ${staticAt - givenAt})))))
    (local.set $at (i32.add (local.get $at) (i32.const 8)))
    (br $next)))
  (call $run (local.get $base)))
(func $runGiven (result i32)
  (local $to i32)
  (local.set $to (i32.const ${scriptAt - 4}))
  (block $done (loop $next
    (i32.store (i32.const ${scratchAt}) (i32.const 0x100000))
    (br_if $done (i32.ne (i32.const 0)
      (call $bytes_source_read (i32.load (i32.const ${param.args})) (local.get $to)
        (i32.const ${scratchAt}))))
    (local.set $to (i32.add (local.get $to) (i32.load (i32.const ${scratchAt}))))
    (br $next)))
  (call $run (i32.const ${scriptAt})))`;

/** The functions `$runStatic` (a script of the module) and `$runGiven` (the script in the arguments), and what they need. */
export function machineText(): string {
  return `${evaluation}
(func $step (param $at i32) (param $steps i32) (result i64)
  (local $op i32)
  (local.set $op (i32.load (local.get $at)))
  ${cases()}
  (unreachable))
${finishing}
${running}`;
}
