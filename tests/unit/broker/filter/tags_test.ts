import { assertEquals } from "@std/assert";
import { subscriptionFilter, tagFilter } from "../../../../src/broker/filter/tags.ts";
import { javaHash } from "../../../../src/wire/hash.ts";
import { test } from "../../../harness.ts";

const CODES = { none: 0, x: 120, y: 121, "*": 42, TagA: 2598919 };

function wanted(filter: ReturnType<typeof tagFilter>): string[] | "all" | undefined {
  if (filter === undefined) return undefined;
  const { wants } = filter;
  if (wants === undefined) return "all";
  return Object.entries(CODES).filter(([, code]) => wants(code, 0, 0)).map(([tag]) => tag);
}

for (
  const { expression, wants } of [
    { expression: undefined, wants: "all" },
    { expression: "", wants: "all" },
    { expression: "*", wants: "all" },
    { expression: "TagA", wants: ["TagA"] },
    { expression: "x||y", wants: ["x", "y"] },
    { expression: "  x  ||  TagA ", wants: ["x", "TagA"] },
    { expression: "x||x", wants: ["x"] },
    { expression: "||x||", wants: ["x"] },
    { expression: "x | y", wants: [] },
    { expression: "*||x", wants: ["x", "*"] },
    { expression: " * ", wants: ["*"] },
    { expression: " || ", wants: [] },
    { expression: "||", wants: undefined },
    { expression: "||||", wants: undefined },
  ] as const
) {
  test(`tagFilter() of ${JSON.stringify(expression)} wants ${wants ?? "nothing that is one"}`, () => {
    assertEquals<unknown>(wanted(tagFilter(expression)), wants);
  });
}

const subscription = (subString: string, tags: readonly string[], classFilterMode = false) => ({
  topic: "T",
  subString,
  codes: new Set(tags.map(javaHash)),
  tags,
  subVersion: 1,
  expressionType: "TAG",
  classFilterMode,
});

for (
  const { name, told, wants } of [
    { name: "*", told: subscription("*", []), wants: "all" },
    { name: "nothing said", told: subscription("", []), wants: "all" },
    { name: "one tag", told: subscription("x", ["x"]), wants: ["x"] },
    { name: "two tags", told: subscription("x || y", ["x", "y"]), wants: ["x", "y"] },
    { name: "trap: no tag between ||", told: subscription(" || ", []), wants: [] },
    { name: "trap: a star between blanks", told: subscription(" * ", ["*"]), wants: ["*"] },
    { name: "a class filter", told: subscription("x", ["x"], true), wants: "all" },
  ] as const
) {
  test(`subscriptionFilter() wants what Java's does: ${name}`, () => {
    assertEquals<unknown>(wanted(subscriptionFilter(told)), wants);
  });
}

test("tagFilter() compares by the hash that queue entries have, negative ones too", () => {
  const { wants } = tagFilter("polygenelubricants")!; // a Java hash of -2147483648
  const codes = [-2147483648, 2147483648, 0];
  assertEquals(codes.map((code) => wants!(code, 0, 0)), [true, false, false]);
});

test("tagFilter() lets a message through whose hash Java keeps in another file", () => {
  const places = [-(2 ** 63), -(2 ** 63) + 20, -2147483649];
  for (const tags of ["a", "a||b"]) {
    assertEquals(places.filter((place) => tagFilter(tags)!.wants!(place, 0, 0)), places);
  }
});
