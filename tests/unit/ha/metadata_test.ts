import { assertEquals, assertStringIncludes } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import { copyMetadata } from "../../../src/ha/metadata.ts";
import type { Address } from "../../../src/ports/net.ts";
import { CallError } from "../../../src/rpc/peer.ts";
import type { Command, ExtFields, Request } from "../../../src/wire/command.ts";
import type { OffsetPosition } from "../../../src/wire/offset.ts";
import type { SlaveName } from "../../../src/wire/slave_name.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { goldenBody, goldenExchanges } from "../../support/golden.ts";
import { KeptLog } from "../../support/ha.ts";

const NOTHING = new Uint8Array(0);

/** A master that answers with what a Java one answered. */
class FakeMaster {
  readonly bodies = new Map<number, Uint8Array>();
  readonly asked: string[] = [];
  /** Extra fields of each request that has some. */
  readonly named = new Map<number, ExtFields>();
  /** Offsets of group G in queue 0 of T, as 14 gives them and 15 sets them. */
  offset: number | undefined;
  boot = 1;
  reachable = true;
  code = 0;

  constructor() {
    for (const { code, response } of goldenExchanges()) {
      if ([21, 43, 45, 201].includes(code) && response) this.bodies.set(code, goldenBody(response));
    }
    this.end(1000);
  }

  /** What it says about the end of its log. */
  end(logOffset: number | undefined): void {
    const end = logOffset === undefined ? {} : { commitLogMaxOffset: String(logOffset) };
    const table = { ...end, bootTimestamp: String(this.boot) };
    this.bodies.set(28, utf8(JSON.stringify({ table })));
  }

  /** Its process is another one from now on, whose log ends there. */
  restart(logOffset: number): void {
    this.boot++;
    this.end(logOffset);
  }

  // deno-lint-ignore require-await -- fails as Redial does: by rejecting
  async call(address: string, { code, ext = {} }: Request): Promise<Command> {
    this.asked.push(`${code} ${address}`);
    if (!this.reachable) throw new CallError("unreachable", `cannot reach ${address}: refused`);
    if (code === 15) this.offset = Number(ext.commitOffset);
    else if (code !== 14 && Object.keys(ext).length > 0) this.named.set(code, ext);
    const unknown = code === 14 && this.offset === undefined;
    return {
      form: "json",
      code: unknown ? 22 : this.code,
      language: "JAVA",
      version: 407,
      opaque: 0,
      flag: 1,
      remark: undefined,
      ext: code === 14 && !unknown ? { offset: String(this.offset) } : {},
      body: this.bodies.get(code) ?? NOTHING,
    };
  }
}

interface Scene {
  readonly clock: VirtualClock;
  readonly master: FakeMaster;
  readonly log: KeptLog;
  /** What was applied, in order. */
  readonly applied: string[];
  /** Tables of delay progress that were applied. */
  readonly delays: ReadonlyMap<number, number>[];
  /** The life that each table of offsets came with. */
  readonly lives: number[];
  address: Address | undefined;
  mayCopy: boolean;
  followed: boolean;
  name: SlaveName | undefined;
  /** What the owner of offsets says that the master is to be told, and what it has then. */
  further: OffsetPosition[];
  readonly told: number[];
  /** Says that queues know all below it. */
  dispatchedTo(logOffset: number): Promise<void>;
}

async function copying(body: (scene: Scene) => Promise<void>): Promise<void> {
  const clock = new VirtualClock();
  const master = new FakeMaster();
  const log = new KeptLog();
  let position = 0;
  let waiting: { logOffset: number; resolve: () => void }[] = [];
  const applied: string[] = [];
  const delays: ReadonlyMap<number, number>[] = [];
  const lives: number[] = [];
  const scene: Scene = {
    clock,
    master,
    log,
    applied,
    delays,
    lives,
    mayCopy: true,
    followed: true,
    name: undefined,
    further: [],
    told: [],
    address: { host: "10.0.0.1", port: 10911 },
    async dispatchedTo(logOffset) {
      position = logOffset;
      for (const one of waiting) if (one.logOffset <= position) one.resolve();
      waiting = waiting.filter((one) => one.logOffset > position);
      await clock.settle();
    },
  };
  const stop = new AbortController();
  const done = copyMetadata({
    redial: master,
    clock,
    log,
    store: {
      dispatch: {
        reached: (logOffset) =>
          position >= logOffset
            ? Promise.resolve()
            : new Promise((resolve) => waiting.push({ logOffset, resolve })),
      },
    },
    masterAddress: () => scene.address,
    mayCopy: () => scene.mayCopy,
    followed: () => scene.followed,
    name: () => scene.name,
    owners: {
      topics: ({ topics }) => applied.push(`topics ${topics.size > 0}`),
      groups: ({ groups }) => applied.push(`groups ${groups.size > 0}`),
      offsets: (table, life) => {
        applied.push(`offsets ${table.size > 0}`);
        lives.push(life);
        return scene.further;
      },
      told: ({ queueOffset }) => void scene.told.push(queueOffset),
      delay: (table) => (applied.push("delay"), delays.push(table)),
    },
  }, stop.signal);
  await body(scene);
  stop.abort();
  await done;
  assertEquals(clock.waiting, 0);
}

