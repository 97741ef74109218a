import { assertEquals, assertThrows } from "@std/assert";
import { propertiesOf, writableQueues } from "../../../../src/cli/admin/message_send.ts";
import { UsageError } from "../../../../src/cli/exit.ts";
import { test } from "../../../harness.ts";

test("propertiesOf() wants NAME=VALUE", () => {
  assertEquals(propertiesOf(["a=1", "b=x=y", "c="]), { a: "1", b: "x=y", c: "" });
  assertThrows(() => propertiesOf(["=1"]), UsageError, '--property is "=1", it must be NAME=VALUE');
});

test("writableQueues() are those a master takes, in the order of Java's clients", () => {
  const broker = (brokerName: string, ids: number[]) => ({
    cluster: "c",
    brokerName,
    brokerAddrs: new Map(ids.map((id) => [id, `${brokerName}:${id}`])),
  });
  const queues = (brokerName: string, writeQueueNums: number, perm = 6) => ({
    ...{ brokerName, readQueueNums: 8, writeQueueNums, perm, topicSysFlag: 0 },
  });
  const route = {
    brokers: [broker("b", [0, 1]), broker("a", [0]), broker("c", [1]), broker("d", [0])],
    queues: [queues("b", 1), queues("a", 2), queues("c", 3), queues("d", 3, 4)],
  };
  assertEquals(
    writableQueues("T", route as unknown as Parameters<typeof writableQueues>[1])
      .map(({ brokerName, queueId }) => `${brokerName}${queueId}`),
    ["a0", "a1", "b0"],
  );
});
