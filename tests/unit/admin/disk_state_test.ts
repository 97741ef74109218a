import { assertEquals, assertStringIncludes } from "@std/assert";
import { diskState } from "../../../src/admin/disk_state.ts";
import { test } from "../../harness.ts";

const said = (values: Record<string, string>) => new Map(Object.entries(values));
const java = said({ diskMaxUsedSpaceRatio: "75" });
const ours = said({
  diskSpaceWarningLevelRatio: "90",
  diskSpaceCleanForciblyRatio: "85",
  diskSpaceEnough: "1000",
});

test("a Java broker stores nothing above 90 percent, and removes messages above 85", () => {
  const at = (ratio: string) => diskState(said({ commitLogDiskRatio: ratio }), java);
  assertEquals(at("0.85"), { percent: 85, refuses: undefined, removes: undefined });
  assertStringIncludes(at("0.88").removes ?? "", "88 % full");
  assertStringIncludes(at("0.91").refuses ?? "", "91 % full, messages are stored up to 90 %");
  assertEquals(at("-1").percent, undefined);
});

test("our broker says itself why it stores nothing, and a full disk with room is none", () => {
  const at = (free: number, more = {}) =>
    diskState(
      said({
        commitLogDiskRatio: "0.95",
        commitLogDirCapacity: `Total : 99999 B, Free : ${free} B.`,
        ...more,
      }),
      ours,
    );
  assertEquals(at(1000), { percent: 95, refuses: undefined, removes: undefined });
  assertStringIncludes(at(999).removes ?? "", "95 % full");
  assertEquals(at(999, { storeHeld: "why" }).refuses, "why");
});
