import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { CAUSES } from "../../../../src/cli/doctor/causes.ts";
import { test } from "../../../harness.ts";

const GUIDE = new URL("../../../../docs/doctor.md", import.meta.url);

test("docs/doctor.md explains every cause that doctor tells apart", () => {
  const rows = readFileSync(GUIDE, "utf8").matchAll(/^\| `([a-z-]+)` +\| (.*?) +\|$/gm);
  assertEquals(Array.from(rows, ([, cause, meaning]) => [cause, meaning]), Object.entries(CAUSES));
});
