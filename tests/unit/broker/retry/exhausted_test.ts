import { assertEquals } from "@std/assert";
import { test } from "../../../harness.ts";
import { brokerRig, props, send, sendFields } from "../../../support/broker_rig.ts";
import { lettersOf } from "../../../support/broker_rig.ts";
import { utf8 } from "../../../../src/base/bytes.ts";
import { messagesOf, textsOf } from "../../../support/store.ts";
import { propertiesIn } from "../delay/delay_rig.ts";

const RETRY = "%RETRY%G";
const DEAD = "%DLQ%G";
const DELAY = props(["DELAY", "5"], ["TAGS", "a"]);

for (
  const { name, times, most, dead } of [
    { name: "16 failures", times: "16", most: undefined, dead: true },
    { name: "15 failures", times: "15", most: undefined, dead: false },
    { name: "as many failures as it says", times: "2", most: "2", dead: true },
    { name: "fewer than it says", times: "17", most: "18", dead: false },
  ]
) {
  test(`a copy that a consumer sends itself after ${name} ${dead ? "is dead" : "waits"}`, async () => {
    await using rig = await brokerRig();
    const fields = sendFields({ topic: RETRY, reconsumeTimes: times, properties: DELAY });
    const ext = lettersOf(most === undefined ? fields : { ...fields, maxReconsumeTimes: most });
    const answer = await rig.client().ask({ code: 310, ext, body: utf8("hello") });
    assertEquals([answer.code, answer.ext.queueId], [0, "0"]);
    assertEquals(textsOf(rig.store, DEAD, 0), dead ? ["hello"] : []);
    assertEquals(messagesOf(rig.store, "SCHEDULE_TOPIC_XXXX", 4).length, dead ? 0 : 1);
    if (!dead) return;
    assertEquals(Object.fromEntries(propertiesIn(rig, DEAD)[0]), {
      TAGS: "a",
      CLUSTER: "DefaultCluster",
    });
  });
}

test("a copy for a group that may not be made is refused", async () => {
  await using rig = await brokerRig({ flags: { autoCreateSubscriptionGroup: "false" } });
  const answer = await rig.client().ask(send({ topic: RETRY }));
  assertEquals([answer.code, rig.store.log.tail], [26, 0]);
});

test("a copy without a delay lies in the retry topic at once", async () => {
  await using rig = await brokerRig();
  await rig.client().ask(send({ topic: RETRY, reconsumeTimes: "3" }));
  const [message] = messagesOf(rig.store, RETRY, 0);
  assertEquals(message.reconsumeTimes, 3);
});
