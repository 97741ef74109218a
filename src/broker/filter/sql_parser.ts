import { fraction, wholeNumber } from "./sql_numbers.ts";
import { SqlError, type Token, Tokens } from "./sql_tokens.ts";
import {
  between,
  equal,
  isIn,
  mustBeCondition,
  type Node,
  notBetween,
  type Order,
  order,
} from "./sql_tree.ts";

/** More than a person writes; a program's expression must not use up the stack, nor a broker's time. */
const DEPTH_MAX = 200;
/** One pull may look at 800 messages before others have their turn. A list of IN is one. */
const CONDITIONS_MAX = 500;
const LENGTH_MAX = 64 * 1024;
/** The largest and the smallest fraction there are. */
const FRACTION_MIN = 5e-324;

/**
 * The tree of an expression of RocketMQ's SQL92 subset.
 *
 *     or      := and (OR and)*
 *     and     := equals (AND equals)*
 *     equals  := compare (("=" | "<>") compare | IS [NOT] NULL)*
 *     compare := unary ((">" | ">=" | "<" | "<=") unary | [NOT] BETWEEN unary AND unary
 *                      | [NOT] IN "(" text ("," text)* ")")*
 *     unary   := "+" unary | "-" unary | NOT unary | literal | property | "(" or ")"
 *
 * NOT binds tighter than "=". What stands behind a whole expression is ignored, as Java does.
 *
 * @throws {SqlError}
 */
export function parseSql(text: string): Node {
  if (text.length > LENGTH_MAX) {
    throw new SqlError(`it has ${text.length} characters, at most ${LENGTH_MAX}`);
  }
  return new Parser(new Tokens(text)).whole();
}

class Parser {
  readonly #tokens: Tokens;
  #depth = 0;
  #conditions = 0;

  constructor(tokens: Tokens) {
    this.#tokens = tokens;
  }

  whole(): Node {
    return mustBeCondition(this.#or());
  }

  #or(): Node {
    return this.#chain("or", "OR", () => this.#chain("and", "AND", () => this.#equals()));
  }

  #chain(kind: "and" | "or", sign: "AND" | "OR", part: () => Node): Node {
    const first = part();
    if (this.#tokens.next.kind !== sign) return first;
    const of = [mustBeCondition(first)];
    while (this.#tokens.takeIf(sign)) of.push(mustBeCondition(part()));
    return { kind, of };
  }

  #equals(): Node {
    const tokens = this.#tokens;
    const depth = this.#depth;
    if (++this.#conditions > CONDITIONS_MAX) {
      throw new SqlError(`it has more than ${CONDITIONS_MAX} conditions`);
    }
    let node = this.#compare();
    for (;;) {
      if (tokens.takeIf("=")) node = equal(node, this.#compare());
      else if (tokens.takeIf("<>")) node = { kind: "not", of: equal(node, this.#compare()) };
      else if (tokens.takeIf("IS")) node = this.#isNull(node);
      else break;
      this.#deeper(); // each is one around the last
    }
    this.#depth = depth;
    return node;
  }

  #isNull(of: Node): Node {
    const isNot = this.#tokens.takeIf("NOT");
    this.#tokens.expect("NULL", isNot ? "NULL" : "NULL or NOT NULL");
    const isNull: Node = { kind: "isNull", of };
    return isNot ? { kind: "not", of: isNull } : isNull;
  }

  #compare(): Node {
    const tokens = this.#tokens;
    let node = this.#unary();
    for (;;) {
      const { kind } = tokens.next;
      if (kind === ">" || kind === ">=" || kind === "<" || kind === "<=") {
        tokens.take();
        node = order(kind as Order, node, this.#unary());
      } else if (kind === "BETWEEN" || kind === "IN" || kind === "NOT") {
        node = this.#range(node);
      } else return node;
    }
  }

  #range(value: Node): Node {
    const tokens = this.#tokens;
    const isNot = tokens.takeIf("NOT");
    if (tokens.takeIf("BETWEEN")) {
      const low = this.#unary();
      tokens.expect("AND", "AND");
      return (isNot ? notBetween : between)(value, low, this.#unary());
    }
    tokens.expect("IN", "BETWEEN or IN");
    tokens.expect("(", '"("');
    const texts: string[] = [];
    do texts.push(tokens.expect("text", "a text in quotes").value); while (tokens.takeIf(","));
    tokens.expect(")", '"," or ")"');
    const node = isIn(value, texts);
    return isNot ? { kind: "not", of: node } : node;
  }

  #unary(): Node {
    this.#deeper();
    const node = this.#inner();
    this.#depth--;
    return node;
  }

  #inner(): Node {
    const tokens = this.#tokens;
    if (tokens.takeIf("+")) return this.#unary();
    if (tokens.takeIf("-")) return { kind: "minus", of: this.#unary() };
    if (tokens.takeIf("NOT")) return { kind: "not", of: mustBeCondition(this.#unary()) };
    if (!tokens.takeIf("(")) return this.#single();
    const inner = this.#or();
    tokens.expect(")", '")"');
    return inner;
  }

  #single(): Node {
    const tokens = this.#tokens;
    const { kind } = tokens.next;
    switch (kind) {
      case "name":
        return { kind: "property", name: tokens.take().value };
      case "whole":
      case "fraction":
        return numberOf(tokens.take());
      case "text":
        return { kind: "text", value: tokens.take().value };
      case "TRUE":
      case "FALSE":
        tokens.take();
        return { kind: "truth", value: kind === "TRUE" };
      case "NULL":
        tokens.take();
        return { kind: "null" };
    }
    throw tokens.unexpected('a property, a value or "("');
  }

  #deeper(): void {
    if (++this.#depth > DEPTH_MAX) throw new SqlError(`it is nested more than ${DEPTH_MAX} deep`);
  }
}

function numberOf({ kind, value: text }: Token): Node {
  if (kind === "whole") {
    const value = wholeNumber(text);
    if (value === undefined) throw new SqlError(`${text} does not fit 64 bits`);
    return { kind: "number", value, text };
  }
  const value = Number(text);
  if (value < FRACTION_MIN) throw new SqlError(`${text} is less than ${FRACTION_MIN}`);
  if (value === Infinity) throw new SqlError(`${text} is greater than ${Number.MAX_VALUE}`);
  return { kind: "number", value: fraction(value), text };
}
