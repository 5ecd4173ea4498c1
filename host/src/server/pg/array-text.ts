// PostgreSQL's text form of an array of one dimension: `{1,2}`, `{"a, b",NULL}`.

/** Elements that one text may have. */
const itemCountMax = 1_000_000;

const space = /\s/;

/** Reads elements one after another; a fault is told by `undefined`. */
class ArrayScanner {
  readonly #text: string;
  #at = 1;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /** Takes the next character. */
  take(): string {
    return this.#text.charAt(this.#at++);
  }

  skipSpace(): void {
    while (space.test(this.#text.charAt(this.#at))) this.#at++;
  }

  get next(): string {
    return this.#text.charAt(this.#at);
  }

  /** What stands in quotes; the first one is next. */
  quoted(): string | undefined {
    this.#at++;
    let content = "";
    while (this.#at < this.#text.length) {
      const character = this.take();
      if (character === '"') return content;
      content += character === "\\" ? this.take() : character;
    }
    return undefined;
  }

  /** An element without quotes, undefined for one that is empty or has what needs quotes. */
  bare(): string | undefined {
    const start = this.#at;
    while (!["", ",", "}", "{", '"', "\\"].includes(this.next)) this.#at++;
    const content = this.#text.slice(start, this.#at).trimEnd();
    return content === "" ? undefined : content;
  }
}

/** The elements, undefined for NULL; undefined for anything that is no such array, one in another included. */
export function parseArray(text: string): (string | undefined)[] | undefined {
  const trimmed = text.trim();
  if (!trimmed.startsWith("{")) return undefined;
  const scanner = new ArrayScanner(trimmed);
  const items: (string | undefined)[] = [];
  scanner.skipSpace();
  if (scanner.next === "}") {
    scanner.take();
    return scanner.isAtEnd ? items : undefined;
  }
  while (items.length < itemCountMax) {
    scanner.skipSpace();
    const isQuoted = scanner.next === '"';
    const item = isQuoted ? scanner.quoted() : scanner.bare();
    if (item === undefined) return undefined;
    items.push(!isQuoted && item.toLowerCase() === "null" ? undefined : item);
    scanner.skipSpace();
    const separator = scanner.take();
    if (separator === "}") return scanner.isAtEnd ? items : undefined;
    if (separator !== ",") return undefined;
  }
  return undefined;
}
