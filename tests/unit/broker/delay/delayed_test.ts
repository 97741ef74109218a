import { assertEquals, assertStringIncludes } from "@std/assert";
import { test } from "../../../harness.ts";
import { batch, brokerRig, props, send } from "../../../support/broker_rig.ts";
import { messagesOf } from "../../../support/store.ts";
import { propertiesIn } from "./delay_rig.ts";

const WAITS = "SCHEDULE_TOPIC_XXXX";

for (
  const { level, queue, stored } of [
    { level: "1", queue: 0, stored: "1" },
    { level: "18", queue: 17, stored: "18" },
    { level: "19", queue: 17, stored: "18" },
  ]
) {
  test(`a message of delay level ${level} waits in queue ${queue}, its answer names its own`, async () => {
    await using rig = await brokerRig();
    const request = send({ queueId: "2", properties: props(["DELAY", level], ["WAIT", "true"]) });
    const { code, ext } = await rig.client().ask(request);
    assertEquals([code, ext.queueId, ext.queueOffset], [0, "2", "0"]);
    assertEquals(Object.fromEntries(propertiesIn(rig, WAITS, queue)[0]), {
      DELAY: stored,
      REAL_TOPIC: "T",
      REAL_QID: "2",
      CLUSTER: "DefaultCluster",
    });
    assertEquals(messagesOf(rig.store, "T", 2), []);
  });
}

for (const level of ["0", "-1"]) {
  test(`delay level ${level} is no delay`, async () => {
    await using rig = await brokerRig();
    await rig.client().ask(send({ properties: props(["DELAY", level]) }));
    assertEquals(messagesOf(rig.store, "T", 0).length, 1);
  });
}

for (const level of ["soon", "1.5", "0x2"]) {
  test(`a delay level that is no number is refused: ${level}`, async () => {
    await using rig = await brokerRig();
    const { code, remark } = await rig.client().ask(send({ properties: props(["DELAY", level]) }));
    assertEquals(code, 1);
    assertStringIncludes(remark!, `DELAY is "${level}"`);
    assertEquals(rig.store.log.tail, 0);
  });
}

test("a batch cannot be delayed", async () => {
  await using rig = await brokerRig();
  const request = batch([["a", ""]], { properties: props(["DELAY", "3"]) });
  assertEquals((await rig.client().ask(request)).code, 13);
});
