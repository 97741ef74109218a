import { assertEquals } from "@std/assert";
import { isOlder } from "../../../src/base/version.ts";
import { test } from "../../harness.ts";

for (
  const { version, wanted, older } of [
    { version: "1.3.99", wanted: "1.4", older: true },
    { version: "0.9.0", wanted: "1.4", older: true },
    { version: "1.4", wanted: "1.4", older: false },
    { version: "1.4.0", wanted: "1.4", older: false },
    { version: "1.4.5", wanted: "1.4", older: false },
    { version: "1.10.0", wanted: "1.4", older: false }, // numbers, not text
    { version: "2.0.0", wanted: "1.4", older: false },
    { version: "1.4.0-canary.20", wanted: "1.4", older: false },
    { version: "v1.3.2", wanted: "1.4", older: true },
    { version: "1.4", wanted: "1.4.1", older: true },
    { version: "", wanted: "1.4", older: true },
  ]
) {
  test(`isOlder("${version}", "${wanted}") is ${older}`, () => {
    assertEquals(isOlder(version, wanted), older);
  });
}
