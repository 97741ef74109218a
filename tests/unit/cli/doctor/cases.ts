import { assertEquals, assertStringIncludes } from "@std/assert";
import { diagnose } from "../../../../src/cli/doctor/checks.ts";
import type { Facts } from "../../../../src/cli/doctor/facts.ts";
import { test } from "../../../harness.ts";
import { scene } from "./scene.ts";

/** A trouble, and what is said of it. */
export interface Case {
  readonly name: string;
  readonly facts: Partial<Facts>;
  readonly cause: string;
  readonly says: string;
  readonly next?: string;
  /** What else is found with it. */
  readonly beside?: readonly string[];
}

/** A test for each trouble. */
export function checkCases(cases: readonly Case[]): void {
  for (const { name, facts, cause, says, next, beside = [] } of cases) {
    test(`diagnose() names the cause: ${name}`, () => {
      const found = diagnose(scene(facts));
      assertEquals(found.map((one) => one.cause).sort(), [cause, ...beside].sort());
      const [finding] = found.filter((one) => one.cause === cause);
      assertStringIncludes(finding.text, says);
      if (next !== undefined) {
        assertEquals(finding.next.includes(next), true, finding.next.join("\n"));
      }
    });
  }
}
