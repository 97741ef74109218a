/** An expression that is none. The message says where and why, for the consumer that sent it. */
export class SqlError extends Error {
  override name = "SqlError";
}

/** What a token is; keywords and signs are their own kind, keywords in capitals. */
export type TokenKind = "name" | "whole" | "fraction" | "text" | "end" | Keyword | Sign;

/** One word, number, text or sign of an expression. */
export interface Token {
  readonly kind: TokenKind;
  /** The name, the digits, or what the text says without its quotes. */
  readonly value: string;
  /** Characters before it. */
  readonly at: number;
}

const KEYWORDS = ["NOT", "AND", "OR", "BETWEEN", "IN", "IS", "TRUE", "FALSE", "NULL"] as const;
type Keyword = typeof KEYWORDS[number];
type Sign = "=" | "<>" | "<" | "<=" | ">" | ">=" | "(" | ")" | "," | "+" | "-";

/** Blanks and comments: `--` up to the line's end, which there must be, and those in slashes and stars. */
const GAP = /(?:[ \t\r\n\f]|--[^\r\n]*[\r\n]|\/\*[^]*?\*\/)*/y;
/** Letters are those of ASCII. */
const NAME = /[A-Za-z_$][A-Za-z0-9_$]*/y;
/** A dot or an exponent makes it a fraction, `5.` and `007.5` too. */
const FRACTION = /(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+/y;
/** No whole number but 0 begins with 0: `08` is 0 and then 8, `0L` is 0 and then a name. */
const WHOLE = /0|[1-9]\d*[lL]?/y;
/** Two quotes stand for one. */
const TEXT = /'(?:[^']|'')*'/y;
const SIGN = /<>|<=|>=|[=<>(),+-]/y;

/** Cuts an expression into tokens, one at a time: what stands behind the end of an expression is not looked at. */
export class Tokens {
  readonly #text: string;
  #at = 0;
  #next: Token;

  /** @throws {SqlError} when it does not begin with a token. */
  constructor(text: string) {
    this.#text = text;
    this.#next = this.#read();
  }

  /** The token at hand. */
  get next(): Token {
    return this.#next;
  }

  /** Goes on behind the token at hand and gives it. @throws {SqlError} when what follows is no token. */
  take(): Token {
    const taken = this.#next;
    this.#next = this.#read();
    return taken;
  }

  /** Takes the token at hand if it is of that kind. @throws {SqlError} */
  takeIf(kind: TokenKind): boolean {
    if (this.#next.kind !== kind) return false;
    this.take();
    return true;
  }

  /** Takes a token that must be there. @throws {SqlError} */
  expect(kind: TokenKind, wanted: string): Token {
    if (this.#next.kind !== kind) throw this.unexpected(wanted);
    return this.take();
  }

  /** The error of a token that cannot stand where it does. */
  unexpected(wanted: string): SqlError {
    const { kind, at } = this.#next;
    return wrong(at, kind === "end" ? "the end" : this.#text.slice(at, at + 20), wanted);
  }

  #read(): Token {
    this.#match(GAP);
    const at = this.#at;
    if (at === this.#text.length) return { kind: "end", value: "", at };
    const name = this.#match(NAME);
    if (name !== undefined) return { kind: keywordOf(name) ?? "name", value: name, at };
    const fraction = this.#match(FRACTION);
    if (fraction !== undefined) return { kind: "fraction", value: fraction, at };
    const whole = this.#match(WHOLE);
    if (whole !== undefined) return { kind: "whole", value: whole.replace(/[lL]$/, ""), at };
    const text = this.#match(TEXT);
    if (text !== undefined) {
      return { kind: "text", value: text.slice(1, -1).replaceAll("''", "'"), at };
    }
    const sign = this.#match(SIGN);
    if (sign !== undefined) return { kind: sign as Sign, value: sign, at };
    throw wrong(at, this.#text.slice(at, at + 20), "a name, a number, a text in quotes or a sign");
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}

function keywordOf(name: string): Keyword | undefined {
  const capitals = name.toUpperCase();
  return KEYWORDS.find((keyword) => keyword === capitals);
}

function wrong(at: number, found: string, wanted: string): SqlError {
  return new SqlError(`character ${at + 1}, at "${found}", must be ${wanted}`);
}
