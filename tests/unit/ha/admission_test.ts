import { assertEquals } from "@std/assert";
import { foreignOf, type Held } from "../../../src/ha/admission.ts";
import { test } from "../../harness.ts";

for (
  const { first, sent, held, foreign } of [
    { first: 0, sent: 0, held: "unknown", foreign: false },
    { first: 0, sent: 0, held: "other", foreign: false },
    { first: 1, sent: 0, held: "other", foreign: false },
    { first: 500, sent: 0, held: "unknown", foreign: false },
    { first: 500, sent: 500, held: "other", foreign: true },
    { first: 501, sent: 0, held: "unknown", foreign: true },
    { first: 501, sent: 500, held: "unknown", foreign: true },
    { first: 501, sent: 501, held: "unknown", foreign: false },
    { first: 501, sent: 501, held: "other", foreign: true },
    { first: 501, sent: 0, held: "ours", foreign: false },
  ] satisfies { first: number; sent: number; held: Held; foreign: boolean }[]
) {
  test(`foreignOf() born at 500: report ${first}, sent ${sent}, its bytes ${held}: ${foreign}`, () =>
    assertEquals(foreignOf(first, { born: 500, sent, held })?.kind === "FOREIGN", foreign));
}
