// A strict reader of JSON (RFC 8259): nothing beyond the grammar is let through, and nothing nested
// deeper than a stack should be trusted with.
import { JsonKind, JsonValue } from "./value";

const depthMax = 64;

/** The value of a text; null if the text is not JSON, or is nested deeper than 64 levels. */
export function tryParseJson(text: string): JsonValue | null {
  return new JsonReader(text).whole();
}

// A reader that has met a fault answers null all the way up.
class JsonReader {
  private at: i32 = 0;
  private depth: i32 = 0;

  constructor(private readonly text: string) {}

  whole(): JsonValue | null {
    const value = this.value();
    if (!value) return null;
    this.space();
    return this.at == this.text.length ? value : null;
  }

  /** The unit at hand; -1 at the end. */
  private peek(): i32 {
    return this.at < this.text.length ? this.text.charCodeAt(this.at) : -1;
  }

  private space(): void {
    while (true) {
      const unit = this.peek();
      if (unit != 0x20 && unit != 0x0a && unit != 0x0d && unit != 0x09) return;
      this.at++;
    }
  }

  private accept(unit: i32): bool {
    this.space();
    if (this.peek() != unit) return false;
    this.at++;
    return true;
  }

  private value(): JsonValue | null {
    this.space();
    switch (this.peek()) {
      case 0x7b:
        return this.nested(true);
      case 0x5b:
        return this.nested(false);
      case 0x22: {
        const text = this.string();
        return text === null ? null : new JsonValue(JsonKind.String, text);
      }
      case 0x74:
        return this.word("true", JsonKind.Bool);
      case 0x66:
        return this.word("false", JsonKind.Bool);
      case 0x6e:
        return this.word("null", JsonKind.Null);
      default:
        return this.number();
    }
  }

  private word(word: string, kind: JsonKind): JsonValue | null {
    if (!this.text.startsWith(word, this.at)) return null;
    this.at += word.length;
    return new JsonValue(kind, word);
  }

  private nested(isObject: bool): JsonValue | null {
    if (++this.depth > depthMax) return null;
    this.at++;
    const close = isObject ? 0x7d : 0x5d;
    const items: JsonValue[] = [];
    const names: string[] = [];
    if (!this.accept(close)) {
      while (true) {
        if (isObject) {
          this.space();
          if (this.peek() != 0x22) return null;
          const name = this.string();
          if (name === null || !this.accept(0x3a)) return null;
          names.push(name);
        }
        const item = this.value();
        if (!item) return null;
        items.push(item);
        if (this.accept(0x2c)) continue;
        if (this.accept(close)) break;
        return null;
      }
    }
    this.depth--;
    return new JsonValue(isObject ? JsonKind.Object : JsonKind.Array, "", items, names);
  }

  private number(): JsonValue | null {
    const start = this.at;
    if (this.peek() == 0x2d) this.at++;
    if (this.peek() == 0x30) this.at++;
    else if (!this.digits()) return null;
    if (this.peek() == 0x2e) {
      this.at++;
      if (!this.digits()) return null;
    }
    if ((this.peek() | 0x20) == 0x65) {
      this.at++;
      if (this.peek() == 0x2b || this.peek() == 0x2d) this.at++;
      if (!this.digits()) return null;
    }
    return new JsonValue(JsonKind.Number, this.text.substring(start, this.at));
  }

  /** Whether there was one at least. */
  private digits(): bool {
    const start = this.at;
    while (this.peek() >= 0x30 && this.peek() <= 0x39) this.at++;
    return this.at > start;
  }

  /** The text of a string that begins here. */
  private string(): string | null {
    this.at++;
    let text = "";
    let start = this.at;
    while (true) {
      const unit = this.peek();
      if (unit < 0x20) return null;
      if (unit == 0x22) {
        text += this.text.substring(start, this.at++);
        return text;
      }
      if (unit != 0x5c) {
        this.at++;
        continue;
      }
      text += this.text.substring(start, this.at++);
      const escaped = this.escaped();
      if (escaped < 0) return null;
      text += String.fromCharCode(escaped);
      start = this.at;
    }
  }

  /** The unit that an escape stands for; -1 if it stands for none. */
  private escaped(): i32 {
    const unit = this.peek();
    this.at++;
    switch (unit) {
      case 0x22:
      case 0x5c:
      case 0x2f:
        return unit;
      case 0x62:
        return 0x08;
      case 0x66:
        return 0x0c;
      case 0x6e:
        return 0x0a;
      case 0x72:
        return 0x0d;
      case 0x74:
        return 0x09;
      case 0x75:
        return this.hexUnit();
      default:
        return -1;
    }
  }

  private hexUnit(): i32 {
    let value = 0;
    for (let i = 0; i < 4; i++) {
      const unit = this.peek();
      const lower = unit | 0x20;
      let digit = 0;
      if (unit >= 0x30 && unit <= 0x39) digit = unit - 0x30;
      else if (lower >= 0x61 && lower <= 0x66) digit = lower - 0x61 + 10;
      else return -1;
      value = (value << 4) | digit;
      this.at++;
    }
    return value;
  }
}
