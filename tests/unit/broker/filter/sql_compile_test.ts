import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { compileSql } from "../../../../src/broker/filter/sql_compile.ts";
import { SqlError } from "../../../../src/broker/filter/sql_tokens.ts";
import { goldenLines } from "../../../support/golden.ts";
import { test } from "../../../harness.ts";

type Said = Record<string, string>;
/** "E": values were compared that cannot be; "refused": it does not compile. */
type Outcome = boolean | null | "E" | "refused";

/** A line of vectors/sql92.jsonl. */
interface Line {
  readonly expression: string;
  readonly error?: string;
  readonly properties: Said;
  readonly value: boolean | null;
  readonly evaluationError: string | null;
}

/** A line of vectors/sql92-more.jsonl but the first, which has the sets of properties. */
interface More {
  readonly expression: string;
  readonly refused?: true;
  readonly sets: string;
  readonly values: Outcome[];
}

function outcome(expression: string, said: Said): Outcome {
  try {
    const compiled = compileSql(expression);
    const value = compiled.evaluate({ text: (place) => said[compiled.names[place]] ?? null });
    return value === undefined ? "E" : value;
  } catch (error) {
    assertInstanceOf(error, SqlError);
    return "refused";
  }
}

test("compileSql() gives what Java gives: every line of sql92.jsonl", () => {
  const lines = goldenLines<Line>("vectors/sql92.jsonl");
  assertEquals(lines.length, 283);
  for (const { expression, error, properties, value, evaluationError } of lines) {
    const wanted = error !== undefined ? "refused" : evaluationError !== null ? "E" : value;
    const said = properties ?? {};
    assertEquals(outcome(expression, said), wanted, `${expression} of ${JSON.stringify(said)}`);
  }
});

test("compileSql() gives what Java gives: odd and random expressions", () => {
  const [{ sets }, ...lines] = goldenLines<More>("vectors/sql92-more.jsonl") as unknown as [
    { sets: Record<string, Said[]> },
    ...More[],
  ];
  for (const { expression, refused, sets: name, values } of lines) {
    if (refused) {
      assertEquals(outcome(expression, {}), "refused", expression);
      continue;
    }
    for (const [i, said] of sets[name].entries()) {
      assertEquals(
        outcome(expression, said),
        values[i],
        `${expression} of ${JSON.stringify(said)}`,
      );
    }
  }
});

for (
  const { expression, says } of [
    { expression: "", says: 'character 1, at "the end", must be a property, a value or "("' },
    { expression: "a = = 5", says: 'character 5, at "= 5", must be a property, a value or "("' },
    { expression: "(a > 5", says: 'character 7, at "the end", must be ")"' },
    { expression: "a > 5 NOT x", says: 'character 11, at "x", must be BETWEEN or IN' },
    { expression: "a IS 5", says: 'character 6, at "5", must be NULL or NOT NULL' },
    { expression: "a = NULL", says: "NULL equals nothing, IS NULL asks for it" },
    { expression: "a BETWEEN 9 AND 1", says: "nothing is between 9 and 1" },
    { expression: "a > '5'", says: "'5' is neither less nor greater than anything" },
    { expression: "5 IN ('5')", says: "IN asks for a property, not for 5" },
    { expression: "a > 99999999999999999999", says: "99999999999999999999 does not fit 64 bits" },
    { expression: "a AND -5", says: "-5 is neither true nor false" },
    { expression: "TRUE = 1", says: "TRUE cannot be compared with 1" },
    { expression: "a > 0.0", says: "0.0 is less than 5e-324" },
  ]
) {
  test(`compileSql() of ${expression} says what is wrong`, () => {
    assertEquals(assertThrows(() => compileSql(expression), SqlError).message, says);
  });
}

for (
  const { name, text } of [
    { name: "brackets", text: `${"(".repeat(100_000)}a` },
    { name: "NOT", text: `${"NOT ".repeat(10_000)}a` },
    { name: "signs", text: `${"- ".repeat(20_000)}a > 1` },
    { name: "IS NULL", text: `a${" IS NULL".repeat(5_000)}` },
    { name: "equals", text: `a${" = a".repeat(10_000)}` },
  ]
) {
  test(`compileSql() refuses ${name} that are nested too deep, the stack stands`, () => {
    const { message } = assertThrows(() => compileSql(text), SqlError);
    assertEquals(
      /nested more than 200 deep|at most 65536|more than 500 conditions/.test(message),
      true,
      message,
    );
  });
}

test("compileSql() takes 500 conditions, and a list of any length is one", () => {
  const chain = (length: number) => Array.from({ length }, (_, i) => `a = ${i}`).join(" OR ");
  assertEquals(outcome(chain(500), { a: "499" }), true);
  assertEquals(outcome(chain(500), { a: "500" }), false);
  const { message } = assertThrows(() => compileSql(chain(501)), SqlError);
  assertEquals(message, "it has more than 500 conditions");
  const list = Array.from({ length: 5_000 }, (_, i) => `'${i}'`).join(", ");
  assertEquals(outcome(`a IN (${list})`, { a: "4999" }), true);
});

test("a large whole number is compared exactly", () => {
  const above = "a > 9007199254740992";
  assertEquals(outcome(above, { a: "9007199254740993" }), true);
  assertEquals(outcome(above, { a: "9007199254740992" }), false);
});

test("trap: a number below 2^31 cannot be compared with a property above it", () => {
  assertEquals(outcome("at > 0", { at: "1795346540898" }), "E");
  assertEquals(outcome("at > 2147483648", { at: "1795346540898" }), true);
});

test("one compiled expression serves many messages, a failure of one is not the next one's", () => {
  const compiled = compileSql("a > 3");
  const matches = (a: string | null) => compiled.matches({ text: () => a });
  assertEquals(["5", "abc", "4", null, "2"].map(matches), [true, false, true, false, false]);
});
