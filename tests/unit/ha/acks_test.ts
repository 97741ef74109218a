import { assertEquals, assertThrows } from "@std/assert";
import { WireError } from "../../../src/base/errors.ts";
import { Acks, type Follower } from "../../../src/ha/acks.ts";
import { test } from "../../harness.ts";

const MIB = 1024 * 1024;

function acksFor(inSyncReplicas: number): Acks {
  return new Acks({ inSyncReplicas, fallBehindMax: 256 * MIB });
}

/** Sends up to `logOffset` on the connection and lets it report that. */
function copies(follower: Follower, logOffset: number): void {
  follower.send(logOffset);
  follower.confirm(logOffset);
}

test("state() is unavailable while nobody has reported, and again when the slave left", () => {
  const acks = acksFor(2);
  assertEquals(acks.state(100), "unavailable");
  const slave = acks.follower("a", 0);
  assertEquals(acks.state(100), "waiting");
  slave.close();
  assertEquals(acks.state(100), "unavailable");
  assertEquals(acks.slaves, 0);
});

test("confirm() counts nothing until a report is above the first", () => {
  const acks = acksFor(2);
  const slave = acks.follower("a", 5000);
  slave.send(6000);
  assertEquals(acks.confirmed, 0);
  slave.confirm(5000);
  assertEquals([slave.acked, acks.confirmed, acks.state(5000)], [0, 0, "waiting"]);
  slave.confirm(5001);
  assertEquals([slave.acked, acks.confirmed, acks.state(5000)], [5001, 5001, "confirmed"]);
});

test("confirm() throws when a report is beyond what was sent, and counts nothing of it", () => {
  const acks = acksFor(2);
  const slave = acks.follower("a", 0);
  slave.send(100);
  assertThrows(
    () => slave.confirm(101),
    WireError,
    "report of 101, sent on this connection up to 100",
  );
  assertThrows(() => slave.confirm(2 ** 60), WireError);
  assertThrows(() => slave.confirm(-1), WireError);
  assertEquals(acks.confirmed, 0);
});

test("confirm() never takes back what was confirmed", () => {
  const acks = acksFor(2);
  const slave = acks.follower("a", 0);
  copies(slave, 200);
  slave.confirm(150);
  assertEquals([slave.acked, acks.confirmed], [200, 200]);
});

test("confirm() takes no report below where an empty slave was started", () => {
  const acks = acksFor(2);
  const slave = acks.follower("a", 0, 65536);
  slave.confirm(65536); // a Java slave says so once it made the file, without holding a byte
  assertEquals(slave.acked, 0);
  copies(slave, 65537);
  assertEquals(acks.confirmed, 65537);
});

test("two connections of one slave count as one, with the highest confirmation", () => {
  const acks = acksFor(3);
  const old = acks.follower("a", 0);
  const fresh = acks.follower("a", 0);
  copies(old, 100);
  copies(fresh, 200);
  assertEquals([acks.slaves, acks.connections], [1, 2]);
  assertEquals([acks.confirmed, acks.state(50)], [0, "unavailable"]);
  const other = acks.follower("b", 0);
  copies(other, 300);
  assertEquals(acks.confirmed, 200);
  fresh.close();
  assertEquals(acks.confirmed, 100);
});

test("inSyncReplicas 3 needs two slaves: the second highest counts", () => {
  const acks = acksFor(3);
  const [a, b, c] = ["a", "b", "c"].map((key) => acks.follower(key, 0));
  copies(a, 300);
  assertEquals(acks.confirmed, 0);
  copies(b, 200);
  assertEquals(acks.confirmed, 200);
  copies(c, 250);
  assertEquals([acks.confirmed, acks.state(250), acks.state(251)], [250, "confirmed", "waiting"]);
});

test("state() is unavailable only when every slave is too far behind", () => {
  const acks = acksFor(2);
  const slow = acks.follower("slow", 0);
  const end = 300 * MIB;
  assertEquals(acks.state(end), "unavailable");
  assertEquals(acks.state(256 * MIB), "unavailable"); // the bound itself is too far
  assertEquals(acks.state(256 * MIB - 1), "waiting");
  const near = acks.follower("near", end);
  assertEquals(acks.state(end + 1), "waiting"); // it proved nothing, but is near
  near.close();
  copies(slow, 100 * MIB);
  assertEquals(acks.state(end), "waiting");
});

test("onConfirmed() tells once a report, only when more was confirmed, until it is ended", () => {
  const acks = acksFor(2);
  const told: number[] = [];
  const stop = acks.onConfirmed((confirmed) => told.push(confirmed));
  const a = acks.follower("a", 0);
  const b = acks.follower("b", 0);
  copies(a, 100);
  copies(b, 90);
  copies(b, 110);
  stop();
  copies(b, 120);
  assertEquals(told, [100, 110]);
});

test("a follower that was closed confirms nothing any more", () => {
  const acks = acksFor(2);
  const gone = acks.follower("a", 0);
  gone.send(100);
  gone.close();
  gone.close();
  gone.confirm(100);
  assertEquals([acks.confirmed, acks.slaves], [0, 0]);
});

test("inSyncReplicas 1 waits for one slave all the same", () => {
  const acks = acksFor(1);
  assertEquals([acks.state(1), acks.confirmed], ["unavailable", 0]);
});
