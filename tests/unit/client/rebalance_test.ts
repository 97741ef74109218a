import { assert, assertEquals } from "@std/assert";
import { queuesOf } from "../../../src/client/rebalance.ts";
import { test } from "../../harness.ts";

const queues = (count: number, brokers = ["a"]) =>
  brokers.flatMap((brokerName) =>
    Array.from({ length: count }, (_, queueId) => ({ topic: "T", brokerName, queueId }))
  );
const ids = (member: string, members: string[], count: number) =>
  queuesOf(member, members, queues(count)).map((queue) => queue.queueId);

for (
  const { count, members, split } of [
    { count: 4, members: ["x"], split: [[0, 1, 2, 3]] },
    { count: 4, members: ["x", "y"], split: [[0, 1], [2, 3]] },
    { count: 7, members: ["x", "y", "z"], split: [[0, 1, 2], [3, 4], [5, 6]] },
    { count: 2, members: ["x", "y", "z"], split: [[0], [1], []] },
    { count: 0, members: ["x"], split: [[]] },
  ]
) {
  test(`queuesOf() gives ${count} queues to ${members.length} members in neighbouring runs`, () => {
    assertEquals(members.map((member) => ids(member, members, count)), split);
  });
}

test("queuesOf() does not depend on the order of either list, nor on an id named twice", () => {
  const shuffled = queues(5, ["b", "a"]).reverse();
  assertEquals(
    queuesOf("y", ["y", "x", "y"], shuffled),
    queuesOf("y", ["x", "y"], queues(5, ["a", "b"])),
  );
});

test("queuesOf() gives nothing to a member that is not in the list", () => {
  assertEquals(queuesOf("stranger", ["x", "y"], queues(4)), []);
});

test("queuesOf() gives every queue to exactly one member, whatever the numbers", () => {
  for (let count = 0; count <= 20; count++) {
    for (let size = 1; size <= 9; size++) {
      const members = Array.from({ length: size }, (_, i) => `m${i}`);
      const given = members.flatMap((member) => ids(member, members, count));
      assertEquals(given, Array.from({ length: count }, (_, i) => i));
      const sizes = members.map((member) => ids(member, members, count).length);
      assert(Math.max(...sizes) - Math.min(...sizes) <= 1);
    }
  }
});
