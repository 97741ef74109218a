import { assertEquals, assertThrows } from "@std/assert";
import { FieldError } from "../../../src/base/errors.ts";
import { Fields } from "../../../src/wire/fields.ts";
import { test } from "../../harness.ts";

const fields = (value: string) => new Fields({ f: value });

test("Fields.text() takes an empty value as missing, as Java does", () => {
  assertEquals(fields("x").text("f"), "x");
  assertThrows(() => fields("").text("f"), FieldError, 'field "f" is missing, it must be text');
  assertThrows(() => fields("x").text("g"), FieldError, 'field "g" is missing');
  assertEquals([fields("").optional("f"), fields("x").optional("f")], [undefined, "x"]);
});

for (const value of ["0", "-0", "7", "-7", "007", "2147483647", "-2147483648"]) {
  test(`Fields.int32() reads ${value}`, () =>
    assertEquals(fields(value).int32("f") + 0, Number(value) + 0));
}

for (
  const value of ["", "2147483648", "-2147483649", "1.5", "1e3", "0x10", "+1", " 1", "1 ", "a", "-"]
) {
  test(`Fields.int32() refuses "${value}"`, () => {
    assertThrows(() => fields(value).int32("f"), FieldError, "it must be a 32-bit whole number");
  });
}

test("Fields.int64() clamps to the safe integers", () => {
  for (const exact of [0, 1, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
    assertEquals(fields(String(exact)).int64("f"), exact);
  }
  assertEquals(fields("1795346536006").int64("f"), 1795346536006);
  assertEquals(fields("9223372036854775807").int64("f"), Number.MAX_SAFE_INTEGER);
  assertEquals(fields("-9223372036854775808").int64("f"), Number.MIN_SAFE_INTEGER);
});

for (const value of ["", "1.5", "1e3", "12a", "--1", "1-", "99999999999999999999", "NaN", "-"]) {
  test(`Fields.int64() refuses "${value}"`, () => {
    assertThrows(() => fields(value).int64("f"), FieldError, "it must be a whole number");
  });
}

test("optional numbers are refused when they are there and no numbers", () => {
  assertEquals(new Fields({}).optionalInt32("f", 5), 5);
  assertEquals(fields("").optionalInt64("f", 5), 5);
  assertEquals(fields("6").optionalInt32("f", 5), 6);
  assertThrows(() => fields("x").optionalInt32("f", 5), FieldError, 'field "f" is "x"');
  assertThrows(() => fields("x").optionalInt64("f", 5), FieldError, 'field "f" is "x"');
});

test("Fields.flag() is true for true in any case and false for all else", () => {
  assertEquals(["true", "TRUE", "True"].map((v) => fields(v).flag("f")), [true, true, true]);
  assertEquals(["", "1", "yes", " true"].map((v) => fields(v).flag("f")), [
    false,
    false,
    false,
    false,
  ]);
  assertEquals(new Fields({}).flag("f"), false);
});
