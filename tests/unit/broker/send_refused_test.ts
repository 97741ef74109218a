import { assertEquals, assertStringIncludes } from "@std/assert";
import { plainTopic } from "../../../src/broker/topic_rules.ts";
import { test } from "../../harness.ts";
import {
  batch,
  type BrokerRig,
  brokerRig,
  lettersOf,
  props,
  send,
  sendFields,
} from "../../support/broker_rig.ts";
import type { CommandFields } from "../../support/far_end.ts";

/** Sends that are refused: nothing of them is stored, and the connection goes on. */
const REFUSED: {
  name: string;
  request: CommandFields;
  code: number;
  says: string;
  flags?: Record<string, string>;
  role?: "master" | "slave";
  before?: (rig: BrokerRig) => void;
}[] = [
  {
    name: "a body that is too large",
    flags: { maxMessageSize: "1000" },
    request: send({}, "x".repeat(1001)),
    code: 13,
    says: "1000",
  },
  {
    name: "a batch that is too large",
    flags: { maxMessageSize: "1000" },
    request: batch([["x".repeat(600), ""], ["x".repeat(600), ""]]),
    code: 13,
    says: "1000",
  },
  {
    name: "properties that are too large",
    request: send({ properties: props(["KEYS", "x".repeat(32_768)]) }),
    code: 13,
    says: "properties",
  },
  {
    name: "properties that CLUSTER makes too large",
    request: send({ properties: props(["KEYS", "x".repeat(32_767 - 5)]) }),
    code: 13,
    says: "properties",
  },
  {
    name: "a record larger than a log file",
    request: send({}, "x".repeat(1_048_576)),
    code: 13,
    says: "log file",
  },
  { name: "a send to a slave", role: "slave", request: send(), code: 14, says: "slave" },
  {
    name: "a batch to a slave",
    role: "slave",
    request: batch([["a", ""]]),
    code: 14,
    says: "slave",
  },
  {
    name: "an unknown topic without a template",
    request: send({ defaultTopic: "NoSuchTopic" }),
    code: 17,
    says: '"T"',
  },
  {
    name: "an unknown topic where none are created",
    flags: { autoCreateTopicEnable: "false" },
    request: send(),
    code: 17,
    says: '"T"',
  },
  ...["a b", "x".repeat(128), "a@b", "a/../b", " "].map((topic) => ({
    name: `the name "${topic.slice(0, 10)}" for a topic`,
    request: send({ topic }),
    code: 1,
    says: topic,
  })),
  ...["SCHEDULE_TOPIC_XXXX", "OFFSET_MOVED_EVENT", "SELF_TEST_TOPIC"].map((topic) => ({
    name: `the broker's own topic ${topic}`,
    request: send({ topic }),
    code: 16,
    says: topic,
  })),
  { name: "a queue beyond the last", request: send({ queueId: "4" }), code: 1, says: "4 queues" },
  {
    name: "a topic without a queue to write to",
    request: send({ topic: "R", queueId: "-1" }),
    before: ({ parts }) => parts.topics.update({ ...plainTopic("R", 4), writeQueueNums: 0 }),
    code: 1,
    says: '"R"',
  },
  {
    name: "a delayed batch",
    request: batch([["a", ""]], { properties: props(["DELAY", "3"]) }),
    code: 13,
    says: "delay",
  },
  {
    name: "a transaction in a batch",
    request: batch([["a", ""]], { properties: props(["TRAN_MSG", "true"]) }),
    code: 13,
    says: "transaction",
  },
  {
    name: "a message that is prepared by its flag only",
    request: send({ sysFlag: "4" }),
    code: 13,
    says: "TRAN_MSG",
  },
  {
    name: "a missing field",
    request: { code: 10, ext: { ...sendFields(), topic: "" } },
    code: 1,
    says: '"topic"',
  },
  {
    name: "a queue that is no number, by its letter",
    request: { code: 310, ext: lettersOf(sendFields({ queueId: "x" })) },
    code: 1,
    says: '"queueId" is "x"',
  },
];

for (const { name, request, code, says, flags, role, before } of REFUSED) {
  test(`${name} is answered ${code}, and nothing is stored`, async () => {
    await using rig = await brokerRig({ flags, role });
    before?.(rig);
    const { tail } = rig.store.log;
    const client = rig.client();
    const answer = await client.ask(request);
    assertEquals(answer.code, code);
    assertStringIncludes(answer.remark!, says);
    assertEquals([rig.store.log.tail, rig.parts.stats.put.total], [tail, 0]);
    if (role === "slave") return;
    assertEquals((await client.ask(send({ topic: "BenchmarkTest" }))).code, 0);
    assertEquals(rig.log.lines, []);
  });
}
