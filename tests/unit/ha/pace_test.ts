import { assert, assertEquals } from "@std/assert";
import { Pace } from "../../../src/ha/pace.ts";
import { test } from "../../harness.ts";

const ROUND = 256 * 1024;

/** What slaves that are far behind get in a second in which the log grows by so many bytes a millisecond. */
function gotInASecond(growth: number): number {
  let ms = 0;
  const log = { tail: 0 };
  const pace = new Pace({ monotonic: () => ms }, log);
  let got = 0;
  for (const end of [1_000, 2_000]) {
    got = 0; // of the first second the beginning does not count: nothing was known of the log
    while (ms < end) {
      got += ROUND;
      ms += Math.max(0.2, pace.sent(ROUND));
      log.tail = Math.round(growth * ms);
    }
  }
  return got;
}

function isAbout(got: number, wanted: number): void {
  assert(Math.abs(got - wanted) < 0.05 * wanted, `${got} bytes, about ${wanted} wanted`);
}

test("a slave that is far behind gets all it can take while nobody produces much", () => {
  for (const growth of [0, 1_000, 4_900]) isAbout(gotInASecond(growth), 5_000 * ROUND);
});

test("while producers are at work it gets half as much again as they store, and never little", () => {
  isAbout(gotInASecond(6_000), 80_000_000);
  isAbout(gotInASecond(50_000), 80_000_000);
  isAbout(gotInASecond(100_000), 150_000_000);
});

test("the moment they stop it gets all again", () => {
  let ms = 0;
  const log = { tail: 0 };
  const pace = new Pace({ monotonic: () => ms }, log);
  for (; ms < 200; ms += 10) {
    log.tail += 1_000_000;
    pace.sent(ROUND);
  }
  for (let i = 0; i < 8; i++) pace.sent(ROUND);
  assert(pace.sent(ROUND) > 1);
  ms += 60;
  assertEquals(pace.sent(ROUND), 0);
});
