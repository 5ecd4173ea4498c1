// The guest's part of a stack, for the module's log: names of functions and, of modules with a source map, lines of their sources.
import { sourcePlaces } from "./source-map.ts";

/** The code that a stack's positions lie in. */
export interface TracedCode {
  readonly module: WebAssembly.Module;
  /** Functions from this number on are the meter's. */
  readonly functionCount: number;
}

/** A name may be as long as its module's author likes. */
const nameLengthMax = 300;

/** Anchored, so that a name made for that purpose does not take long: `    at name (wasm://wasm/0a1b:wasm-function[1]:0x2c)`. */
const framePattern =
  /^ {4}at (?:(.*) \()?wasm:\/\/[^\s()]*:wasm-function\[(\d+)\]:0x([0-9a-f]+)\)?$/;

/**
 * The guest's frames, innermost first, of those that the engine keeps of a stack: ten, unless it was told otherwise. Each is
 * `name (file:line)`, as far as that is known.
 */
export function traceOf(stack: string, { module, functionCount }: TracedCode): string[] {
  const frames = stack.split("\n").flatMap((line) => {
    const match = framePattern.exec(line);
    if (match === null) return [];
    const [, name, number = "", position = ""] = match;
    if (Number(number) >= functionCount) return [];
    const text = name === undefined ? `function ${number}` : name.slice(0, nameLengthMax);
    return [{ text, position: Number.parseInt(position, 16) }];
  });
  const places = sourcePlaces(
    module,
    frames.map(({ position }) => position),
  );
  return frames.map(({ text }, i) => (places[i] === undefined ? text : `${text} (${places[i]})`));
}
