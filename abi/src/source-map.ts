// Which line of which file a byte of a module's code comes from: a custom section of the `.wasm`, written by the build and read by
// hosts when a module traps. docs/source-maps.md draws it.
//
//   version u8 | count of files, (length, UTF-8)… | (advance, change, [file])… to the end        all numbers in LEB128
import { Writer } from "./bytes/writer.ts";

/** Name of the custom section. */
export const sourceMapSection = "lightcone.sourceMap";

const version = 1;
const fileCountMax = 65_535;
const fileNameBytesMax = 1024;
const uint32Max = 2 ** 32 - 1;
const lossyUtf8 = new TextDecoder();
const utf8 = new TextEncoder();

/** Stands for no file: code that no source accounts for. */
export const noSourceFile = -1;

/** Writes a map, entry by entry. */
export class SourceMapWriter {
  readonly #out = new Writer(1024);
  /** Of each file, the line named last: calls lead to and fro. */
  readonly #lines: number[] = [];
  #at = 0;
  #file: number = noSourceFile;

  /** `files` are named as a reader of a log should see them; names over 1,024 bytes are cut. */
  constructor(files: readonly string[]) {
    this.#out.u8(version);
    this.#number(Math.min(files.length, fileCountMax));
    for (const file of files.slice(0, fileCountMax)) {
      const name = utf8.encode(file).subarray(0, fileNameBytesMax);
      this.#number(name.length);
      this.#out.raw(name);
    }
  }

  /**
   * Code from byte `at` of the module on, until the next entry, comes from a line, counted from 1, of a file by its index.
   * Positions must grow. What says the same as the entry before is left out, unless `isStart` of a function.
   */
  add(at: number, file: number, line: number, isStart = false): void {
    const lineBefore = this.#lines[file + 1] ?? 0;
    const isOtherFile = file !== this.#file;
    if (!isOtherFile && line === lineBefore && !isStart) return;
    const difference = line - lineBefore;
    const zigzag = difference < 0 ? -2 * difference - 1 : 2 * difference;
    this.#number(at - this.#at);
    this.#number(zigzag * 2 + (isOtherFile ? 1 : 0));
    if (isOtherFile) this.#number(file + 1);
    this.#at = at;
    this.#file = file;
    this.#lines[file + 1] = line;
  }

  /** The content of the section, without its name. */
  finish(): Uint8Array {
    return this.#out.finish();
  }

  /** An unsigned number; one of 34 bits comes of lines that lie 2^32 apart. */
  #number(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#out.u8((rest % 0x80) | 0x80);
    this.#out.u8(rest);
  }
}

/** Reads a map from anybody: stops at the first fault, takes no longer than the map is, and keeps nothing of it but the names. */
export class SourceMapReader {
  readonly files: readonly string[];
  readonly #bytes: Uint8Array;
  readonly #lines: number[] = [];
  #next = 0;
  #at = 0;
  #file: number = noSourceFile;
  #line = 0;
  #fault: string | undefined;

  /** `bytes` is the content of the section. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    const files: string[] = [];
    this.files = files;
    const given = this.#number();
    if (given !== version) this.#fail(`its version is ${given}, not ${version}`);
    const count = this.#number();
    if (count > fileCountMax) this.#fail(`it names more than ${fileCountMax} files`);
    while (this.#fault === undefined && files.length < count) {
      const length = this.#number();
      const end = this.#next + length;
      if (length > fileNameBytesMax || end > bytes.length) this.#fail("a file's name is too long");
      else files.push(lossyUtf8.decode(bytes.subarray(this.#next, end)));
      this.#next = end;
    }
  }

  /** What is wrong with the part read so far. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Where the present entry's code begins, in bytes from the module's first. */
  get at(): number {
    return this.#at;
  }

  /** Index in `files`, or `noSourceFile`. */
  get file(): number {
    return this.#file;
  }

  get line(): number {
    return this.#line;
  }

  /** Goes to the next entry; false at the end, and at a fault. */
  next(): boolean {
    if (this.#fault !== undefined || this.#next === this.#bytes.length) return false;
    const at = this.#at + this.#number();
    const change = this.#number();
    const file = change % 2 === 1 ? this.#number() - 1 : this.#file;
    const zigzag = Math.floor(change / 2);
    const lineBefore = this.#lines[file + 1] ?? 0;
    const line = lineBefore + (zigzag % 2 === 1 ? -(zigzag + 1) / 2 : zigzag / 2);
    if (at > uint32Max || line < 0 || line > uint32Max) this.#fail("a number is out of range");
    if (file >= this.files.length) this.#fail("it uses a file that it does not name");
    if (this.#fault !== undefined) return false;
    this.#at = at;
    this.#file = file;
    this.#line = line;
    this.#lines[file + 1] = line;
    return true;
  }

  /** A number of up to 35 bits. */
  #number(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 35; factor *= 0x80) {
      const byte = this.#bytes[this.#next++];
      if (byte === undefined) return this.#fail("it ends in the middle of an entry");
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    return this.#fail("a number is too long");
  }

  #fail(fault: string): number {
    this.#fault ??= fault;
    return 0;
  }
}
