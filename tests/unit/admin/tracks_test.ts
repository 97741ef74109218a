import { assertEquals, assertRejects } from "@std/assert";
import { resend } from "../../../src/admin/resend.ts";
import { messageTracks } from "../../../src/admin/tracks.ts";
import { AnswerError } from "../../../src/client/errors.ts";
import { messageOf } from "../../../src/client/incoming.ts";
import { subscriptionOf } from "../../../src/client/subscription.ts";
import { formatConsumerConnections } from "../../../src/wire/connections.ts";
import { formatConsumeStats } from "../../../src/wire/consume_stats.ts";
import { formatGroupList } from "../../../src/wire/group_list.ts";
import { decodeRecord } from "../../../src/wire/message.ts";
import { parseProperties } from "../../../src/wire/properties.ts";
import { formatRoute } from "../../../src/wire/route.ts";
import { test } from "../../harness.ts";
import { runtime } from "../../support/runtime.ts";
import { fakeLines } from "./fake_lines.ts";
import { fakeRecord } from "./fake_message.ts";

const brokers = [{ brokerAddrs: new Map([[0, "a:1"]]), brokerName: "a", cluster: "C" }];
const numbers = { topicSysFlag: 0, writeQueueNums: 4, readQueueNums: 4 };
const routeOf = (perm: number) => ({
  code: 0,
  body: formatRoute({ brokers, queues: [{ brokerName: "a", perm, ...numbers }] }, "bare"),
});
const properties = { TAGS: "A", UNIQ_KEY: "U", CLUSTER: "C", MIN_OFFSET: "0", mine: "1" };
const message = messageOf(decodeRecord(fakeRecord({ properties })), "a", runtime.codecs);

/** Groups named after what they do with queue 1 of T, whose entry 2 the message is. */
function groups() {
  const online = (change: Partial<Parameters<typeof formatConsumerConnections>[0]>) => ({
    code: 0,
    body: formatConsumerConnections({
      connections: [{ clientAddr: "h:1", clientId: "c", language: "JAVA", version: 407 }],
      consumeFromWhere: "CONSUME_FROM_LAST_OFFSET",
      consumeType: "CONSUME_PASSIVELY",
      messageModel: "CLUSTERING",
      subscriptions: new Map([["T", subscriptionOf({ topic: "T" }, 1)]]),
      ...change,
    }),
  });
  return fakeLines({
    105: routeOf(6),
    300: {
      code: 0,
      body: formatGroupList(["done", "tagged", "pulls", "late", "away", "all", "odd"]),
    },
    203: ({ ext }) => {
      switch (ext?.consumerGroup) {
        case "tagged":
          return online({
            subscriptions: new Map([["T", subscriptionOf({ topic: "T", expression: "B" }, 1)]]),
          });
        case "pulls":
          return online({ consumeType: "CONSUME_ACTIVELY" });
        case "away":
          return { code: 206 };
        case "all":
          return online({ messageModel: "BROADCASTING" });
        case "odd":
          return { code: 1, remark: "odd" };
      }
      return online({});
    },
    208: ({ ext }) => ({
      code: 0,
      body: formatConsumeStats({
        consumeTps: 0,
        queues: [[{ brokerName: "a", queueId: 1, topic: "T" }, {
          brokerOffset: 9,
          consumerOffset: ext?.consumerGroup === "late" ? 2 : 3,
          lastTimestamp: 0,
        }]],
      }),
    }),
  });
}

test("messageTracks() tells what became of a message in each group", async () => {
  const tracks = await messageTracks(groups(), message);
  assertEquals(Object.fromEntries(tracks.map(({ group, kind }) => [group, kind])), {
    done: "CONSUMED",
    tagged: "CONSUMED_BUT_FILTERED",
    pulls: "PULL",
    late: "NOT_CONSUME_YET",
    away: "NOT_ONLINE",
    all: "CONSUME_BROADCASTING",
    odd: "UNKNOWN",
  });
  const { problem } = tracks.find(({ group }) => group === "odd")!;
  assertEquals(problem, 'Cannot see who is in group "odd": a:1 answers 1 (odd)');
});

const answered = { msgId: "ID2", queueId: "1", queueOffset: "5" };

test("resend() sends the same message again, as a plain one", async () => {
  const lines = fakeLines({ 105: routeOf(6), 310: { code: 0, ext: answered } });
  const resent = await resend(lines, message, { producerGroup: "p", now: 77 });
  assertEquals(resent, {
    ...{ status: "SEND_OK", messageId: "U", offsetMessageId: "ID2", topic: "T" },
    ...{ brokerName: "a", queueId: 1, queueOffset: 5 },
  });
  const [address, { ext, body }] = lines.asked.at(-1)!;
  assertEquals([address, ext?.a, ext?.b, ext?.e, ext?.g], ["a:1", "p", "T", "1", "77"]);
  assertEquals(
    parseProperties(ext?.i ?? ""),
    new Map([["TAGS", "A"], ["UNIQ_KEY", "U"], ["mine", "1"]]),
  );
  assertEquals(body, message.body);
});

test("resend() says that a message is stored with less than was configured, or is not", async () => {
  const weak = fakeLines({ 105: routeOf(6), 310: { code: 12, ext: answered } });
  const order = { producerGroup: "p", now: 1 };
  assertEquals((await resend(weak, message, order)).status, "FLUSH_SLAVE_TIMEOUT");
  const refused = fakeLines({ 105: routeOf(6), 310: { code: 2, remark: "busy" } });
  await assertRejects(() => resend(refused, message, order), AnswerError, "a:1 answers 2 (busy)");
  const closed = fakeLines({ 105: routeOf(4) });
  await assertRejects(() => resend(closed, message, order), AnswerError, "can be written");
});
