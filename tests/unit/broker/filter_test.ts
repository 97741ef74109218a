import { assertEquals } from "@std/assert";
import { codesFilter, tagFilter } from "../../../src/broker/filter.ts";
import { test } from "../../harness.ts";

const CODES = { none: 0, x: 120, y: 121, TagA: 2598919 };

for (
  const { expression, wanted } of [
    { expression: undefined, wanted: undefined },
    { expression: "", wanted: undefined },
    { expression: "*", wanted: undefined },
    { expression: "TagA", wanted: ["TagA"] },
    { expression: "x||y", wanted: ["x", "y"] },
    { expression: "  x  ||  TagA ", wanted: ["x", "TagA"] },
    { expression: "x||x", wanted: ["x"] },
    { expression: "||x||", wanted: ["x"] },
    { expression: "x | y", wanted: [] },
    { expression: "*||x", wanted: ["x"] },
    { expression: "||", wanted: undefined },
  ]
) {
  test(`tagFilter() of ${JSON.stringify(expression)} wants ${wanted ?? "all"}`, () => {
    const filter = tagFilter(expression);
    assertEquals(
      filter && Object.entries(CODES).filter(([, code]) => filter(code)).map(([tag]) => tag),
      wanted,
    );
  });
}

test("tagFilter() compares by the hash that queue entries have, negative ones too", () => {
  const negative = tagFilter("polygenelubricants")!; // a Java hash of -2147483648
  assertEquals([negative(-2147483648), negative(2147483648), negative(0)], [true, false, false]);
});

test("codesFilter() of no codes wants all", () => {
  assertEquals(codesFilter(new Set()), undefined);
  assertEquals([1, 2, 3].filter(codesFilter(new Set([2]))!), [2]);
  assertEquals([1, 2, 3].filter(codesFilter(new Set([3, 2]))!), [2, 3]);
});

test("codesFilter() lets a message through whose hash Java keeps in another file", () => {
  const places = [-(2 ** 63), -(2 ** 63) + 20, -2147483649];
  assertEquals(places.filter(codesFilter(new Set([2]))!), places);
  assertEquals(places.filter(codesFilter(new Set([2, 3]))!), places);
});
