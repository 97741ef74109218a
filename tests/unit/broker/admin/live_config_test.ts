import { assertEquals, assertStringIncludes } from "@std/assert";
import { apply, changesOf, liveConfig } from "../../../../src/broker/admin/live_config.ts";
import { configOf } from "../../../../src/broker/configure.ts";
import { storeOptions } from "../../../../src/broker/told.ts";
import { test } from "../../../harness.ts";
import { brokerRig } from "../../../support/broker_rig.ts";
import { MemFs } from "../../../support/mem_fs.ts";

const noTopics = { get: () => undefined };

test("how long messages stay is read where it is used", () => {
  const { config: told } = configOf({ roles: { namesrv: false, broker: "master" } });
  const config = liveConfig(told);
  const { retention } = storeOptions({ fs: new MemFs() }, config);
  const settings = { fileReservedTime: "1", deleteWhen: "2;3", cleanFileForciblyEnable: "false" };
  const changes = changesOf(config, noTopics, new Map(Object.entries(settings)));
  if (!Array.isArray(changes)) throw new Error(changes.remark);
  apply(config, changes);
  assertEquals(
    [retention?.reservedMs, retention?.hours, retention?.forces],
    [3_600_000, [2, 3], false],
  );
  assertEquals(told.fileReservedTime, 72, "what it was told stays");
});

test("how full a disk may get is read where it is used", () => {
  const { config: told } = configOf({ roles: { namesrv: false, broker: "master" } });
  const config = liveConfig(told);
  const { retention } = storeOptions({ fs: new MemFs() }, config);
  const settings = {
    diskMaxUsedSpaceRatio: "99",
    diskSpaceCleanForciblyRatio: "60",
    diskSpaceWarningLevelRatio: "70",
    diskSpaceEnough: "5",
  };
  const changes = changesOf(config, noTopics, new Map(Object.entries(settings)));
  if (!Array.isArray(changes)) throw new Error(changes.remark);
  apply(config, changes);
  const { expirePercent, forcePercent, refusePercent, enoughBytes } = retention!.disk;
  assertEquals([expirePercent, forcePercent, refusePercent, enoughBytes], [95, 60, 70, 5]);
});

test("whether properties are filtered by, and how far behind a slave may be, is read where it is used", async () => {
  await using rig = await brokerRig();
  const settings = { enablePropertyFilter: "false", haSlaveFallbehindMax: "77" };
  const changes = changesOf(rig.config, noTopics, new Map(Object.entries(settings)));
  if (!Array.isArray(changes)) throw new Error(changes.remark);
  const sql = { topic: "T", expressionType: "SQL92", subString: "a > 1" };
  const subscription = {
    ...sql,
    tags: [],
    codes: new Set<number>(),
    subVersion: 1,
    classFilterMode: false,
  };
  assertEquals(rig.parts.filters.refusal(subscription), undefined);
  apply(rig.config, changes);
  assertStringIncludes(
    rig.parts.filters.refusal(subscription)?.remark ?? "",
    "enablePropertyFilter is false here",
  );
  assertEquals(rig.parts.acks.fallBehindMax, 77);
});

test("topics are created by sending only where the broker began so", () => {
  const { config } = configOf({
    roles: { namesrv: false, broker: "master" },
    flags: { autoCreateTopicEnable: "false" },
  });
  const settings = new Map([["autoCreateTopicEnable", "true"]]);
  assertEquals(Array.isArray(changesOf(config, noTopics, settings)), false);
});
