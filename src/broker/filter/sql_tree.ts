import type { SqlNumber } from "./sql_numbers.ts";
import { SqlError } from "./sql_tokens.ts";

export type Order = "<" | "<=" | ">" | ">=";

/** An expression as its text says it. */
export type Node =
  | { readonly kind: "property"; readonly name: string }
  | { readonly kind: "number"; readonly value: SqlNumber; readonly text: string }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "truth"; readonly value: boolean }
  | { readonly kind: "null" }
  | { readonly kind: "minus"; readonly of: Node }
  | { readonly kind: "not"; readonly of: Node }
  /** Two at least. */
  | { readonly kind: "and" | "or"; readonly of: readonly Node[] }
  | { readonly kind: "equal"; readonly left: Node; readonly right: Node }
  | { readonly kind: "isNull"; readonly of: Node }
  | { readonly kind: "order"; readonly sign: Order; readonly left: Node; readonly right: Node }
  | { readonly kind: "in"; readonly name: string; readonly texts: ReadonlySet<string> };

// What may stand where is decided by what is written, not by what it comes to: (5) is a number, -5 is not.

/** @throws {SqlError} when this can be neither true nor false nor unknown. */
export function mustBeCondition(node: Node): Node {
  if (node.kind !== "number" && node.kind !== "text" && node.kind !== "minus") return node;
  throw new SqlError(`${shown(node)} is neither true nor false`);
}

/** @throws {SqlError} when the two are never equal, whatever a message has. */
export function equal(left: Node, right: Node): Node {
  if (left.kind === "null" || right.kind === "null") {
    throw new SqlError("NULL equals nothing, IS NULL asks for it");
  }
  if (left.kind === "truth" && (right.kind === "text" || right.kind === "number")) {
    throw new SqlError(`${shown(left)} cannot be compared with ${shown(right)}`);
  }
  return { kind: "equal", left, right };
}

/** @throws {SqlError} when a side has no order. */
export function order(sign: Order, left: Node, right: Node): Node {
  for (const side of [left, right]) {
    if (side.kind !== "property" && side.kind !== "number" && side.kind !== "minus") {
      throw new SqlError(`${shown(side)} is neither less nor greater than anything`);
    }
  }
  return { kind: "order", sign, left, right };
}

/** @throws {SqlError} when the bounds have no order, or stand the wrong way round. */
export function between(value: Node, low: Node, high: Node): Node {
  const both = [order(">=", value, low), order("<=", value, high)];
  if (low.kind === "number" && high.kind === "number" && low.value.value > high.value.value) {
    throw new SqlError(`nothing is between ${shown(low)} and ${shown(high)}`);
  }
  return { kind: "and", of: both };
}

/** @throws {SqlError} when the bounds have no order. */
export function notBetween(value: Node, low: Node, high: Node): Node {
  return { kind: "or", of: [order("<", value, low), order(">", value, high)] };
}

/** @throws {SqlError} when `value` is no property. */
export function isIn(value: Node, texts: readonly string[]): Node {
  if (value.kind === "property") {
    return { kind: "in", name: value.name, texts: new Set(texts) };
  }
  throw new SqlError(`IN asks for a property, not for ${shown(value)}`);
}

function shown(node: Node): string {
  switch (node.kind) {
    case "property":
      return node.name;
    case "number":
      return node.text;
    case "text":
      return `'${node.value}'`;
    case "truth":
      return node.value ? "TRUE" : "FALSE";
    case "null":
      return "NULL";
    case "minus":
      return `-${shown(node.of)}`;
    default:
      return "a condition";
  }
}
