import { assertEquals } from "@std/assert";
import { silentLog } from "../../../src/base/log.ts";
import { Groups } from "../../../src/broker/groups.ts";
import { plainGroup } from "../../../src/wire/group.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemFs } from "../../support/mem_fs.ts";

function groupsOn(fs: MemFs, autoCreateSubscriptionGroup = true, follows = false): Groups {
  const clock = new VirtualClock();
  const groups = new Groups(
    { autoCreateSubscriptionGroup },
    { dir: fs.dir("/config"), clock, log: silentLog, follows },
  );
  groups.load();
  return groups;
}

test("a broker knows the predefined groups", () => {
  assertEquals([...groupsOn(new MemFs()).all().keys()].sort(), [
    "CID_ONS-HTTP-PROXY",
    "CID_ONSAPI_OWNER",
    "CID_ONSAPI_PERMISSION",
    "CID_ONSAPI_PULL",
    "FILTERSRV_CONSUMER",
    "SELF_TEST_C_GROUP",
    "TOOLS_CONSUMER",
  ]);
});

test("find() makes a group with Java's defaults, once, and it is there after a restart", async () => {
  const fs = new MemFs();
  const groups = groupsOn(fs);
  assertEquals(groups.find("g"), plainGroup("g"));
  assertEquals(groups.find("g"), groups.get("g"));
  assertEquals(groups.dataVersion.counter, 1);
  await groups.close();
  assertEquals(groupsOn(fs, false).find("g"), plainGroup("g"));
});

for (
  const { name, group, create, found } of [
    { name: "creation is off", group: "g", create: false, found: false },
    { name: "the broker's own", group: "CID_RMQ_SYS_TRANS", create: false, found: true },
    { name: "a blank name", group: " ", create: true, found: false },
    { name: "255 characters", group: "x".repeat(255), create: true, found: true },
    { name: "256 characters", group: "x".repeat(256), create: true, found: false },
  ]
) {
  test(`find() of an unknown group: ${name}`, () => {
    const groups = groupsOn(new MemFs(), create);
    assertEquals(groups.find(group) !== undefined, found);
    assertEquals(groups.dataVersion.counter, found ? 1 : 0);
  });
}

test("a group is changed and deleted", async () => {
  const fs = new MemFs();
  const groups = groupsOn(fs);
  groups.update({ ...plainGroup("g"), retryMaxTimes: 3, consumeEnable: false });
  assertEquals(groups.find("g")?.retryMaxTimes, 3);
  assertEquals([groups.delete("g"), groups.delete("g")], [true, false]);
  assertEquals(groups.dataVersion.counter, 2);
  await groups.flush();
  assertEquals(groupsOn(fs, false).get("g"), undefined);
});

test("a slave takes over its master's groups and not an empty table", () => {
  const groups = groupsOn(new MemFs(), true, true);
  const version = { counter: 3, timestamp: 1_700_000_000_000 };
  groups.replaceFrom(version, new Map([["g", { ...plainGroup("g"), brokerId: 1 }]]));
  groups.replaceFrom({ ...version, counter: 4 }, new Map());
  assertEquals([...groups.all().values()], [{ ...plainGroup("g"), brokerId: 1 }]);
  assertEquals(groups.dataVersion, version);
});
