import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { bytesOfHex, textOf } from "../../../src/base/bytes.ts";
import {
  formatProperties,
  joinProperties,
  parseProperties,
  property,
  withoutProperty,
  withProperty,
} from "../../../src/wire/properties.ts";
import { goldenLines } from "../../support/golden.ts";
import { test } from "../../harness.ts";

interface PropertiesVector {
  propertiesHex?: string;
  decoded: Record<string, string>;
}

/** Any text, with separators likely to fall anywhere. */
const texts = fc.string({
  unit: fc.constantFrom("\x01", "\x02", "\x02", "a", "b", "é", "T"),
  maxLength: 30,
});
const names = fc.string({ unit: fc.constantFrom("a", "b", "T", "é"), minLength: 1, maxLength: 3 });
const values = fc.string({
  unit: fc.constantFrom("a", "\x01", "x", "é"),
  minLength: 1,
  maxLength: 4,
});

for (const vector of goldenLines<PropertiesVector>("vectors/message.jsonl")) {
  if (vector.propertiesHex === undefined) continue;
  test(`parseProperties() reads ${vector.propertiesHex || "nothing"} as Java does`, () => {
    const text = textOf(bytesOfHex(vector.propertiesHex!));
    assertEquals(Object.fromEntries(parseProperties(text)), vector.decoded);
  });
}

test("parseProperties() lets the last of equal names win", () => {
  assertEquals([...parseProperties("a\x01x\x02a\x01y\x02a\x01")], [["a", "y"]]);
});

test("parseProperties() gives back what formatProperties() got", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(names, values), { selector: ([name]) => name }),
      (pairs) => {
        assertEquals([...parseProperties(formatProperties(pairs))], pairs);
      },
    ),
  );
});

test("formatProperties() leaves out what no reader would see", () => {
  assertEquals(formatProperties([["a", ""], ["", "x"], ["b", "y"]]), "b\x01y");
});

test("property() finds what parseProperties() finds", () => {
  fc.assert(
    fc.property(texts, names, (text, name) => {
      assertEquals(property(text, name), parseProperties(text).get(name));
    }),
    { numRuns: 2000 },
  );
});

test("withoutProperty() takes away that property and no other", () => {
  fc.assert(
    fc.property(texts, names, (text, name) => {
      const wanted = parseProperties(text);
      wanted.delete(name);
      assertEquals([...parseProperties(withoutProperty(text, name))].sort(), [...wanted].sort());
    }),
    { numRuns: 2000 },
  );
});

test("withProperty() sets that property and keeps the others", () => {
  fc.assert(
    fc.property(texts, names, values, (text, name, value) => {
      const wanted = parseProperties(text).set(name, value);
      assertEquals(
        [...parseProperties(withProperty(text, name, value))].sort(),
        [...wanted].sort(),
      );
    }),
    { numRuns: 2000 },
  );
});

for (
  const { text, without } of [
    { text: "WAIT\x01true", without: "" },
    { text: "WAIT\x01true\x02", without: "" },
    { text: "WAIT\x01true\x02a\x01b", without: "a\x01b" },
    { text: "a\x01b\x02WAIT\x01true", without: "a\x01b" },
    { text: "a\x01b\x02WAIT\x01true\x02c\x01d\x02", without: "a\x01b\x02c\x01d\x02" },
    { text: "AWAIT\x01true\x02a\x01WAIT\x01x", without: "AWAIT\x01true\x02a\x01WAIT\x01x" },
  ]
) {
  test(`withoutProperty() leaves the rest of ${JSON.stringify(text)} as it is`, () => {
    assertEquals(withoutProperty(text, "WAIT"), without);
  });
}

test("joinProperties() puts one separator between two texts", () => {
  assertEquals(joinProperties("a\x01b", "c\x01d"), "a\x01b\x02c\x01d");
  assertEquals(joinProperties("a\x01b\x02", "c\x01d"), "a\x01b\x02c\x01d");
  assertEquals(joinProperties("a\x01b", ""), "a\x01b");
  assertEquals(joinProperties("", "c\x01d"), "c\x01d");
});
