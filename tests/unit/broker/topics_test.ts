import { assertEquals, assertStringIncludes } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import { plainTopic } from "../../../src/broker/topic_rules.ts";
import { test } from "../../harness.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { made, refused, send, shape, topicsOn } from "./topics_rig.ts";

for (
  const [name, queues, perm, sendable] of [
    ["SELF_TEST_TOPIC", 1, 6, false],
    ["TBW102", 8, 7, true],
    ["BenchmarkTest", 1024, 6, true],
    ["DefaultCluster", 16, 7, true],
    ["broker-a", 1, 7, true],
    ["OFFSET_MOVED_EVENT", 1, 6, false],
    ["SCHEDULE_TOPIC_XXXX", 18, 6, false],
    ["DefaultCluster_REPLY_TOPIC", 1, 6, true],
  ] as const
) {
  test(`a broker starts with ${name}`, () => {
    const topic = topicsOn(new MemFs()).topics.get(name)!;
    assertEquals([...shape(topic), topic.sendable], [queues, queues, perm, sendable]);
    assertEquals(topic.bytes, utf8(name));
  });
}

test("options decide which topics a broker starts with", () => {
  const { topics } = topicsOn(new MemFs(), {
    autoCreateTopicEnable: false,
    clusterTopicEnable: false,
    brokerTopicEnable: false,
    traceTopicEnable: true,
  });
  assertEquals(topics.get("TBW102"), undefined);
  assertEquals(shape(topics.get("DefaultCluster")!), [16, 16, 1]);
  assertEquals(shape(topics.get("broker-a")!), [1, 1, 1]);
  assertEquals(shape(topics.get("RMQ_SYS_TRACE_TOPIC")!), [1, 1, 6]);
});

for (
  const { name, wanted, gives } of [
    { name: "as many queues as asked", wanted: send("T"), gives: [4, 4, 6] },
    {
      name: "no more than the template's",
      wanted: send("T", { defaultTopicQueueNums: 50 }),
      gives: [8, 8, 6],
    },
    {
      name: "never below none",
      wanted: send("T", { defaultTopicQueueNums: -3 }),
      gives: [0, 0, 6],
    },
    {
      name: "after another template",
      wanted: send("T", { defaultTopic: "broker-a" }),
      gives: [1, 1, 6],
    },
    {
      name: "a retry topic without a template",
      wanted: send("%RETRY%g", { defaultTopic: "none" }),
      gives: [1, 1, 6],
    },
  ]
) {
  test(`createOnSend() makes a topic: ${name}`, () => {
    const { topics } = topicsOn(new MemFs());
    const topic = made(topics.createOnSend(wanted));
    assertEquals(shape(topic), gives);
    assertEquals(topics.get(wanted.topic), topic);
    assertEquals(topics.dataVersion.counter, 1);
    assertEquals(topics.createOnSend(wanted), topic);
    assertEquals(topics.dataVersion.counter, 1);
  });
}

for (
  const [topic, unitMode, sysFlag] of [
    ["T", false, 0],
    ["T", true, 1],
    ["%RETRY%g", true, 2],
  ] as const
) {
  test(`createOnSend() marks ${topic} with unit bits ${sysFlag}`, () => {
    const { topics } = topicsOn(new MemFs());
    assertEquals(made(topics.createOnSend(send(topic, { unitMode }))).topicSysFlag, sysFlag);
  });
}

for (
  const { name, wanted, options, code, says } of [
    { name: "no template", wanted: send("T", { defaultTopic: "none" }), code: 17, says: '"none"' },
    {
      name: "a template nobody inherits from",
      wanted: send("T", { defaultTopic: "BenchmarkTest" }),
      code: 17,
      says: "not on this broker",
    },
    {
      name: "creation is off",
      wanted: send("T"),
      options: { autoCreateTopicEnable: false },
      code: 17,
      says: '"TBW102"',
    },
    { name: "a blank name", wanted: send("  "), code: 1, says: "blank" },
    { name: "a strange character", wanted: send("a.b"), code: 1, says: "letters" },
    { name: "a line feed", wanted: send("a\n"), code: 1, says: "letters" },
    { name: "128 characters", wanted: send("x".repeat(128)), code: 1, says: "128" },
  ]
) {
  test(`createOnSend() refuses: ${name}`, () => {
    const { topics } = topicsOn(new MemFs(), options);
    const reply = refused(topics.createOnSend(wanted));
    assertEquals(reply.code, code);
    assertStringIncludes(reply.remark!, says);
    assertEquals(topics.dataVersion.counter, 0);
  });
}