test("tables are asked for 3 s after the master is known, topics on its fast port, then every 10 s", () =>
  copying(async ({ clock, master }) => {
    await clock.advance(2_999);
    assertEquals(master.asked, []);
    await clock.advance(1);
    assertEquals(master.asked.sort(), [
      "201 10.0.0.1:10911",
      "21 10.0.0.1:10909",
      "28 10.0.0.1:10911",
      "28 10.0.0.1:10911",
      "43 10.0.0.1:10911",
      "45 10.0.0.1:10911",
    ]);
    await clock.advance(9_999);
    assertEquals(master.asked.length, 6);
    await clock.advance(1);
    assertEquals(master.asked.length, 12);
  }));

test("the tables of a Java master are applied; positions once their messages were dispatched", () =>
  copying(async ({ clock, applied, delays, lives, dispatchedTo }) => {
    await clock.advance(3_000);
    assertEquals(applied.toSorted(), ["groups true", "topics true"]);
    await dispatchedTo(999);
    assertEquals(applied.length, 2);
    await dispatchedTo(1000);
    assertEquals(applied.slice(2), ["offsets true", "delay"]);
    assertEquals([delays, lives], [[new Map([[1, 1], [2, 1]])], [1]]);
  }));

test("a snapshot that waits is not replaced by the next, so a slave that is behind gets offsets too", () =>
  copying(async ({ clock, master, applied, dispatchedTo }) => {
    await clock.advance(3_000);
    for (let end = 2000; end < 6000; end += 1000) {
      master.end(end);
      await clock.advance(10_000);
    }
    await dispatchedTo(1000);
    assertEquals(applied.filter((name) => name.startsWith("offsets")).length, 1);
    await clock.advance(10_000);
    await dispatchedTo(5000);
    assertEquals(applied.filter((name) => name.startsWith("offsets")).length, 2);
  }));

test("a snapshot that can never take effect is replaced: the master's log went back", () =>
  copying(async ({ clock, master, applied, dispatchedTo }) => {
    await clock.advance(3_000);
    master.end(800);
    await clock.advance(10_000);
    await dispatchedTo(800);
    assertEquals(applied.filter((name) => name.startsWith("offsets")).length, 1);
  }));

test("a snapshot of a master that was started again replaces the one before", () =>
  copying(async ({ clock, master, lives, dispatchedTo }) => {
    await clock.advance(3_000);
    master.restart(2000); // its log may have been shorter for a moment
    await clock.advance(10_000);
    await dispatchedTo(1999);
    assertEquals(lives, []);
    await dispatchedTo(2000);
    assertEquals(lives, [2]);
  }));

test("positions wait for a number from 28, whatever we have dispatched", () =>
  copying(async ({ clock, master, applied, dispatchedTo }) => {
    master.end(undefined);
    await dispatchedTo(1_000_000);
    await clock.advance(60_000);
    assertEquals(new Set(applied), new Set(["groups true", "topics true"]));
    master.end(1000);
    await clock.advance(10_000);
    assertEquals(applied.slice(-2), ["offsets true", "delay"]);
  }));

test("positions of one process and the end of another are no snapshot", () =>
  copying(async ({ clock, master, applied, dispatchedTo }) => {
    await dispatchedTo(1_000_000);
    const call = master.call.bind(master);
    master.call = async (address, request) => {
      const answer = await call(address, request);
      if (request.code === 28) master.restart(1000); // another one at each look
      return answer;
    };
    await clock.advance(30_000);
    assertEquals(applied.filter((name) => name === "delay"), []);
  }));

