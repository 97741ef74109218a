import { assertEquals } from "@std/assert";
import { versionName } from "../../../src/wire/version_name.ts";
import { test } from "../../harness.ts";

// As Java's MQVersion names them.
for (
  const [version, name] of [
    [0, "V3_0_0"],
    [16, "V3_0_1_SNAPSHOT"],
    [37, "V3_0_11"],
    [45, "V3_0_15"],
    [46, "V3_1_0_SNAPSHOT"],
    [62, "V3_1_8_SNAPSHOT"],
    [85, "V3_2_9"],
    [86, "V3_3_1_SNAPSHOT"],
    [121, "V3_4_9"],
    [211, "V3_9_9"],
    [212, "V4_0_0_SNAPSHOT"],
    [233, "V4_1_0"],
    [317, "V4_5_2"],
    [407, "V4_9_7"],
    [412, "V5_0_0_SNAPSHOT"],
    [479, "V5_3_3"],
    [611, "V5_9_9"],
    [612, "HIGHER_VERSION"],
  ] as const
) test(`version ${version} is ${name}`, () => assertEquals(versionName(version), name));
