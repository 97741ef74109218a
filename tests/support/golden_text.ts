import { assertEquals } from "@std/assert";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/**
 * Asserts that a text is the one kept at `path` below tests/golden. A change that is wanted is written there by
 * POCKETMQ_GOLDEN=write and read in the diff.
 */
export function assertGolden(path: string, text: string): void {
  const file = fileURLToPath(new URL(`../golden/${path}`, import.meta.url));
  if (process.env.POCKETMQ_GOLDEN === "write") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return;
  }
  const hint = `tests/golden/${path}: when it is as wanted, run again with POCKETMQ_GOLDEN=write`;
  assertEquals(text, readFileSync(file, "utf8"), hint);
}
