import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { WireError } from "../../../src/base/errors.ts";
import { NoAnswer } from "../../../src/ha/master_answers.ts";
import { type Bounds, SlaveStatus } from "../../../src/ha/slave_status.ts";
import { Watch } from "../../../src/ha/watch.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { KeptLog } from "../../support/ha.ts";

/** A connection's watch, over a log and a master that are what a test says. */
class Scene {
  readonly clock = new VirtualClock();
  readonly status = new SlaveStatus(this.clock, new KeptLog());
  tail = 0;
  /** What the master answers now; undefined: nothing. */
  answer: Bounds | undefined;
  asked = 0;
  readonly watch: Watch;

  constructor({ max, chained = false }: { max?: number; chained?: boolean }) {
    const bounds = () => {
      this.asked++;
      return this.answer ? Promise.resolve(this.answer) : Promise.reject(new NoAnswer("busy"));
    };
    const known = max === undefined ? undefined : { min: 0, max };
    if (known) this.status.learned(known);
    const self = (): number => this.tail;
    this.watch = new Watch(
      {
        clock: this.clock,
        log: new KeptLog(),
        status: this.status,
        store: {
          log: {
            get tail() {
              return self();
            },
          },
        },
        answers: { settings: never, bounds, recordAt: never, name: never },
        bounds: known,
        chained,
      },
      { lastHeard: 0 },
      { lastWrite: 0 },
    );
    this.watch.ended.catch(() => {});
  }

  grow(tail: number): void {
    this.tail = tail;
    this.watch.grown(tail);
  }
}

const never = () => Promise.reject(new NoAnswer("not asked here"));

test("Watch: in sync once what the master had is here", () => {
  const scene = new Scene({ max: 1000 });
  scene.watch.begin();
  assertEquals(scene.status.state, "CATCHING_UP");
  scene.grow(999);
  assertEquals(scene.status.state, "CATCHING_UP");
  scene.grow(1000);
  assertEquals([scene.status.state, scene.asked], ["IN_SYNC", 0]);
});

test("Watch: an old answer makes nobody in sync, the master is asked again", async () => {
  const scene = new Scene({ max: 1000 });
  scene.watch.begin();
  await scene.clock.advance(5_500); // asked once meanwhile, no answer
  scene.grow(1000);
  assertEquals([scene.status.state, scene.asked], ["CATCHING_UP", 2]);
  scene.answer = { min: 0, max: 5000 };
  await scene.clock.advance(5_000);
  assertEquals(scene.status.state, "CATCHING_UP");
  scene.grow(5000);
  assertEquals(scene.status.state, "IN_SYNC");
});

test("Watch: CATCHING_UP again when what the master had 5 s ago is still not here", async () => {
  const scene = new Scene({ max: 1000 });
  scene.watch.begin();
  scene.grow(1000);
  scene.answer = { min: 0, max: 9000 };
  await scene.clock.advance(5_000);
  assertEquals(scene.status.state, "IN_SYNC", "it may just have come");
  await scene.clock.advance(5_000);
  assertEquals(scene.status.state, "CATCHING_UP");
  scene.grow(9000);
  assertEquals(scene.status.state, "IN_SYNC");
});

test("Watch: without any answer only an empty transfer tells that nothing is left", async () => {
  const scene = new Scene({});
  scene.watch.begin();
  scene.grow(1000);
  await scene.clock.advance(60_000);
  assertEquals(scene.status.state, "CATCHING_UP");
  scene.watch.heartbeat(1000);
  assertEquals(scene.status.state, "IN_SYNC");
});

test("Watch: CHAINED whatever the tail is", async () => {
  const scene = new Scene({ max: 1000, chained: true });
  scene.watch.begin();
  scene.grow(1000);
  scene.watch.heartbeat(1000);
  scene.answer = { min: 0, max: 9000 };
  await scene.clock.advance(20_000);
  assertEquals(scene.status.state, "CHAINED");
});

test("Watch: a master whose log ends before ours ends the connection", async () => {
  const scene = new Scene({ max: 1000 });
  scene.watch.begin();
  scene.grow(1000);
  scene.answer = { min: 0, max: 999 };
  await scene.clock.advance(5_000);
  await assertRejects(() => scene.watch.ended, WireError, "ends at 999, ours at 1000");
});

test("Watch: empty transfers where bytes are due, four in a row", () => {
  const scene = new Scene({ max: 1000 });
  for (let i = 0; i < 3; i++) scene.watch.heartbeat(0);
  assertEquals(scene.status.state, "CONNECTING");
  assertThrows(() => scene.watch.heartbeat(0), WireError, "sends nothing from 0 on");
});
