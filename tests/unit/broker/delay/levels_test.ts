import { assertEquals } from "@std/assert";
import { isDue, Levels } from "../../../../src/broker/delay/levels.ts";
import { test } from "../../../harness.ts";

const NOW = 1_000_000;

for (
  const { name, dueAt, due } of [
    { name: "whose time has come", dueAt: NOW, due: true },
    { name: "whose time was long ago", dueAt: 0, due: true },
    { name: "with some time left", dueAt: NOW + 1, due: false },
    { name: "that was sent this moment", dueAt: NOW + 5_000, due: false },
    { name: "that would wait longer than its level", dueAt: NOW + 5_001, due: true },
  ]
) {
  test(`a message of a level of 5 s ${name} is ${due ? "" : "not "}due`, () => {
    assertEquals(isDue(dueAt, NOW, 5_000), due);
  });
}

test("a level that the table has no more waits as the longest", () => {
  const levels = new Levels([1_000, 9_000, 5_000]);
  assertEquals([levels.highest, levels.durationOf(2), levels.durationOf(4)], [3, 9_000, 9_000]);
});
