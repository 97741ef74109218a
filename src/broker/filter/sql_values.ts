import {
  compareFractions,
  compareWholes,
  parseFraction,
  parseWhole,
  type SqlNumber,
  whole,
} from "./sql_numbers.ts";

/** What a part of an expression comes to; null is unknown. A property is a text or unknown. */
export type Value = null | boolean | string | SqlNumber;

/** Said of two values that cannot be compared; then the message does not match, whatever else it has. */
export const NO_ORDER = "no order";
type NoOrder = typeof NO_ORDER;

/**
 * Whether two values are equal. A text becomes what the other side is; only a text on the right of a truth does
 * not. Unknown equals unknown. On the right it differs from all else, on the left that is unknown.
 */
export function areEqual(left: Value, right: Value): boolean | null | NoOrder {
  if (left === null) return right === null ? true : null;
  if (right === null) return false;
  if (typeof left === "string") return equalsText(left, right);
  if (typeof left === "boolean") return typeof right === "string" ? NO_ORDER : left === right;
  if (typeof right === "boolean") return false;
  const compared = compareNumber(left, right);
  return compared === NO_ORDER ? compared : compared === 0;
}

function equalsText(text: string, other: Exclude<Value, null>): boolean | NoOrder {
  if (typeof other === "string") return text === other;
  if (typeof other === "boolean") return (text.toLowerCase() === "true") === other;
  const compared = compareNumber(other, text);
  return compared === NO_ORDER ? compared : compared === 0;
}

/** Below, at or above 0 as `left` is less than, equal to or greater than `right`; null when one is unknown. */
export function compare(left: Value, right: Value): number | null | NoOrder {
  if (left === null || right === null) return null;
  if (typeof left === "boolean" || typeof right === "boolean") return NO_ORDER;
  if (typeof left !== "string") return compareNumber(left, right);
  if (typeof right === "string") return compareTexts(left, right);
  const turned = compareNumber(right, left);
  return turned === NO_ORDER ? turned : -turned;
}

/** A text is read as the kind of number that stands on the other side. */
function compareNumber(number: SqlNumber, other: string | SqlNumber): number | NoOrder {
  if (typeof other !== "string") {
    return number.bits > 0 && other.bits > 0
      ? compareWholes(number.high, number.low, other.high, other.low)
      : compareFractions(number.value, other.value);
  }
  if (number.bits !== 0) {
    if (!parseWhole(other, number.bits)) return NO_ORDER;
    return compareWholes(number.high, number.low, whole.high, whole.low);
  }
  const value = parseFraction(other);
  return value === undefined ? NO_ORDER : compareFractions(number.value, value);
}

/** Two properties have an order when both are numbers, of any kind. */
function compareTexts(left: string, right: string): number | NoOrder {
  const [a, b] = [parseFraction(left), parseFraction(right)];
  return a === undefined || b === undefined ? NO_ORDER : compareFractions(a, b);
}
