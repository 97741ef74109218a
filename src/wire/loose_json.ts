import { FieldError } from "../base/errors.ts";

/** Bodies are three or four deep; the bound keeps a hostile one from using up the stack. */
const DEPTH_MAX = 64;

const SPACE = /[ \t\r\n]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const INTEGER = /-?\d+/y;
const WORD = /true|false|null/y;

/**
 * JSON as fastjson writes it: a key may also be a bare whole number, `{0:"a"}`, or an object,
 * `{{"queueId":0}:1}`. Such keys become their text as it stands. A `$ref`, its mark for an object it has
 * written before, is left as it is.
 *
 * @throws {FieldError} naming `what` when the text is neither that nor JSON.
 */
export function parseLooseJson(text: string, what = "body"): unknown {
  return new Reader(text, what).whole();
}

/** An object whose keys and values are JSON already: keys stand as they are given, quoted or not. */
export function formatLooseObject(
  entries: Iterable<readonly [key: string | number, value: string | number]>,
): string {
  const fields: string[] = [];
  for (const [key, value] of entries) fields.push(`${key}:${value}`);
  return `{${fields.join(",")}}`;
}

class Reader {
  readonly #text: string;
  readonly #what: string;
  #at = 0;
  #depth = 0;

  constructor(text: string, what: string) {
    this.#text = text;
    this.#what = what;
  }

  whole(): unknown {
    const value = this.#value();
    if (this.#next() !== undefined) throw this.#wrong("the end");
    return value;
  }

  #value(): unknown {
    switch (this.#next()) {
      case "{":
        return this.#object();
      case "[":
        return this.#list();
      case '"':
        return this.#string();
    }
    const literal = this.#match(NUMBER) ?? this.#match(WORD);
    if (literal === undefined) throw this.#wrong("a JSON value");
    return JSON.parse(literal);
  }

  #object(): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    this.#items("}", () => {
      const key = this.#key();
      if (this.#next() !== ":") throw this.#wrong('":"');
      this.#at++;
      const value = this.#value();
      // defined, not assigned: "__proto__" is a key like any other
      Object.defineProperty(object, key, {
        value,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    });
    return object;
  }

  #list(): unknown[] {
    const list: unknown[] = [];
    this.#items("]", () => list.push(this.#value()));
    return list;
  }

  /** Reads what stands between the bracket at hand and `close`, separated by commas. */
  #items(close: string, item: () => void): void {
    if (++this.#depth > DEPTH_MAX) throw this.#wrong(`nested at most ${DEPTH_MAX} deep`);
    this.#at++;
    if (this.#next() !== close) {
      for (item(); this.#next() === ","; item()) this.#at++;
      if (this.#next() !== close) throw this.#wrong(`"," or "${close}"`);
    }
    this.#at++;
    this.#depth--;
  }

  #key(): string {
    const first = this.#next();
    if (first === '"') return this.#string();
    const from = this.#at;
    if (first === "{") this.#object();
    else if (this.#match(INTEGER) === undefined) throw this.#wrong("a key");
    return this.#text.slice(from, this.#at);
  }

  #string(): string {
    let end = this.#at + 1;
    while (end < this.#text.length && this.#text[end] !== '"') {
      end += this.#text[end] === "\\" ? 2 : 1;
    }
    const text = this.#text.slice(this.#at, end + 1);
    try {
      const string = JSON.parse(text);
      this.#at = end + 1;
      return string;
    } catch {
      throw this.#wrong("text in quotes");
    }
  }

  /** The next character that is no space, left in its place. */
  #next(): string | undefined {
    SPACE.lastIndex = this.#at;
    SPACE.test(this.#text);
    this.#at = SPACE.lastIndex;
    return this.#text[this.#at];
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return undefined;
    const text = this.#text.slice(this.#at, pattern.lastIndex);
    this.#at = pattern.lastIndex;
    return text;
  }

  #wrong(wanted: string): FieldError {
    const found = this.#text.slice(this.#at, this.#at + 40);
    return new FieldError(this.#what, found, `JSON; at character ${this.#at} it must be ${wanted}`);
  }
}
