import { assertEquals, assertRejects } from "@std/assert";
import {
  entryAt,
  membersOn,
  positionIn,
  queuesOf,
  setPosition,
} from "../../../src/admin/offsets.ts";
import { formatConsumerIds } from "../../../src/wire/heartbeat.ts";
import { formatOffsetAnswer } from "../../../src/wire/offset.ts";
import { formatRoute } from "../../../src/wire/route.ts";
import { test } from "../../harness.ts";
import { fakeLines } from "./fake_lines.ts";

const queue = { brokerName: "a", queueId: 1, topic: "T", address: "h:1" };

test("queuesOf() gives each queue with the node that keeps its offsets", async () => {
  const numbers = { perm: 6, topicSysFlag: 0, writeQueueNums: 4 };
  const body = formatRoute({
    brokers: [
      { brokerAddrs: new Map([[2, "h:2"], [1, "h:3"]]), brokerName: "b", cluster: "C" },
      { brokerAddrs: new Map([[1, "h:4"], [0, "h:1"]]), brokerName: "a", cluster: "C" },
    ],
    queues: [
      { brokerName: "b", readQueueNums: 1, ...numbers },
      { brokerName: "a", readQueueNums: 2, ...numbers },
      { brokerName: "gone", readQueueNums: 2, ...numbers },
    ],
  }, "bare");
  assertEquals(await queuesOf(fakeLines({ 105: { code: 0, body } }), "T"), [
    { ...queue, queueId: 0 },
    queue,
    { ...queue, brokerName: "b", queueId: 0, address: "h:3" },
  ]);
});

test("positionIn() tells a group without an offset from one at 0", async () => {
  const ends = { 31: formatOffsetAnswer(2), 30: formatOffsetAnswer(9) };
  const at = await positionIn(fakeLines({ ...ends, 14: formatOffsetAnswer(0) }), "g", queue);
  assertEquals(at, { ...queue, position: 0, first: 2, end: 9 });
  const none = await positionIn(fakeLines({ ...ends, 14: { code: 22 } }), "g", queue);
  assertEquals(none.position, undefined);
  await assertRejects(() => positionIn(fakeLines({ ...ends, 14: { code: 1 } }), "g", queue));
});

test("entryAt() stays within the queue", async () => {
  const at = { ...queue, position: 5, first: 2, end: 9 };
  const lines = fakeLines({ 29: formatOffsetAnswer(0) });
  const entries = [];
  for (const target of ["first", "last", { entry: 4 }, { entry: 99 }, { time: 1_000 }] as const) {
    entries.push(await entryAt(lines, at, target));
  }
  assertEquals(entries, [2, 9, 4, 9, 2]);
  assertEquals(lines.asked.map(([, { ext }]) => ext?.timestamp), ["1000"]);
});

test("setPosition() tells the broker that keeps it", async () => {
  const lines = fakeLines({ 15: { code: 0 } });
  await setPosition(lines, "g", queue, 7);
  const [[address, { ext }]] = lines.asked;
  assertEquals([address, ext], ["h:1", {
    consumerGroup: "g",
    topic: "T",
    queueId: "1",
    commitOffset: "7",
  }]);
});

test("membersOn() gives ids; a broker that knows nobody answers 1", async () => {
  const lines = fakeLines({ 38: { code: 0, body: formatConsumerIds(["c1", "c2"]) } });
  assertEquals(await membersOn(lines, "h:1", "g"), ["c1", "c2"]);
  assertEquals(await membersOn(fakeLines({ 38: { code: 1 } }), "h:1", "g"), []);
});
