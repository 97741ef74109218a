import { assertEquals, assertStringIncludes } from "@std/assert";
import { textOf } from "../../../../src/base/bytes.ts";
import { parseOffsetsBody } from "../../../../src/wire/queue_numbers.ts";
import { formatResetOffset } from "../../../../src/wire/reset_offset.ts";
import { test } from "../../../harness.ts";
import { type BrokerRig, brokerRig, send } from "../../../support/broker_rig.ts";
import { heardBy, memberOf } from "../../../support/members.ts";

/** Three messages a second apart in queue 0 of T, which has one queue; the group is behind the second. */
async function behindTwo(): Promise<BrokerRig> {
  const rig = await brokerRig({ flags: { defaultTopicQueueNums: "1" } });
  for (const text of ["a", "b", "c"]) {
    assertEquals((await rig.client().ask(send({}, text))).code, 0);
    await rig.clock.advance(1000);
  }
  rig.parts.offsets.commit("G", "T", 0, 2);
  return rig;
}

const toStart = { topic: "T", group: "G", timestamp: 0, isForced: false };

test("222 tells each member where the group goes on, and answers the same", async () => {
  await using rig = await behindTwo();
  const members = [await memberOf(rig, "c1"), await memberOf(rig, "c2")];
  for (const member of members) await heardBy(rig, member, 40);
  const { code, body } = await rig.client().ask(formatResetOffset(toStart));
  assertEquals(code, 0);
  const queue = { brokerName: "broker-a", queueId: 0, topic: "T" };
  assertEquals(parseOffsetsBody(body), [[queue, 0]]);
  for (const member of members) {
    const [told] = await heardBy(rig, member, 220);
    assertEquals([told.flag, told.ext.group, textOf(told.body)], [2, "G", textOf(body)]);
  }
  assertEquals(rig.parts.offsets.of("G", "T", 0), 2, "members commit it themselves");
});

test("222 goes to a time, to the end, and forward only by force", async () => {
  await using rig = await behindTwo();
  await memberOf(rig, "c1");
  const end = rig.clock.now();
  const ask = async (timestamp: number, isForced: boolean) => {
    const { body } = await rig.client().ask(
      formatResetOffset({ ...toStart, timestamp, isForced }),
    );
    return parseOffsetsBody(body).map(([, offset]) => offset);
  };
  assertEquals(await ask(end - 2000, false), [1]);
  assertEquals(await ask(-1, false), [2]);
  assertEquals(await ask(-1, true), [3]);
});

test("222 of 5.x moves one queue to an entry, within the queue", async () => {
  await using rig = await behindTwo();
  await memberOf(rig, "c1");
  const ask = async (queueId: number, queueOffset: number) =>
    await rig.client().ask(
      formatResetOffset({ ...toStart, isForced: true, only: { queueId, queueOffset } }),
    );
  assertEquals(parseOffsetsBody((await ask(0, 1)).body).map(([, offset]) => offset), [1]);
  assertEquals(parseOffsetsBody((await ask(0, 99)).body).map(([, offset]) => offset), [3]);
  const { code, remark } = await ask(7, 1);
  assertEquals(code, 1);
  assertStringIncludes(remark!, "no queue 7");
});

test("220 has a list for clients in C++", async () => {
  await using rig = await behindTwo();
  const member = await memberOf(rig, "c1", "CPP");
  await rig.client().ask(formatResetOffset(toStart));
  const [{ body }] = await heardBy(rig, member, 220);
  const offsetTable = [{ brokerName: "broker-a", offset: 0, queueId: 0, topic: "T" }];
  assertEquals(JSON.parse(textOf(body)), { offsetTable });
});

test("222 answers 206 when nobody is online, and 1 without the topic or an offset", async () => {
  await using rig = await behindTwo();
  const ask = (fields: Partial<typeof toStart>) =>
    rig.client().ask(formatResetOffset({ ...toStart, ...fields }));
  assertEquals((await ask({})).code, 206);
  assertEquals((await ask({ topic: "U" })).code, 1);
  const { code, remark } = await ask({ group: "H" });
  assertEquals(code, 1);
  assertEquals(remark, 'Cannot reset "H" in "T": the group has no offset yet in queue 0');
});