test("a log that is not the master's takes no table, and forgets what waits", () =>
  copying(async (scene) => {
    const { clock, applied, master, dispatchedTo } = scene;
    await clock.advance(3_000);
    scene.mayCopy = false;
    await clock.advance(10_000);
    assertEquals(master.asked.length, 6);
    scene.mayCopy = true;
    await dispatchedTo(1000);
    assertEquals(applied.toSorted(), ["groups true", "topics true"]);
    await clock.advance(10_000);
    assertEquals(applied.slice(-2), ["offsets true", "delay"]);
  }));

test("what was asked for before the log turned out to be another is not applied", () =>
  copying(async (scene) => {
    const { clock, applied, master, dispatchedTo } = scene;
    await dispatchedTo(1000);
    const call = master.call.bind(master);
    master.call = async (address, request) => {
      const answer = await call(address, request);
      scene.mayCopy = false;
      return answer;
    };
    await clock.advance(3_000);
    assertEquals(applied, []);
  }));

test("positions are copied only while the log is", () =>
  copying(async (scene) => {
    const { clock, applied, dispatchedTo } = scene;
    await dispatchedTo(1000);
    scene.followed = false;
    await clock.advance(13_000);
    assertEquals(new Set(applied), new Set(["groups true", "topics true"]));
    scene.followed = true;
    await clock.advance(10_000);
    assertEquals(applied.slice(-2), ["offsets true", "delay"]);
  }));

test("21 and 43 carry the slave's name while it has one", () =>
  copying(async (scene) => {
    await scene.clock.advance(3_000);
    assertEquals(scene.master.named.size, 0);
    scene.name = { brokerId: 2, haPort: 40_001, listenPort: 10911 };
    await scene.clock.advance(10_000);
    assertEquals([...scene.master.named.keys()].sort(), [21, 43]);
    const ext = { slaveBrokerId: "2", slaveHaPort: "40001", slaveListenPort: "10911" };
    assertEquals(scene.master.named.get(43), ext);
  }));

const HERE = { consumerGroup: "G", topic: "T", queueId: 0, queueOffset: 70 };
for (
  const { name, has, then } of [
    { name: "less", has: 50, then: 70 },
    { name: "nothing", has: undefined, then: 70 },
    { name: "more", has: 90, then: 90 },
  ]
) {
  test(`a master that has ${name} by now has ${then} after it was told 70`, () =>
    copying(async (scene) => {
      scene.further = [HERE];
      scene.master.offset = has;
      await scene.clock.advance(3_000);
      assertEquals(scene.master.offset, has); // not before our own messages are there
      await scene.dispatchedTo(1000);
      assertEquals([scene.master.offset, scene.told], [then, [then]]);
    }));
}

for (
  const { name, spoil } of [
    { name: "an empty body", spoil: (master: FakeMaster) => master.bodies.set(21, NOTHING) },
    { name: "no JSON", spoil: (master: FakeMaster) => master.bodies.set(21, utf8("{")) },
    { name: "another shape", spoil: (master: FakeMaster) => master.bodies.set(21, utf8("[1]")) },
  ]
) {
  test(`${name} for one table leaves that table, and copies the others`, () =>
    copying(async ({ clock, master, applied, dispatchedTo }) => {
      spoil(master);
      await clock.advance(3_000);
      await dispatchedTo(1000);
      assertEquals(applied.toSorted(), ["delay", "groups true", "offsets true"]);
    }));
}

test("a master out of reach is said once for each table, and again after it was back", () =>
  copying(async ({ clock, master, log, applied }) => {
    master.reachable = false;
    await clock.advance(60_000);
    assertEquals(applied, []);
    assertEquals(log.lines.length, 5);
    assertStringIncludes(log.with("topics")[0], "cannot reach 10.0.0.1:10909");
    master.reachable = true;
    await clock.advance(10_000);
    master.reachable = false;
    await clock.advance(20_000);
    assertEquals(log.lines.length, 10);
  }));

test("a refusal applies nothing", () =>
  copying(async ({ clock, master, applied, log }) => {
    master.code = 1;
    await clock.advance(30_000);
    assertEquals([applied, log.lines.length], [[], 5]);
  }));

test("while no master is known nobody is asked", () =>
  copying(async (scene) => {
    scene.address = undefined;
    await scene.clock.advance(30_000);
    assertEquals(scene.master.asked, []);
    scene.address = { host: "10.0.0.7", port: 30911 };
    await scene.clock.advance(3_200);
    assertEquals(scene.master.asked.includes("21 10.0.0.7:30909"), true);
  }));
