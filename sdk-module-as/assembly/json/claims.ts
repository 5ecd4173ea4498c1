// JwtClaims: what the token of a caller says. The host has checked the token; this only reads it.
import { tryParseJson } from "./parse";
import { JsonValue } from "./value";

/** The claims of a token, by name. They are read when the first one is asked for. */
export class JwtClaims {
  private parsed: JsonValue | null = null;

  constructor(
    /** The token's payload: a text of JSON. */
    readonly payload: string,
  ) {}

  /** A claim of any kind; null if the token has none of that name. */
  claim(name: string): JsonValue | null {
    return this.object().get(name);
  }

  /** A claim that is a string; null if the token has none of that name, or it is something else. */
  text(name: string): string | null {
    const value = this.claim(name);
    return value && value.isString ? value.asString() : null;
  }

  /** The claim `iss`; a token without it ends the call. */
  get issuer(): string {
    return assert(this.text("iss"), "the token has no issuer");
  }

  /** The claim `sub`; a token without it ends the call. */
  get subject(): string {
    return assert(this.text("sub"), "the token has no subject");
  }

  /** The claim `aud` as a list: of one for a string, of the strings of an array, else empty. */
  get audience(): string[] {
    const value = this.claim("aud");
    const list: string[] = [];
    if (!value) return list;
    if (value.isString) list.push(value.asString());
    if (value.isArray) {
      for (let i = 0; i < value.length; i++) {
        const item = value.at(i);
        if (item.isString) list.push(item.asString());
      }
    }
    return list;
  }

  private object(): JsonValue {
    let parsed = this.parsed;
    if (!parsed) {
      parsed = tryParseJson(this.payload);
      assert(parsed && parsed.isObject, "the token's payload is not a JSON object");
      this.parsed = parsed;
    }
    return parsed!;
  }
}
