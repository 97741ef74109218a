import { assertEquals } from "@std/assert";
import packageJson from "../../../package.json" with { type: "json" };
import { refusalOf } from "../../../src/cli/main.ts";
import { VERSION } from "../../../src/cli/version.ts";
import { test } from "../../harness.ts";

test("refusalOf() refuses a Bun that loses bytes, and nobody else", () => {
  assertEquals(
    refusalOf({ name: "bun", version: "1.3.14" }),
    "Bun 1.3.14 loses bytes on TCP connections; Bun 1.4.0 or newer is needed, or Deno",
  );
  for (const version of ["1.4.0", "1.4.5", "2.0.0"]) {
    assertEquals(refusalOf({ name: "bun", version }), undefined, version);
  }
  assertEquals(refusalOf({ name: "deno", version: "1.0.0" }), undefined);
});

test("the version is the package's", () => {
  assertEquals(VERSION, packageJson.version);
});
