// The leaf types compiled (test/assembly/leaf.ts) and called: bytes in, bytes out.
import { Reader, Writer } from "@lightcone/abi";
import { compileEntry } from "./asc.ts";

export interface LogRecord {
  readonly level: number;
  readonly text: string;
  readonly file: string | undefined;
  readonly line: number | undefined;
}

type Exported = (...values: (number | bigint)[]) => unknown;

export class LeafGuest {
  readonly #exports: Record<string, Exported>;
  readonly #memory: WebAssembly.Memory;
  readonly logged: LogRecord[] = [];
  readonly timers: string[] = [];

  private constructor(module: WebAssembly.Module) {
    const { exports } = new WebAssembly.Instance(module, {
      "spacetime_10.0": {
        console_log: (...values: number[]) => this.#log(values),
        console_timer_start: (at: number, length: number) =>
          this.timers.push(this.#text(at, length)),
        console_timer_end: (id: number) => {
          this.timers[id - 1] += " ended";
          return 0;
        },
      },
    });
    this.#exports = exports as Record<string, Exported>;
    this.#memory = exports["memory"] as WebAssembly.Memory;
  }

  static async compile(): Promise<LeafGuest> {
    return new LeafGuest(await compileEntry("test/assembly/leaf.ts"));
  }

  /** Calls an export that reads what `write` writes; a reader of what it left. */
  call(name: string, write: (writer: Writer) => void): Reader {
    const writer = new Writer(64);
    write(writer);
    const bytes = writer.finish();
    const at = this.run("inputAt", bytes.length) as number;
    new Uint8Array(this.#memory.buffer).set(bytes, at);
    return this.output(name, bytes.length);
  }

  /** Calls an export with plain numbers; a reader of what it left. */
  output(name: string, ...values: (number | bigint)[]): Reader {
    this.run(name, ...values);
    const at = this.run("outputAt") as number;
    const length = this.run("outputLength") as number;
    const bytes = new Uint8Array(this.#memory.buffer).slice(at, at + length);
    this.run("collect");
    return new Reader(bytes);
  }

  run(name: string, ...values: (number | bigint)[]): unknown {
    return (this.#exports[name] as Exported)(...values);
  }

  /** The panic's record of an export that traps. */
  panicOf(name: string, ...values: (number | bigint)[]): LogRecord | undefined {
    this.logged.length = 0;
    try {
      this.run(name, ...values);
    } catch {
      return this.logged.at(-1);
    }
    return undefined;
  }

  /** As panicOf, for an export that reads bytes. */
  panicOfCall(name: string, write: (writer: Writer) => void): LogRecord | undefined {
    this.logged.length = 0;
    try {
      this.call(name, write);
    } catch {
      return this.logged.at(-1);
    }
    return undefined;
  }

  #log(values: readonly number[]): void {
    const [level, , , fileAt, fileLength, line, at, length] = values as [
      ...[number, number, number, number],
      ...[number, number, number, number],
    ];
    this.logged.push({
      level,
      text: this.#text(at, length),
      file: fileAt === 0 ? undefined : this.#text(fileAt, fileLength),
      line: line === -1 ? undefined : line,
    });
  }

  #text(at: number, length: number): string {
    const bytes = new Uint8Array(this.#memory.buffer, at, length);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  }
}
