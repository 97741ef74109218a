import { assertEquals, assertObjectMatch } from "@std/assert";
import { textOf } from "../../../../src/base/bytes.ts";
import type { ExtFields } from "../../../../src/wire/command.ts";
import { decodeRecords } from "../../../../src/wire/message.ts";
import { parseProperties } from "../../../../src/wire/properties.ts";
import { test } from "../../../harness.ts";
import { type BrokerRig, brokerRig, pull } from "../../../support/broker_rig.ts";
import { OWN, PARK, withMessages } from "../../../support/pulls.ts";

/** What lies in OFFSET_MOVED_EVENT, from the first to the 32nd. */
async function events(rig: BrokerRig) {
  const answer = await rig.client().ask(pull({ topic: "OFFSET_MOVED_EVENT" }));
  return decodeRecords(answer.body);
}

test("a corrected offset (21) is kept as a message of OFFSET_MOVED_EVENT, tag and key its group", async () => {
  await using rig = await withMessages(["a", "b"]);
  const client = rig.client();
  const held = { sysFlag: String(PARK | OWN), queueOffset: "7" };
  assertEquals((await client.ask(pull(held))).code, 21);
  assertEquals((await client.ask(pull({ queueId: "1", queueOffset: "-3" }))).code, 21);
  const [first, second, ...more] = await events(rig);
  assertEquals(more, []);
  assertEquals(
    textOf(first.body),
    '{"consumerGroup":"C","messageQueue":{"brokerName":"broker-a","queueId":0,"topic":"T"},' +
      '"offsetNew":2,"offsetRequest":7}',
  );
  assertObjectMatch(JSON.parse(textOf(second.body)), { offsetNew: 0, offsetRequest: -3 });
  assertEquals([...parseProperties(first.properties)], [["DELAY", "0"], ["KEYS", "C"], [
    "TAGS",
    "C",
  ]]);
  assertEquals([first.flag, first.sysFlag, first.reconsumeTimes], [0, 0, 0]);
  assertEquals([first.bornHost, first.storeHost], Array(2).fill({ host: "10.0.0.9", port: 10911 }));
});

test("answers that correct no offset leave no event, and neither does a slave", async () => {
  const rig = await withMessages(["a:x"]);
  const client = rig.client();
  const right: ExtFields[] = [{}, { queueOffset: "1" }, { subscription: "y" }, { queueId: "1" }];
  for (const fields of right) await client.ask(pull(fields));
  assertEquals(await events(rig), []);
  await rig.close();
  const flags = { offsetCheckInSlave: "true" };
  await using slave = await brokerRig({ role: "slave", fs: rig.fs, flags });
  const { tail } = slave.store.log;
  assertEquals((await slave.client().ask(pull({ queueOffset: "7" }))).code, 21);
  await slave.clock.settle();
  assertEquals(slave.store.log.tail, tail);
});

test("a consumer that asks for a wrong offset without end leaves 100 events a second", async () => {
  await using rig = await withMessages(["a"]);
  const client = rig.client();
  const wrong = Array.from({ length: 150 }, () => pull({ queueOffset: "7" }));
  const left = () => rig.store.queues.get("OFFSET_MOVED_EVENT", 0)?.maxOffset;
  await client.askAll(...wrong);
  assertEquals([left(), rig.log.lines.length], [100, 1]);
  await rig.clock.advance(1000);
  await client.askAll(...wrong);
  assertEquals([left(), rig.log.lines.length], [200, 2]);
});
