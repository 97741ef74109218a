import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "../harness.ts";
import { CONFIG_REFERENCE, configReference } from "../support/config_reference.ts";

test("docs/configuration.md says what the table of options says: else run deno task docs", () => {
  assertEquals(readFileSync(CONFIG_REFERENCE, "utf8"), configReference());
});
