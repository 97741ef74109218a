import { assertEquals, assertStringIncludes } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import { copyMetadata } from "../../../src/ha/metadata.ts";
import type { Address } from "../../../src/ports/net.ts";
import { CallError } from "../../../src/rpc/peer.ts";
import type { Command, Request } from "../../../src/wire/command.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { goldenBody, goldenExchanges } from "../../support/golden.ts";
import { KeptLog } from "../../support/ha.ts";

const NOTHING = new Uint8Array(0);

/** A master that answers with what a Java one answered. */
class FakeMaster {
  readonly bodies = new Map<number, Uint8Array>();
  readonly asked: string[] = [];
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
    const table = logOffset === undefined ? {} : { commitLogMaxOffset: String(logOffset) };
    this.bodies.set(28, utf8(JSON.stringify({ table })));
  }

  // deno-lint-ignore require-await -- fails as Redial does: by rejecting
  async call(address: string, { code }: Request): Promise<Command> {
    this.asked.push(`${code} ${address}`);
    if (!this.reachable) throw new CallError("unreachable", `cannot reach ${address}: refused`);
    return {
      form: "json",
      code: this.code,
      language: "JAVA",
      version: 407,
      opaque: 0,
      flag: 1,
      remark: undefined,
      ext: {},
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
  /** Texts of the delay table that were applied. */
  readonly delays: string[];
  address: Address | undefined;
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
  const delays: string[] = [];
  const scene: Scene = {
    clock,
    master,
    log,
    applied,
    delays,
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
      log: { tail: 700 },
      dispatch: {
        reached: (logOffset) =>
          position >= logOffset
            ? Promise.resolve()
            : new Promise((resolve) => waiting.push({ logOffset, resolve })),
      },
    },
    masterAddress: () => scene.address,
    owners: {
      topics: ({ topics }) => applied.push(`topics ${topics.size > 0}`),
      groups: ({ groups }) => applied.push(`groups ${groups.size > 0}`),
      offsets: (table) => applied.push(`offsets ${table.size > 0}`),
      delay: (text) => (applied.push("delay"), delays.push(text)),
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
      "43 10.0.0.1:10911",
      "45 10.0.0.1:10911",
    ]);
    await clock.advance(9_999);
    assertEquals(master.asked.length, 5);
    await clock.advance(1);
    assertEquals(master.asked.length, 10);
  }));

test("the tables of a Java master are applied; positions once their messages were dispatched", () =>
  copying(async ({ clock, applied, delays, master, dispatchedTo }) => {
    await clock.advance(3_000);
    assertEquals(applied.toSorted(), ["groups true", "topics true"]);
    await dispatchedTo(999);
    assertEquals(applied.length, 2);
    await dispatchedTo(1000);
    assertEquals(applied.slice(2), ["offsets true", "delay"]);
    assertEquals(utf8(delays[0]), master.bodies.get(45));
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

test("without a number from 28 the tail known then decides", () =>
  copying(async ({ clock, master, applied, dispatchedTo }) => {
    master.end(undefined);
    await clock.advance(3_000);
    await dispatchedTo(699);
    assertEquals(applied.includes("delay"), false);
    await dispatchedTo(700);
    assertEquals(applied.includes("delay"), true);
  }));

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
    assertEquals(log.lines.length, 4);
    assertStringIncludes(log.with("topics")[0], "cannot reach 10.0.0.1:10909");
    master.reachable = true;
    await clock.advance(10_000);
    master.reachable = false;
    await clock.advance(20_000);
    assertEquals(log.lines.length, 8);
  }));

test("a refusal applies nothing", () =>
  copying(async ({ clock, master, applied, log }) => {
    master.code = 1;
    await clock.advance(30_000);
    assertEquals([applied, log.lines.length], [[], 4]);
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
