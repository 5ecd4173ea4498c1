// What a server of PostgreSQL's protocol says on one connection: each message must have the form that its letter says.
import { assert } from "@lightcone/abi";

/** A message is never longer than what one row of the fuzzed tables can need. */
const bodyBytesMax = 1024 * 1024;

/** Reads a body from its start; throws where it ends too early. */
class Body {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isOver(): boolean {
    return this.#at === this.#bytes.length;
  }

  skip(count: number): number {
    const at = this.#at;
    assert(count >= 0 && at + count <= this.#bytes.length, "a message is too short");
    this.#at = at + count;
    return at;
  }

  u8(): number {
    return this.#bytes[this.skip(1)] as number;
  }

  i16(): number {
    return this.#bytes.readInt16BE(this.skip(2));
  }

  i32(): number {
    return this.#bytes.readInt32BE(this.skip(4));
  }

  text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    assert(end >= 0, "a text has no end");
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end + 1;
    return utf8.decode(bytes);
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function times(count: number, read: () => void): void {
  assert(count >= 0, "a count is negative");
  for (let i = 0; i < count; i++) read();
}

/** The fields of an error or a notice. */
function readFields(body: Body): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {};
  for (let letter = body.u8(); letter !== 0; letter = body.u8())
    fields[String.fromCharCode(letter)] = body.text();
  for (const letter of "SVCM") assert(letter in fields, `an error has no field ${letter}`);
  assert(/^[0-9A-Z]{5}$/.test(fields["C"] ?? ""), `SQLSTATE ${fields["C"]}`);
  assert(fields["C"] !== "XX000", `a fault of the host: ${fields["M"]}`);
  return fields;
}

export class PgReplies {
  #bytes: Buffer = Buffer.alloc(0);
  #columnCount: number | undefined;
  messageCount = 0;
  /** ReadyForQuery. */
  readyCount = 0;
  /** SQLSTATEs, and how often. */
  readonly errors: Map<string, number>;
  isFatal = false;

  constructor(errors: Map<string, number>) {
    this.errors = errors;
  }

  push(chunk: Buffer): void {
    const rest = this.#bytes;
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (bytes.length - at >= 5) {
      const length = bytes.readInt32BE(at + 1);
      assert(length >= 4 && length <= bodyBytesMax, `a message of ${length} bytes`);
      if (bytes.length < at + 1 + length) break;
      const letter = String.fromCharCode(bytes[at] as number);
      const body = new Body(bytes.subarray(at + 5, at + 1 + length));
      this.#take(letter, body);
      assert(body.isOver, `a message ${letter} has bytes too many`);
      at += 1 + length;
    }
    this.#bytes = at === 0 ? bytes : bytes.subarray(at);
  }

  #take(letter: string, body: Body): void {
    assert(!this.isFatal, "a message follows the last one");
    this.messageCount++;
    switch (letter) {
      case "1":
      case "2":
      case "3":
      case "I":
      case "n":
      case "s":
        return;
      case "C":
        assert(body.text() !== "", "a command without a tag");
        return;
      case "D":
        this.#takeRow(body);
        return;
      case "E":
      case "N": {
        const { C = "", V } = readFields(body);
        if (letter === "N") return;
        this.errors.set(C, (this.errors.get(C) ?? 0) + 1);
        this.isFatal = V === "FATAL";
        return;
      }
      case "K":
        body.skip(8);
        return;
      case "R":
        assert([0, 3].includes(body.i32()), "authentication by something else");
        return;
      case "S":
        assert(body.text() !== "", "a setting without a name");
        body.text();
        return;
      case "T":
        this.#columnCount = body.i16();
        times(this.#columnCount, () => {
          body.text();
          body.skip(18);
        });
        return;
      case "t":
        times(body.i16(), () => body.skip(4));
        return;
      case "v":
        body.i32();
        times(body.i32(), () => body.text());
        return;
      case "Z":
        assert("ITE".includes(String.fromCharCode(body.u8())), "a state that is none");
        this.readyCount++;
        this.#columnCount = undefined;
        return;
      default:
        throw new Error(`a message has the letter ${letter}`);
    }
  }

  #takeRow(body: Body): void {
    const count = body.i16();
    const wanted = this.#columnCount;
    assert(wanted === undefined || wanted === count, `${count} columns instead of ${wanted}`);
    times(count, () => {
      const length = body.i32();
      if (length !== -1) body.skip(length);
    });
  }

  /** Nothing is left over when the connection ends. */
  finish(): void {
    assert(this.#bytes.length === 0, "the connection ends within a message");
  }
}
