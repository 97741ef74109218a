import { assert, assertEquals, assertThrows } from "@std/assert";
import { CorruptLogError, FieldError, invariant, WireError } from "../../../src/base/errors.ts";
import { test } from "../../harness.ts";

test("FieldError names the field, its value and what it should be", () => {
  const error = new FieldError("queueId", "abc", "a whole number");
  assertEquals(error.message, 'field "queueId" is "abc", it must be a whole number');
  assertEquals(error.field, "queueId");
  assertEquals(error.name, "FieldError");
});

test("FieldError says that a field is missing", () => {
  const error = new FieldError("topic", undefined, "a topic name");
  assertEquals(error.message, 'field "topic" is missing, it must be a topic name');
});

test("FieldError cuts a value that is too long to be read", () => {
  const error = new FieldError("topic", "x".repeat(5000), "at most 127 characters");
  assert(error.message.length < 200, error.message);
});

test("CorruptLogError carries file and offset", () => {
  const error = new CorruptLogError("commitlog/0", 4096, "magic is 0x0");
  assertEquals(error.message, "commitlog/0 at byte 4096: magic is 0x0");
  assertEquals([error.file, error.offset], ["commitlog/0", 4096]);
});

test("errors can be told apart by class", () => {
  assert(new WireError("x") instanceof Error);
  assert(!(new WireError("x") instanceof FieldError));
  assertEquals(new WireError("x").name, "WireError");
});

test("invariant() throws only when its condition does not hold", () => {
  invariant(1, "one is true");
  const error = assertThrows(() => invariant(0, "zero is true"), Error);
  assertEquals(error.message, "broken invariant: zero is true");
});
