// The parser's place among the tokens of one text, with the questions and refusals that every part of the grammar needs.
import { didYouMean, type LightconeError } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import { faultAt, shown } from "../fault.ts";
import { type Token, tokenize } from "./lex.ts";
import type { Parameter, Parameters } from "./parameter.ts";
import type { Dialect } from "./tree.ts";

export class Tokens {
  readonly text: string;
  /** Whether what the reference leaves out is read. */
  readonly isWide: boolean;
  /** Undefined where the text cannot have any. */
  readonly #parameters: Parameters | undefined;
  readonly #tokens: readonly Token[];
  #position = 0;
  #depth = 0;

  constructor(text: string, dialect: Dialect, parameters?: Parameters) {
    this.text = text;
    this.#parameters = parameters;
    this.isWide = dialect === "wide";
    this.#tokens = tokenize(text);
  }

  /** The next token; at the end it is of kind "end". */
  get next(): Token {
    return this.#tokens[this.#position] as Token;
  }

  /** The token after the next. */
  get second(): Token {
    return this.#tokens[Math.min(this.#position + 1, this.#tokens.length - 1)] as Token;
  }

  /** Whether a parameter with a number is next, and the text can have any. */
  get isAtParameter(): boolean {
    return this.#parameters !== undefined && /^\$[1-9]\d{0,4}$/.test(this.next.text);
  }

  /** What the parameter stands for that is next. Throws LC_SQL_NAME if nothing was given for it. */
  get parameter(): Parameter {
    const { text, at } = this.next;
    const found = this.#parameters?.(Number(text.slice(1)));
    if (found !== undefined) return found;
    throw faultAt("LC_SQL_NAME", `there is no parameter ${text}`, this.text, at);
  }

  get isAtEnd(): boolean {
    return this.next.kind === "end";
  }

  take(): Token {
    const token = this.next;
    if (token.kind !== "end") this.#position++;
    return token;
  }

  /** Takes the next token, which is known. */
  after(): this {
    this.take();
    return this;
  }

  /** Takes the next token if it is the keyword or symbol `key`. */
  accept(key: string): boolean {
    if (this.next.key !== key) return false;
    this.#position++;
    return true;
  }

  /** Takes the keyword or symbol `key`; throws LC_SQL_SYNTAX where something else stands. */
  expect(key: string): Token {
    if (this.next.key !== key) throw this.expected(key);
    return this.take();
  }

  /** Goes one level into an expression. Ends with `leave()`. */
  enter(): void {
    if (++this.#depth <= limit.sqlDepthMax) return;
    const message = `Recursion limit exceeded: expressions nest at most ${limit.sqlDepthMax} deep`;
    throw faultAt("LC_SQL_SYNTAX", message, this.text, this.next.at);
  }

  leave(): void {
    this.#depth--;
  }

  /** What was expected where the next token stands, and which of the words that may stand there is near. */
  expected(what: string, words: readonly string[] = []): LightconeError {
    const { kind, at, end, text } = this.next;
    const found = kind === "end" ? "the end" : shown(this.text.slice(at, end));
    const near = kind === "word" ? didYouMean(text, words) : "";
    const message = `sql parser error: expected ${what}, found ${found}${near}`;
    return faultAt("LC_SQL_SYNTAX", message, this.text, at);
  }

  /** The refusal of a construct that the language leaves out; `message` begins as section 15 has it. */
  unsupported(message: string, token: Token = this.next): LightconeError {
    return faultAt("LC_SQL_UNSUPPORTED", message, this.text, token.at);
  }
}
