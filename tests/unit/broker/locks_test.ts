import { assertEquals } from "@std/assert";
import { LOCK_MS, Locks } from "../../../src/broker/locks.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";

const queue = (queueId: number, topic = "T") => ({ brokerName: "broker-a", queueId, topic });
const Q = [queue(0), queue(1), queue(2)];

function ids(queues: readonly { queueId: number }[]): number[] {
  return queues.map(({ queueId }) => queueId);
}

test("lock() gives a queue to one client of a group, and keeps it for that one", () => {
  const locks = new Locks(new VirtualClock());
  assertEquals(ids(locks.lock("g", "a", [Q[0], Q[1]])), [0, 1]);
  assertEquals(ids(locks.lock("g", "b", Q)), [2]);
  assertEquals(ids(locks.lock("g", "a", Q)), [0, 1]);
  assertEquals(ids(locks.lock("other", "b", Q)), [0, 1, 2]);
  assertEquals(locks.lock("g", "b", [queue(0, "U")]), [queue(0, "U")]);
});

test("a lock ends 60 s after it was last asked for", async () => {
  const clock = new VirtualClock();
  const locks = new Locks(clock);
  locks.lock("g", "a", [Q[0], Q[1]]);
  await clock.advance(LOCK_MS - 1);
  locks.lock("g", "a", [Q[1]]);
  assertEquals(ids(locks.lock("g", "b", Q)), [2]);
  await clock.advance(1);
  assertEquals(ids(locks.lock("g", "b", Q)), [0, 2]);
  assertEquals(ids(locks.lock("g", "a", Q)), [1]);
});

test("unlock() is the owner's", () => {
  const locks = new Locks(new VirtualClock());
  locks.lock("g", "a", Q);
  locks.unlock("g", "b", Q);
  locks.unlock("nobody", "a", Q);
  assertEquals(ids(locks.lock("g", "b", Q)), []);
  locks.unlock("g", "a", [Q[1]]);
  assertEquals(ids(locks.lock("g", "b", Q)), [1]);
});

test("locks are bounded, and ended ones make room", async () => {
  const clock = new VirtualClock();
  const locks = new Locks(clock);
  const many = Array.from({ length: 200_000 }, (_, queueId) => queue(queueId));
  assertEquals(locks.lock("g", "a", many).length, 200_000);
  assertEquals(locks.lock("h", "a", Q), []);
  assertEquals(locks.lock("g", "a", Q).length, 3);
  await clock.advance(LOCK_MS);
  assertEquals(locks.lock("h", "a", Q).length, 3);
});
