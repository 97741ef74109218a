import { assertEquals, assertRejects } from "@std/assert";
import { cloneOffsets, messagesIn, queueEntries } from "../../../src/admin/queues.ts";
import { AnswerError } from "../../../src/client/errors.ts";
import type { Message } from "../../../src/client/incoming.ts";
import { formatQueueEntries } from "../../../src/wire/queue_entries.ts";
import { formatPullAnswer } from "../../../src/wire/pull.ts";
import { test } from "../../harness.ts";
import { runtime } from "../../support/runtime.ts";
import { fakeLines } from "./fake_lines.ts";
import { fakeRecord } from "./fake_message.ts";

const queue = { brokerName: "a", queueId: 1, topic: "T", address: "a:1" };
const TAGS = ["A", "B", "A", undefined, "A"];

/** A queue whose entries 2 to 6 are there; pulls bring two at a time. */
function queueOf() {
  return fakeLines({
    11: ({ ext }) => {
      const from = Number(ext?.queueOffset);
      const progress = (next: number) => ({ nextBeginOffset: next, minOffset: 2, maxOffset: 7 });
      if (from < 2) return formatPullAnswer(21, "", progress(2), 0);
      if (from > 6) return formatPullAnswer(19, "", progress(7), 0);
      const places = [from, from + 1].filter((place) => place < 7);
      const records = places.map((queueOffset) => {
        const tag = TAGS[queueOffset - 2];
        return fakeRecord({ queueOffset, properties: tag === undefined ? {} : { TAGS: tag } });
      });
      const body = new Uint8Array(records.flatMap((record) => [...record]));
      return { ...formatPullAnswer(0, "", progress(from + places.length), 0), body };
    },
  });
}

async function placesOf(messages: AsyncIterable<Message>): Promise<number[]> {
  const places: number[] = [];
  for await (const { queueOffset } of messages) places.push(queueOffset);
  return places;
}

test("messagesIn() reads on until the end that was asked for, over entries that are gone", async () => {
  const read = (range: { from: number; end: number; tags?: string }) =>
    placesOf(messagesIn(queueOf(), queue, range, runtime.codecs));
  assertEquals(await read({ from: 0, end: 100 }), [2, 3, 4, 5, 6]);
  assertEquals(await read({ from: 3, end: 5 }), [3, 4]);
  assertEquals(await read({ from: 0, end: 100, tags: "A" }), [2, 4, 6]);
  assertEquals(await read({ from: 7, end: 7 }), []);
});

test("messagesIn() never waits at a broker and moves no group", async () => {
  const lines = queueOf();
  await placesOf(messagesIn(lines, queue, { from: 6, end: 9, group: "g" }, runtime.codecs));
  const { sysFlag, suspendTimeoutMillis, consumerGroup } = lines.asked[0][1].ext!;
  assertEquals([sysFlag, suspendTimeoutMillis, consumerGroup], ["4", "0", "g"]);
});

test("messagesIn() says why a queue cannot be read", async () => {
  const lines = fakeLines({ 11: { code: 16, remark: "no\nstack" } });
  await assertRejects(
    () => placesOf(messagesIn(lines, queue, { from: 0, end: 1 }, runtime.codecs)),
    AnswerError,
    'Cannot read queue 1 of "T": a:1 answers 16 (no)',
  );
});

test("queueEntries() and cloneOffsets() ask the broker", async () => {
  const found = {
    maxQueueIndex: 3,
    minQueueIndex: 1,
    entries: [{ eval: false, physicOffset: 5, physicSize: 100, tagsCode: 65 }],
  };
  const lines = fakeLines({ 321: { code: 0, body: formatQueueEntries(found) }, 314: { code: 0 } });
  assertEquals(
    await queueEntries(lines, "a:1", { topic: "T", queueId: 1, index: 1, count: 10 }),
    found,
  );
  await cloneOffsets(lines, "a:1", { from: "g", to: "h", topic: "T", isOffline: true });
  assertEquals(lines.asked[1][1].ext, {
    srcGroup: "g",
    destGroup: "h",
    topic: "T",
    offline: "true",
  });
});
