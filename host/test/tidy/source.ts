// A source file as the tidy rules see it: its words apart from its comments and its strings.
//
// The rules look for words such as `await`. A comment that explains why there is none, or a string
// that quotes one, must not count, so each file is split into three texts of equal length, blanked
// where the other two speak: an offset means the same place in all of them.

export interface Source {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
  /** Code only: comments and what stands between quotes are blank, the quotes remain. */
  readonly code: string;
  /** Comments only. */
  readonly comments: string;
}

type Kind = "code" | "comment" | "string";

/** Where a `/` is a division: after a value. Elsewhere it opens a pattern. */
const endsValue = /[\w$)\]}"'`]$/;
const keywordBeforePattern =
  /\b(?:return|typeof|case|in|of|do|else|void|delete|throw|await|yield)$/;

export function makeSource(path: string, text: string): Source {
  const kinds = new Scanner(text).run();
  const keep = (wanted: Kind): string =>
    Array.from({ length: text.length }, (_, at) => {
      const character = text.charAt(at);
      return kinds[at] === wanted || character === "\n" ? character : " ";
    }).join("");
  return { path, text, code: keep("code"), comments: keep("comment") };
}

export function isTest({ path }: Source): boolean {
  return path.endsWith(".test.ts") || /^[^/]+\/test\//.test(path);
}

/** Counted from 1. */
export function lineAt(source: Source, offset: number): number {
  let line = 1;
  for (let at = 0; at < offset; at++) if (source.text.charAt(at) === "\n") line += 1;
  return line;
}

/** Says what each character is. Quotes and the braces of `${}` count as code. */
class Scanner {
  readonly #text: string;
  readonly #kinds: Kind[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(): readonly Kind[] {
    this.#code(false);
    return this.#kinds;
  }

  #take(count: number, kind: Kind): void {
    for (let taken = 0; taken < count && this.#at < this.#text.length; taken++) {
      this.#kinds.push(kind);
      this.#at += 1;
    }
  }

  #takeUntil(end: string, kind: Kind): void {
    const found = this.#text.indexOf(end, this.#at);
    this.#take((found === -1 ? this.#text.length : found) - this.#at, kind);
  }

  /** Ends at the end of the text or, inside a template, at the brace that closes `${`. */
  #code(inTemplate: boolean): void {
    let depth = 0;
    while (this.#at < this.#text.length) {
      const here = this.#text.charAt(this.#at);
      const pair = this.#text.slice(this.#at, this.#at + 2);
      if (inTemplate && here === "}" && depth === 0) return;
      if (here === "{") depth += 1;
      if (here === "}") depth -= 1;
      if (pair === "//") this.#takeUntil("\n", "comment");
      else if (pair === "/*") this.#blockComment();
      else if (here === "`") this.#template();
      else if (here === '"' || here === "'") this.#quoted(here);
      else if (here === "/" && this.#opensPattern()) this.#pattern();
      else this.#take(1, "code");
    }
  }

  #blockComment(): void {
    this.#take(2, "comment");
    this.#takeUntil("*/", "comment");
    this.#take(2, "comment");
  }

  #quoted(quote: string): void {
    this.#take(1, "code");
    while (this.#at < this.#text.length) {
      const here = this.#text.charAt(this.#at);
      if (here === quote || here === "\n") break;
      this.#take(here === "\\" ? 2 : 1, "string");
    }
    this.#take(1, "code");
  }

  #template(): void {
    this.#take(1, "code");
    while (this.#at < this.#text.length && this.#text.charAt(this.#at) !== "`") {
      if (this.#text.startsWith("${", this.#at)) {
        this.#take(2, "code");
        this.#code(true);
        this.#take(1, "code");
      } else {
        this.#take(this.#text.charAt(this.#at) === "\\" ? 2 : 1, "string");
      }
    }
    this.#take(1, "code");
  }

  #opensPattern(): boolean {
    let before = "";
    for (let at = this.#at - 1; at >= 0 && before.length < 10; at--) {
      if (this.#kinds[at] === "comment") continue;
      const character = this.#text.charAt(at);
      if (before === "" && /\s/.test(character)) continue;
      before = character + before;
    }
    return !endsValue.test(before) || keywordBeforePattern.test(before);
  }

  #pattern(): void {
    let inClass = false;
    this.#take(1, "code");
    while (this.#at < this.#text.length) {
      const here = this.#text.charAt(this.#at);
      if ((here === "/" && !inClass) || here === "\n") break;
      if (here === "[") inClass = true;
      if (here === "]") inClass = false;
      this.#take(here === "\\" ? 2 : 1, "string");
    }
    this.#take(1, "code");
  }
}
