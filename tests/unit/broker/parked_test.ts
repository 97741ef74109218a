import { assert, assertEquals } from "@std/assert";
import { type ParkedPull, ParkedPulls } from "../../../src/broker/parked.ts";
import type { Peer } from "../../../src/rpc/peer.ts";
import { parsePull } from "../../../src/wire/pull.ts";
import { test } from "../../harness.ts";
import { pull } from "../../support/broker_rig.ts";
import { VirtualClock } from "../../support/clock.ts";

function setUp() {
  const clock = new VirtualClock();
  const runs: { opaque: number; at: number }[] = [];
  const parked = new ParkedPulls(clock, ({ to }) => {
    runs.push({ opaque: to.opaque, at: clock.monotonic() });
  });
  const open = { closed: false } as Peer;
  const parkedPull = (
    opaque: number,
    { topic = "T", queueId = 0, deadline = 15_000, peer = open } = {},
  ): ParkedPull => ({
    peer,
    to: { form: "json", opaque, flag: 0 },
    request: parsePull({ ...pull().ext, topic, queueId: String(queueId) }),
    deadline,
  });
  return { clock, runs, parked, parkedPull };
}

test("ParkedPulls.wake() runs the pulls of that queue, in order, and no other", () => {
  const { parked, parkedPull, runs } = setUp();
  parked.park(parkedPull(1));
  parked.park(parkedPull(2, { queueId: 1 }));
  parked.park(parkedPull(3, { topic: "U" }));
  parked.park(parkedPull(4));
  parked.wake("T", 0);
  parked.wake("T", 7);
  parked.wake("V", 0);
  assertEquals(runs.map(({ opaque }) => opaque), [1, 4]);
  assertEquals(parked.count, 2);
  parked.wake("T", 0);
  assertEquals(runs.length, 2, "each runs once");
  parked.close();
});

test("ParkedPulls run a pull for the last time when its time is up, at most 500 ms late", async () => {
  const { clock, parked, parkedPull, runs } = setUp();
  parked.park(parkedPull(1, { deadline: 700 }));
  parked.park(parkedPull(2, { deadline: 1000 }));
  parked.park(parkedPull(3, { deadline: 99_000 }));
  await clock.advance(2000);
  assertEquals(runs, [
    { opaque: 1, at: 1000 },
    { opaque: 2, at: 1000 },
  ]);
  assertEquals(parked.count, 1);
  parked.close();
});

test("10,000 parked pulls cost one timer, and none when they are gone", async () => {
  const { clock, parked, parkedPull, runs } = setUp();
  for (let i = 0; i < 10_000; i++) parked.park(parkedPull(i, { queueId: i % 100 }));
  assertEquals([parked.count, clock.waiting], [10_000, 1]);
  await clock.advance(14_999);
  assertEquals([runs.length, clock.waiting], [0, 1]);
  await clock.advance(1);
  assertEquals([runs.length, parked.count, clock.waiting], [10_000, 0, 0]);
});

test("ParkedPulls hold 100,000 and no more, 20,000 of one connection", () => {
  const { clock, parked, parkedPull } = setUp();
  let one = parkedPull(1);
  for (let i = 0; i < 100_000; i++) {
    if (i % 20_000 === 0) {
      assertEquals([i === 0 || !parked.park(one), parked.count], [true, i]);
      one = parkedPull(1, { peer: { closed: false } as Peer });
    }
    assert(parked.park(one));
  }
  one = parkedPull(1);
  assertEquals([parked.park(one), parked.count], [false, 100_000]);
  parked.wake("T", 0);
  assertEquals(parked.park(one), true);
  parked.close();
  assertEquals(clock.waiting, 0);
});

test("ParkedPulls forget those whose connection is gone, at once", () => {
  const { clock, parked, parkedPull, runs } = setUp();
  const peer = { closed: false } as { closed: boolean } as Peer;
  parked.park(parkedPull(1, { peer }));
  parked.park(parkedPull(2));
  parked.park(parkedPull(3, { peer, queueId: 1 }));
  parked.closed(peer);
  parked.closed(peer);
  assertEquals([runs.length, parked.count], [0, 1]);
  parked.wake("T", 1);
  parked.wake("T", 0);
  assertEquals(runs.map(({ opaque }) => opaque), [2]);
  parked.close();
  assertEquals(clock.waiting, 0);
});

test("a message that wakes thousands of pulls lets others have their turn", async () => {
  const clock = new VirtualClock();
  let now = 0;
  clock.monotonic = () => now;
  const runs: number[] = [];
  const parked = new ParkedPulls(clock, ({ to }) => {
    runs.push(to.opaque);
    now += 0.1; // what a pull takes
  });
  const { parkedPull } = setUp();
  for (let i = 0; i < 1000; i++) parked.park(parkedPull(i));
  parked.park(parkedPull(1000, { queueId: 1 }));
  parked.wake("T", 0);
  assertEquals([runs.length, parked.count], [32, 969], "3 ms of work");
  parked.wake("T", 1); // behind those that were woken before
  assertEquals([runs.length, parked.count], [32, 969]);
  await clock.settle();
  assertEquals(runs, Array.from({ length: 1001 }, (_, i) => i));
  assertEquals(parked.count, 0);
  parked.close();
});

test("ParkedPulls take a pull back that finds nothing when it is woken", async () => {
  const clock = new VirtualClock();
  const woken: number[] = [];
  const parked: ParkedPulls = new ParkedPulls(clock, (pull) => {
    woken.push(clock.monotonic());
    if (pull.deadline > clock.monotonic()) parked.park(pull);
  });
  parked.park(setUp().parkedPull(1, { deadline: 600 }));
  for (let i = 0; i < 3; i++) parked.wake("T", 0);
  assertEquals([woken, parked.count], [[0, 0, 0], 1]);
  await clock.advance(1000);
  assertEquals([woken, parked.count, clock.waiting], [[0, 0, 0, 1000], 0, 0]);
});

test("ParkedPulls.close() forgets all", async () => {
  const { clock, parked, parkedPull, runs } = setUp();
  parked.park(parkedPull(1));
  parked.close();
  parked.wake("T", 0);
  await clock.advance(60_000);
  assertEquals([runs.length, parked.count, clock.waiting], [0, 0, 0]);
});
