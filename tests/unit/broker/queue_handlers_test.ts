import { assertEquals, assertStringIncludes } from "@std/assert";
import { decodeRecord } from "../../../src/wire/message.ts";
import { plainTopic } from "../../../src/broker/topic_rules.ts";
import type { ExtFields } from "../../../src/wire/command.ts";
import { test } from "../../harness.ts";
import { type BrokerRig, brokerRig, send } from "../../support/broker_rig.ts";
import { messagesOf } from "../../support/store.ts";

const SEARCH = 29;
const MAX = 30;
const MIN = 31;
const EARLIEST = 32;
const VIEW = 33;

const PLACE = { topic: "T", queueId: "0" };

/** Three messages in queue 0 of T, 1000 ms between two. */
async function threeMessages(rig: BrokerRig): Promise<number[]> {
  const client = rig.client();
  for (const text of ["a", "b", "c"]) {
    await client.ask(send({}, text));
    await rig.clock.advance(1000);
  }
  return messagesOf(rig.store, "T", 0).map(({ storeTimestamp }) => storeTimestamp);
}

test("30 and 31 say where a queue ends and begins", async () => {
  await using rig = await brokerRig();
  const ask = async (code: number, ext: ExtFields) =>
    (await rig.client().ask({ code, ext })).ext.offset;
  await threeMessages(rig);
  assertEquals([await ask(MAX, PLACE), await ask(MIN, PLACE)], ["3", "0"]);
  for (
    const place of [{ ...PLACE, queueId: "1" }, { ...PLACE, queueId: "-1" }, {
      ...PLACE,
      topic: "U",
    }]
  ) {
    assertEquals([await ask(MAX, place), await ask(MIN, place)], ["0", "0"]);
  }
});

test("30 counts what is stored and not yet in the queue, as whoever sent it expects", async () => {
  await using rig = await brokerRig();
  const client = rig.client();
  await client.ask(send());
  let said: string | undefined;
  rig.store.log.onMoved(() => {
    assertEquals(rig.store.queues.get("T", 0)?.maxOffset, 1, "dispatch comes later");
    const handler = rig.handlers.get(MAX)!;
    const command = { ext: PLACE } as unknown as Parameters<typeof handler>[0];
    const reply = handler(command, client.peer) as { ext: ExtFields };
    said = reply.ext.offset;
  });
  await client.ask(send());
  assertEquals(said, "2");
});

test("30 on a slave counts what can be pulled from it", async () => {
  const master = await brokerRig();
  await threeMessages(master);
  await master.close();
  await using slave = await brokerRig({ role: "slave", fs: master.fs });
  const answer = await slave.client().ask({ code: MAX, ext: PLACE });
  assertEquals([answer.code, answer.ext.offset], [0, "3"]);
});

test("30 on a slave goes on with what it copies", async () => {
  await using master = await brokerRig();
  await threeMessages(master);
  const messages = messagesOf(master.store, "T", 0);
  await using slave = await brokerRig({ role: "slave" });
  slave.parts.topics.update(plainTopic("T", 4));
  const client = slave.client();
  for (const { logOffset, size } of messages) {
    const bytes = new Uint8Array(size);
    master.store.log.readAt(logOffset, bytes);
    slave.store.appendRaw(logOffset, bytes);
    await slave.clock.settle();
    const { ext } = await client.ask({ code: MAX, ext: PLACE });
    assertEquals(
      ext.offset,
      String(messages.findIndex((each) => each.logOffset === logOffset) + 1),
    );
  }
});

test("30 and 31 know queues that may no longer be written to", async () => {
  await using rig = await brokerRig();
  await rig.client().ask(send({ queueId: "3" }));
  rig.parts.topics.update(plainTopic("T", 1));
  const answer = await rig.client().ask({ code: MAX, ext: { ...PLACE, queueId: "3" } });
  assertEquals(answer.ext.offset, "1");
});

test("29 finds a message by the time it was stored", async () => {
  await using rig = await brokerRig();
  const [first, second, third] = await threeMessages(rig);
  const search = async (timestamp: number | string) => {
    const ext = { ...PLACE, timestamp: String(timestamp) };
    return (await rig.client().ask({ code: SEARCH, ext })).ext.offset;
  };
  assertEquals(await search(first), "0");
  assertEquals(await search(second), "1");
  assertEquals(await search(third), "2");
  assertEquals(await search(first - 5000), "0");
  assertEquals(await search(third + 5000), "2", "the nearest, as Java says");
  assertEquals(await search("9223372036854775807"), "2");
  assertEquals(await search("-1"), "0");
});

test("29 and 32 of a queue without messages", async () => {
  await using rig = await brokerRig();
  const client = rig.client();
  const place = { ...PLACE, queueId: "1", timestamp: "5" };
  assertEquals((await client.ask({ code: SEARCH, ext: place })).ext.offset, "0");
  assertEquals((await client.ask({ code: EARLIEST, ext: place })).ext.timestamp, "-1");
});

test("32 says when a queue's first message was stored", async () => {
  await using rig = await brokerRig();
  const [first] = await threeMessages(rig);
  const answer = await rig.client().ask({ code: EARLIEST, ext: PLACE });
  assertEquals([answer.code, answer.ext.timestamp], [0, String(first)]);
});

test("33 gives the record at a log offset, byte for byte", async () => {
  await using rig = await brokerRig();
  await threeMessages(rig);
  const stored = messagesOf(rig.store, "T", 0)[1];
  const answer = await rig.client().ask({ code: VIEW, ext: { offset: String(stored.logOffset) } });
  assertEquals(answer.code, 0);
  const bytes = new Uint8Array(stored.size);
  rig.store.log.readAt(stored.logOffset, bytes);
  assertEquals(answer.body, bytes);
  assertEquals(new TextDecoder().decode(decodeRecord(answer.body).body), "b");
});

for (const offset of ["-1", "1", "99", "100000", "9223372036854775807"]) {
  test(`33 at ${offset}, where no record begins, is answered 1`, async () => {
    await using rig = await brokerRig();
    await threeMessages(rig);
    const answer = await rig.client().ask({ code: VIEW, ext: { offset } });
    assertEquals([answer.code, answer.body.length], [1, 0]);
    assertStringIncludes(answer.remark!, offset === "9223372036854775807" ? "9007" : offset);
  });
}

for (const code of [SEARCH, MAX, MIN, EARLIEST, VIEW]) {
  test(`${code} without its fields is answered 1`, async () => {
    await using rig = await brokerRig();
    const answer = await rig.client().ask({ code });
    assertEquals(answer.code, 1);
    assertStringIncludes(answer.remark!, code === VIEW ? '"offset"' : '"topic"');
  });
}
