import { assertEquals } from "@std/assert";
import { type CloneOffsets, formatCloneOffsets } from "../../../../src/wire/clone_offset.ts";
import { test } from "../../../harness.ts";
import { type BrokerRig, brokerRig, send } from "../../../support/broker_rig.ts";
import { memberOf } from "../../../support/members.ts";

async function withOffsets(): Promise<BrokerRig> {
  const rig = await brokerRig();
  for (const topic of ["T", "U"]) await rig.client().ask(send({ topic }));
  for (const topic of ["T", "U", "gone", "%RETRY%G"]) rig.parts.offsets.commit("G", topic, 1, 5);
  return rig;
}

async function clone(rig: BrokerRig, fields: Partial<CloneOffsets> = {}): Promise<string[]> {
  const request = formatCloneOffsets({ from: "G", to: "H", isOffline: false, ...fields });
  assertEquals((await rig.client().ask(request)).code, 0);
  return rig.parts.offsets.topicsOf("H");
}

test("314 puts a group where another is, in all topics there are or in one", async () => {
  await using all = await withOffsets();
  assertEquals(await clone(all), ["T", "U"]);
  assertEquals(all.parts.offsets.of("H", "T", 1), 5);
  await using one = await withOffsets();
  assertEquals(await clone(one, { topic: "U" }), ["U"]);
});

test("314 leaves out what a group that is online does not consume, unless it is told to", async () => {
  await using rig = await withOffsets();
  await memberOf(rig, "c1");
  assertEquals(await clone(rig), []);
  assertEquals(await clone(rig, { isOffline: true }), ["T", "U"]);
});

test("314 is refused on a slave", async () => {
  await using rig = await brokerRig({ role: "slave", flags: { brokerId: "1" } });
  const request = formatCloneOffsets({ from: "G", to: "H", isOffline: false });
  assertEquals((await rig.client().ask(request)).code, 1);
});
