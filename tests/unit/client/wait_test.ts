import { assertEquals, assertRejects } from "@std/assert";
import { Room } from "../../../src/client/room.ts";
import { Bell, onAbort, unlessAborted } from "../../../src/client/wait.ts";
import { test } from "../../harness.ts";
import { settled, VirtualClock } from "../../support/clock.ts";

function watched<T>(promise: Promise<T>): { done: boolean } {
  const state = { done: false };
  promise.then(() => state.done = true);
  return state;
}

test("a bell wakes who waits, and keeps a ring for who comes", async () => {
  const bell = new Bell();
  const { signal } = new AbortController();
  const waiting = watched(bell.wait(signal));
  await settled();
  assertEquals(waiting.done, false);
  bell.ring();
  await settled();
  assertEquals(waiting.done, true);
  bell.ring();
  bell.ring();
  await bell.wait(signal);
  const again = watched(bell.wait(signal));
  await settled();
  assertEquals(again.done, false);
  bell.ring();
});

test("a wait for a bell ends by itself after its time, or with its signal", async () => {
  const clock = new VirtualClock();
  const bell = new Bell();
  const stop = new AbortController();
  const timed = watched(bell.wait(stop.signal, clock, 100));
  await clock.advance(99);
  assertEquals(timed.done, false);
  await clock.advance(1);
  assertEquals(timed.done, true);
  const aborted = watched(bell.wait(stop.signal, clock, 100));
  stop.abort();
  await settled();
  assertEquals([aborted.done, clock.waiting], [true, 0]);
  await bell.wait(stop.signal);
});

test("unlessAborted() gives what the promise gives, or nothing once aborted", async () => {
  const stop = new AbortController();
  assertEquals(await unlessAborted(Promise.resolve(1), stop.signal), 1);
  await assertRejects(() => unlessAborted(Promise.reject(new Error("x")), stop.signal), Error, "x");
  const late = Promise.withResolvers<number>();
  const waiting = unlessAborted(late.promise, stop.signal);
  stop.abort();
  assertEquals(await waiting, undefined);
  late.reject(new Error("nobody hears this"));
  await settled();
  assertEquals(await unlessAborted(Promise.resolve(1), stop.signal), undefined);
});

test("onAbort() calls once, and not after it was taken back", async () => {
  const calls: string[] = [];
  const [one, two] = [new AbortController(), new AbortController()];
  onAbort(one.signal, () => calls.push("one"));
  onAbort(two.signal, () => calls.push("two"))();
  onAbort(undefined, () => calls.push("none"))();
  one.abort();
  two.abort();
  onAbort(one.signal, () => calls.push("late"));
  assertEquals(calls, ["one"]);
  await settled();
  assertEquals(calls, ["one", "late"]);
});

test("a room lets in what fits, in the order of coming", async () => {
  const room = new Room(10);
  const leave = await room.take(6);
  const big = watched(room.take(8));
  const small = watched(room.take(1));
  await settled();
  assertEquals([big.done, small.done], [false, false], "small does not pass big");
  leave();
  await settled();
  assertEquals([big.done, small.done], [true, true]);
});

test("a room lets in what is larger than itself, alone", async () => {
  const room = new Room(10);
  const leave = await room.take(25);
  const next = watched(room.take(1));
  await settled();
  assertEquals(next.done, false);
  leave();
  await settled();
  assertEquals(next.done, true);
});
