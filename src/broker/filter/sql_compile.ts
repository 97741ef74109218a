import { negative } from "./sql_numbers.ts";
import { parseSql } from "./sql_parser.ts";
import type { Node, Order } from "./sql_tree.ts";
import { areEqual, compare, NO_ORDER, type Value } from "./sql_values.ts";

/** The properties of one message, those that an expression names: by their place among its `names`. */
export interface Properties {
  /** Null when the message has none of that name. */
  text(place: number): string | null;
}

/** One evaluation. It goes on after a failure, which decides what it comes to. */
interface Run {
  properties: Properties;
  failed: boolean;
}

type Evaluate = (run: Run) => Value;

const NOTHING: Properties = { text: () => null };

/** A condition on properties, compiled; one for any number of messages. */
export class SqlExpression {
  /** The properties that it asks for, each once. */
  readonly names: readonly string[];
  readonly #evaluate: Evaluate;
  readonly #run: Run = { properties: NOTHING, failed: false };

  /** See `compileSql`. */
  constructor(names: readonly string[], evaluate: Evaluate) {
    this.names = names;
    this.#evaluate = evaluate;
  }

  /** True when the condition is true of a message. */
  matches(properties: Properties): boolean {
    return this.evaluate(properties) === true;
  }

  /** Null when that is unknown, undefined when values were compared that cannot be. */
  evaluate(properties: Properties): boolean | null | undefined {
    const run = this.#run;
    run.properties = properties;
    run.failed = false;
    const value = this.#evaluate(run);
    run.properties = NOTHING;
    if (run.failed) return undefined;
    return value === null ? null : value === true; // a property alone is no truth, whatever it says
  }
}

/** Compiles an expression of RocketMQ's SQL92 subset. @throws {SqlError} */
export function compileSql(text: string): SqlExpression {
  const names = new Map<string, number>();
  const evaluate = compiled(parseSql(text), names);
  return new SqlExpression([...names.keys()], evaluate);
}

function compiled(node: Node, names: Map<string, number>): Evaluate {
  switch (node.kind) {
    case "property":
      return property(placeOf(node.name, names));
    case "number":
    case "text":
    case "truth": {
      const { value } = node;
      return () => value;
    }
    case "null":
      return () => null;
    case "minus":
      return minus(compiled(node.of, names));
    case "not":
      return not(compiled(node.of, names));
    case "and":
    case "or":
      return chain(node.of.map((part) => compiled(part, names)), node.kind === "or");
    case "equal":
      return equal(compiled(node.left, names), compiled(node.right, names));
    case "isNull":
      return isNull(compiled(node.of, names));
    case "order":
      return ordered(node.sign, compiled(node.left, names), compiled(node.right, names));
    case "in":
      return isIn(placeOf(node.name, names), node.texts);
  }
}

function placeOf(name: string, names: Map<string, number>): number {
  const known = names.get(name);
  if (known !== undefined) return known;
  names.set(name, names.size);
  return names.size - 1;
}

function property(place: number): Evaluate {
  return ({ properties }) => properties.text(place);
}

/** Only a number has another sign, all else is unknown then. */
function minus(of: Evaluate): Evaluate {
  return (run) => {
    const value = of(run);
    return value !== null && typeof value === "object" ? negative(value) : null;
  };
}

/** A text is not true, so NOT makes it true. */
function not(of: Evaluate): Evaluate {
  return (run) => {
    const value = of(run);
    return value === null ? null : value !== true;
  };
}

/** The first part that decides it ends it; a text counts as false. */
function chain(parts: readonly Evaluate[], decides: boolean): Evaluate {
  return (run) => {
    let value: boolean | null = !decides;
    for (const part of parts) {
      const one = part(run);
      if (one === null) value = null;
      else if ((one === true) === decides) return decides;
    }
    return value;
  };
}

function equal(left: Evaluate, right: Evaluate): Evaluate {
  return (run) => {
    const value = areEqual(left(run), right(run));
    return value === NO_ORDER ? failed(run) : value;
  };
}

function isNull(of: Evaluate): Evaluate {
  return (run) => of(run) === null;
}

function ordered(sign: Order, left: Evaluate, right: Evaluate): Evaluate {
  const fits = FITS[sign];
  return (run) => {
    const value = left(run);
    if (value === null) return null; // then the right side cannot fail
    const compared = compare(value, right(run));
    if (compared === null) return null;
    return compared === NO_ORDER ? failed(run) : fits(compared);
  };
}

const FITS: Record<Order, (compared: number) => boolean> = {
  "<": (compared) => compared < 0,
  "<=": (compared) => compared <= 0,
  ">": (compared) => compared > 0,
  ">=": (compared) => compared >= 0,
};

function isIn(place: number, texts: ReadonlySet<string>): Evaluate {
  return ({ properties }) => {
    const text = properties.text(place);
    return text === null ? null : texts.has(text);
  };
}

function failed(run: Run): null {
  run.failed = true;
  return null;
}
