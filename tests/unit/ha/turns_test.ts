import { assertEquals } from "@std/assert";
import { Turns } from "../../../src/ha/turns.ts";
import { test } from "../../harness.ts";

/** A clock on which every round takes a millisecond. */
class BusyClock {
  ms = 0;
  turns: (() => void)[] = [];
  monotonic(): number {
    return this.ms;
  }
  soon(fn: () => void): void {
    this.turns.push(fn);
  }
  turn(): void {
    for (const fn of this.turns.splice(0)) fn();
  }
}

test("however many wait, a turn takes a slice of 2 ms of them, and they come round in order", () => {
  const clock = new BusyClock();
  const turns = new Turns(clock);
  const done: string[] = [];
  const round = (name: string, more: number) => {
    clock.ms++;
    done.push(name);
    if (more > 0) turns.next(() => round(name, more - 1));
  };
  for (const name of "abcde") turns.next(() => round(name, 1));
  const seen: string[] = [];
  while (clock.turns.length > 0) {
    clock.turn();
    seen.push(done.splice(0).join(""));
  }
  assertEquals(seen, ["ab", "cd", "ea", "bc", "de"]);
});

test("a round that takes longer than the slice still comes alone, and nothing is armed twice", () => {
  const clock = new BusyClock();
  const turns = new Turns(clock);
  const done: string[] = [];
  for (const name of "ab") {
    turns.next(() => {
      clock.ms += 100;
      done.push(name);
    });
  }
  assertEquals(clock.turns.length, 1);
  clock.turn();
  assertEquals([done, clock.turns.length], [["a"], 1]);
  clock.turn();
  assertEquals([done, clock.turns.length], [["a", "b"], 0]);
});
