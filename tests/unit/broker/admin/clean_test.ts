import { assertEquals } from "@std/assert";
import { test } from "../../../harness.ts";
import { type BrokerRig, brokerRig, send } from "../../../support/broker_rig.ts";
import { VirtualClock } from "../../../support/clock.ts";
import { MemFs } from "../../../support/mem_fs.ts";
import { message } from "../../../support/store.ts";

/** Four files of log, all but the last expired, at an hour at which none is removed. */
async function expired(): Promise<BrokerRig> {
  const clock = new VirtualClock();
  const deleteWhen = String((new Date(clock.now()).getHours() + 12) % 24);
  const flags = { mappedFileSizeCommitLog: "4096", fileReservedTime: "0", deleteWhen };
  const fs = new MemFs();
  fs.now = () => clock.now();
  const rig = await brokerRig({ clock, fs, flags });
  for (let i = 0; i < 4; i++) await rig.client().ask(send({}, "x".repeat(3000)));
  await clock.advance(20_000);
  assertEquals(rig.store.log.minOffset, 0);
  return rig;
}

test("329 removes expired files at any hour", async () => {
  await using rig = await expired();
  assertEquals((await rig.client().ask({ code: 329 })).code, 0);
  await rig.clock.advance(2_000);
  assertEquals(rig.store.log.minOffset, 3 * 4096);
  assertEquals(rig.store.queues.get("T", 0)?.minOffset, 3);
});

test("306 looks at what is derived of messages, and leaves them", async () => {
  await using rig = await expired();
  let looks = 0;
  const { retention } = rig.store;
  const clean = retention.cleanDerived.bind(retention);
  retention.cleanDerived = () => {
    looks++;
    return clean();
  };
  assertEquals((await rig.client().ask({ code: 306 })).code, 0);
  await rig.clock.advance(2_000);
  assertEquals([looks, rig.store.log.minOffset], [1, 0]);
});

test("316 deletes the messages of topics without settings, but for the broker's own", async () => {
  await using rig = await expired();
  const { store } = rig;
  for (const topic of ["Lost", "Kept", "SCHEDULE_TOPIC_XXXX", "RMQ_SYS_TRANS_HALF_TOPIC"]) {
    store.append(message({ topic }));
    store.append(message({ topic, queueId: 1 }));
  }
  store.commit();
  rig.parts.topics.ensure("Kept");
  await rig.clock.settle();
  assertEquals((await rig.client().ask({ code: 316 })).code, 0);
  const left = [...store.queues.all()].filter((queue) => queue.minOffset < queue.maxOffset);
  assertEquals([...new Set(left.map(({ topic }) => topic))].sort(), [
    "Kept",
    "RMQ_SYS_TRANS_HALF_TOPIC",
    "SCHEDULE_TOPIC_XXXX",
    "T",
  ]);
});

test("316 deletes nothing on a slave: it may not have a new topic's settings yet", async () => {
  await using rig = await brokerRig({ role: "slave" });
  const master = await brokerRig();
  await master.client().ask(send({ topic: "New" }));
  const bytes = new Uint8Array(master.store.log.tail);
  master.store.log.readAt(0, bytes);
  await master.close();
  rig.store.appendRaw(0, bytes);
  await rig.clock.settle();
  assertEquals((await rig.client().ask({ code: 316 })).code, 0);
  const { minOffset, maxOffset } = rig.store.queues.get("New", 0)!;
  assertEquals([minOffset, maxOffset], [0, 1]);
});
