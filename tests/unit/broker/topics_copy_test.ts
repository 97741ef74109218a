import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Topics } from "../../../src/broker/topics.ts";
import { plainTopic } from "../../../src/broker/topic_rules.ts";
import { parseTopicTable } from "../../../src/wire/topic.ts";
import { test } from "../../harness.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { topicsOn } from "./topics_rig.ts";

const MASTER = { counter: 5, timestamp: 1_700_000_000_000 };

test("a slave takes over topics and version, and drops what its master deleted", async () => {
  const fs = new MemFs();
  const { topics } = topicsOn(fs, {}, true);
  topics.replaceFrom(MASTER, [plainTopic("A", 4), plainTopic("B", 2)]);
  topics.replaceFrom({ ...MASTER, counter: 6 }, [plainTopic("B", 3)]);
  assertEquals([...topics.all().keys()], ["B"]);
  assertEquals([topics.get("B")?.readQueueNums, topics.dataVersion.counter], [3, 6]);
  await topics.close();
  const { topics: again } = topicsOn(fs, {}, true);
  assertEquals(again.dataVersion, { ...MASTER, counter: 6 });
});

for (
  const { name, version, topics: answer, has } of [
    { name: "empty", version: { counter: 9, timestamp: 2e12 }, topics: [], has: ["A", "B"] },
    {
      name: "older",
      version: { counter: 4, timestamp: 1_699_999_999_999 },
      topics: [plainTopic("A", 9), plainTopic("C", 1)],
      has: ["A", "B", "C"],
    },
    { name: "the same", version: MASTER, topics: [plainTopic("C", 1)], has: ["A", "B"] },
  ]
) {
  test(`a slave deletes nothing on an answer that is ${name}`, () => {
    const { topics } = topicsOn(new MemFs(), {}, true);
    topics.replaceFrom(MASTER, [plainTopic("A", 4), plainTopic("B", 2)]);
    topics.replaceFrom(version, answer);
    assertEquals([...topics.all().keys()].sort(), has);
    assertEquals(topics.get("A")?.readQueueNums, 4);
    assertEquals(topics.dataVersion, MASTER);
  });
}

/** The names a slave has after its master said these tables, one after another. */
function afterAnswers(
  ...answers: [counter: number, timestamp: number, names: string[]][]
): { names: string[]; topics: Topics } {
  const { topics } = topicsOn(new MemFs(), {}, true);
  for (const [counter, timestamp, names] of answers) {
    topics.replaceFrom({ counter, timestamp }, names.map((name) => plainTopic(name, counter)));
  }
  return { topics, names: [...topics.all().keys()].sort() };
}

test("a new slave takes the table of a master that never changed it", () => {
  const { topics } = afterAnswers([0, 1e12, ["A"]]);
  assertEquals(topics.dataVersion, { counter: 0, timestamp: 1e12 });
});

test("a master that lost its tables takes nothing away, whenever it started", () => {
  const { names, topics } = afterAnswers([500, 1e12, ["A", "B"]], [0, 2e12, ["SELF"]]);
  assertEquals([names, topics.dataVersion.counter], [["A", "B", "SELF"], 500]);
  // and nor does the first topic that is made there
  assertEquals(
    afterAnswers([500, 1e12, ["A", "B"]], [0, 2e12, ["SELF"]], [1, 3e12, ["SELF", "C"]]).names,
    ["A", "B", "C", "SELF"],
  );
});

test("a master that lost its tables changes and takes away what it said itself", () => {
  const { names, topics } = afterAnswers(
    [500, 1e12, ["A", "B"]],
    [1, 2e12, ["A", "C", "D"]],
    [2, 3e12, ["A", "D"]],
  );
  assertEquals([names, topics.get("A")?.readQueueNums], [["A", "B", "D"], 2]);
});

test("a topic that only a slave has outlives its master's changes", () => {
  const { topics } = topicsOn(new MemFs(), {}, true);
  topics.replaceFrom(MASTER, [plainTopic("A", 4), plainTopic("B", 2)]);
  topics.createRetry("g");
  topics.replaceFrom({ ...MASTER, counter: 6 }, [plainTopic("A", 5)]);
  assertEquals([...topics.all().keys()].sort(), ["%RETRY%g", "A"]);
});

test("a topic deleted while the slave was away goes with the next newer answer", async () => {
  const fs = new MemFs();
  const { topics } = topicsOn(fs, {}, true);
  topics.replaceFrom(MASTER, [plainTopic("A", 4), plainTopic("B", 2)]);
  await topics.close();
  const { topics: again } = topicsOn(fs, {}, true);
  again.replaceFrom({ ...MASTER, counter: 7 }, [plainTopic("B", 2)]);
  assertEquals([...again.all().keys()], ["B"]);
});

test("a clock that went back does not hide a master's changes", () => {
  const { names } = afterAnswers([5, 2e12, ["A", "B"]], [6, 1e12, ["B"]]);
  assertEquals(names, ["B"]);
});

test("a slave's own retry topics do not move its version", () => {
  const { topics } = topicsOn(new MemFs(), {}, true);
  topics.replaceFrom(MASTER, [plainTopic("A", 4)]);
  topics.createRetry("g");
  assertEquals(topics.dataVersion, MASTER);
  topics.replaceFrom({ ...MASTER, counter: 6 }, [plainTopic("A", 5)]);
  assertEquals(topics.get("A")?.readQueueNums, 5);
});

test("json() is what a master's answer to 21 looks like", () => {
  const { topics } = topicsOn(new MemFs());
  const json = topics.json();
  const { topics: read, dataVersion } = parseTopicTable(json);
  assertEquals(dataVersion, topics.dataVersion);
  assertEquals(read.size, topics.all().size);
  assertStringIncludes(
    json,
    '"TBW102":{"order":false,"perm":7,"readQueueNums":8,"topicFilterType":"SINGLE_TAG",' +
      '"topicName":"TBW102","topicSysFlag":0,"writeQueueNums":8}',
  );
});
