import { assertEquals, assertRejects } from "@std/assert";
import { resetOffsets } from "../../../src/admin/reset.ts";
import { AnswerError } from "../../../src/client/errors.ts";
import { formatOffsetAnswer } from "../../../src/wire/offset.ts";
import { formatOffsetsBody } from "../../../src/wire/queue_numbers.ts";
import { formatRoute } from "../../../src/wire/route.ts";
import { test } from "../../harness.ts";
import { fakeLines } from "./fake_lines.ts";

const numbers = { perm: 6, topicSysFlag: 0, writeQueueNums: 2, readQueueNums: 2 };
const broker = (brokerName: string, address: string, id = 0) => ({
  brokerAddrs: new Map([[id, address]]),
  brokerName,
  cluster: "C",
});
const routeOf = (...brokers: ReturnType<typeof broker>[]) => ({
  code: 0,
  body: formatRoute({
    brokers,
    queues: brokers.map(({ brokerName }) => ({ brokerName, ...numbers })),
  }, "bare"),
});
const queue = (queueId: number) => ({ brokerName: "b", queueId, topic: "T" });
const order = { group: "g", topic: "T", to: 1_000, forced: true } as const;

test("resetOffsets() has a broker tell members that are online", async () => {
  const lines = fakeLines({
    105: routeOf(broker("b", "b:1")),
    222: { code: 0, body: formatOffsetsBody([[queue(1), 4], [queue(0), 3]]) },
  });
  const resets = await resetOffsets(lines, { ...order, to: "end" });
  assertEquals(resets, [{ ...queue(0), offset: 3 }, { ...queue(1), offset: 4 }]);
  assertEquals(lines.asked[1][1].ext, { topic: "T", group: "g", timestamp: "-1", isForce: "true" });
});

test("resetOffsets() sets offsets where nobody is online, forward only when it is forced", async () => {
  const answers = {
    105: routeOf(broker("c", "c:1"), broker("b", "b:1")),
    222: { code: 206, remark: "nobody is online" },
    14: formatOffsetAnswer(5),
    31: formatOffsetAnswer(2),
    30: formatOffsetAnswer(9),
    29: formatOffsetAnswer(7),
    15: { code: 0 },
  };
  const forced = fakeLines(answers);
  const resets = await resetOffsets(forced, order);
  assertEquals(resets.map(({ brokerName, queueId, offset }) => [brokerName, queueId, offset]), [
    ["b", 0, 7],
    ["b", 1, 7],
    ["c", 0, 7],
    ["c", 1, 7],
  ]);
  assertEquals(resets[0].offline, { before: 5, end: 9, found: 7 });
  const commits = forced.asked.filter(([, { code }]) => code === 15);
  assertEquals(commits.map(([address]) => address), ["b:1", "b:1", "c:1", "c:1"]);
  const kept = await resetOffsets(fakeLines(answers), { ...order, forced: false });
  assertEquals(kept.map(({ offset }) => offset), [5, 5, 5, 5]);
});

test("resetOffsets() changes nothing when a broker does not know the group, or has no master", async () => {
  const strange = fakeLines({
    105: routeOf(broker("b", "b:1")),
    222: { code: 1, remark: "no group" },
  });
  const error = await assertRejects(() => resetOffsets(strange, order), AnswerError);
  assertEquals(error.message, 'Cannot reset group "g": b:1 answers 1 (no group)');
  const slave = fakeLines({ 105: routeOf(broker("b", "b:1", 1)) });
  await assertRejects(() => resetOffsets(slave, order), AnswerError, "b has no master");
});
