// HttpHeaders: names and values of a request or response; a name may occur several times.
import { Reader } from "../bytes/reader";
import { decodeUtf8Lossy, encodeUtf8 } from "../bytes/utf8";
import { Writer } from "../bytes/writer";

/** One header; it does not change. Values are bytes, most often of ASCII. */
export class HttpHeader {
  constructor(
    /** In small letters where this library wrote it. */
    readonly name: string,
    readonly value: Uint8Array,
  ) {}

  /** The value as text; what is not UTF-8 becomes U+FFFD. */
  get text(): string {
    return decodeUtf8Lossy(this.value);
  }
}

/** The headers in their order. Names are compared without regard to capitals. */
export class HttpHeaders {
  readonly entries: HttpHeader[] = [];

  /** Adds a header and keeps those of the same name. */
  append(name: string, value: string): void {
    this.entries.push(new HttpHeader(name.toLowerCase(), encodeUtf8(value)));
  }

  /** Adds a header in the place of all those of the same name. */
  set(name: string, value: string): void {
    this.remove(name);
    this.append(name, value);
  }

  /** Whether there was one. */
  remove(name: string): bool {
    const wanted = name.toLowerCase();
    let found = false;
    for (let i = this.entries.length - 1; i >= 0; i--) {
      if (this.entries[i].name.toLowerCase() != wanted) continue;
      this.entries.splice(i, 1);
      found = true;
    }
    return found;
  }

  has(name: string): bool {
    return this.get(name) !== null;
  }

  /** The text of the first header of that name. */
  get(name: string): string | null {
    const wanted = name.toLowerCase();
    for (let i = 0; i < this.entries.length; i++) {
      const entry = this.entries[i];
      if (entry.name.toLowerCase() == wanted) return entry.text;
    }
    return null;
  }

  /** The texts of all headers of that name. */
  getAll(name: string): string[] {
    const wanted = name.toLowerCase();
    const texts: string[] = [];
    for (let i = 0; i < this.entries.length; i++) {
      const entry = this.entries[i];
      if (entry.name.toLowerCase() == wanted) texts.push(entry.text);
    }
    return texts;
  }

  static read(reader: Reader): HttpHeaders {
    const headers = new HttpHeaders();
    const count = reader.u32();
    for (let i: u32 = 0; i < count; i++) {
      const name = reader.string();
      headers.entries.push(new HttpHeader(name, reader.bytes()));
    }
    return headers;
  }

  write(writer: Writer): void {
    writer.u32(this.entries.length);
    for (let i = 0; i < this.entries.length; i++) {
      const entry = this.entries[i];
      writer.string(entry.name);
      writer.bytes(entry.value);
    }
  }
}