test("a stored TBW102 is no template while creation is off", () => {
  const fs = new MemFs();
  const { topics } = topicsOn(fs, { autoCreateTopicEnable: false });
  topics.update(plainTopic("TBW102", 8, 7));
  assertEquals(refused(topics.createOnSend(send("T"))).code, 17);
});

test("createRetry() makes a group's topic once, and none where the name is too long", () => {
  const { topics } = topicsOn(new MemFs());
  assertEquals(shape(topics.createRetry("g", 2)!), [2, 2, 6]);
  assertEquals(topics.createRetry("g", 5), topics.get("%RETRY%g"));
  assertEquals(topics.createRetry("x".repeat(120))?.bytes.length, 127);
  assertEquals(topics.createRetry("x".repeat(121)), undefined);
  assertEquals(topics.createRetry("none", 0), undefined);
  assertEquals(topics.dataVersion.counter, 2);
});

test("changes reach the disk soon, several in one write, and come back", async () => {
  const fs = new MemFs();
  fs.fault = () => undefined;
  const { topics, clock } = topicsOn(fs);
  for (let i = 0; i < 100; i++) topics.createOnSend(send(`T${i}`));
  topics.delete("T7");
  assertEquals(fs.counts.write, 0);
  await clock.advance(100);
  assertEquals(fs.counts.write, 1);
  const { topics: again } = topicsOn(fs);
  assertEquals(shape(again.get("T99")!), [4, 4, 6]);
  assertEquals(again.get("T7"), undefined);
  assertEquals(again.dataVersion, topics.dataVersion);
  assertEquals(again.dataVersion.counter, 101);
  assertEquals(again.json(), topics.json());
});

test("close() writes what was not written yet", async () => {
  const fs = new MemFs();
  const { topics, clock } = topicsOn(fs);
  topics.createOnSend(send("T"));
  await topics.close();
  assertEquals([topicsOn(fs).topics.get("T")?.perm, clock.waiting], [6, 0]);
});

test("stored topics lie over the built-in ones", async () => {
  const fs = new MemFs();
  const { topics } = topicsOn(fs);
  topics.update({ ...plainTopic("TBW102", 16, 7) });
  await topics.flush();
  const { topics: again } = topicsOn(fs, { brokerName: "broker-b" });
  assertEquals(shape(again.get("TBW102")!), [16, 16, 7]);
  assertEquals(again.get("broker-b")?.perm, 7);
});

test("a topic may be called __proto__", async () => {
  const fs = new MemFs();
  const { topics } = topicsOn(fs);
  topics.createOnSend(send("__proto__"));
  await topics.flush();
  assertEquals(topicsOn(fs).topics.get("__proto__")?.writeQueueNums, 4);
});

test("setOrdered() marks the named topics and no others, as one change", () => {
  const { topics } = topicsOn(new MemFs());
  for (const name of ["A", "B", "C"]) topics.createOnSend(send(name));
  const { counter } = topics.dataVersion;
  const orders = () => ["A", "B", "C"].map((name) => topics.get(name)?.order);
  topics.setOrdered(new Set(["A", "B", "elsewhere"]));
  assertEquals(orders(), [true, true, false]);
  topics.setOrdered(new Set(["B", "C"]));
  assertEquals(orders(), [false, true, true]);
  assertEquals(topics.dataVersion.counter, counter + 2);
  topics.setOrdered(new Set(["C", "B"]));
  assertEquals(topics.dataVersion.counter, counter + 2);
});

test("onChanged() hears each change until it is stopped", () => {
  const { topics } = topicsOn(new MemFs());
  let changes = 0;
  const stop = topics.onChanged(() => changes++);
  topics.createOnSend(send("T"));
  topics.delete("T");
  topics.delete("T");
  assertEquals(changes, 2);
  stop();
  topics.createOnSend(send("T"));
  assertEquals(changes, 2);
});
