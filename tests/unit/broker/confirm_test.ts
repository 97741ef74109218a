import { assertEquals } from "@std/assert";
import { Confirmations, type Confirmed } from "../../../src/broker/confirm.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";

const SLAVE_MS = 2500;
const FLUSH_MS = 5000;

class Slaves {
  confirmed = 0;
  available = true;
  #listeners: (() => void)[] = [];
  state(end: number): "confirmed" | "waiting" | "unavailable" {
    if (end <= this.confirmed) return "confirmed";
    return this.available ? "waiting" : "unavailable";
  }
  onConfirmed(fn: () => void): () => void {
    this.#listeners.push(fn);
    return () => this.#listeners = this.#listeners.filter((one) => one !== fn);
  }
  get listening(): number {
    return this.#listeners.length;
  }
  report(offset: number): void {
    this.confirmed = offset;
    for (const fn of this.#listeners) fn();
  }
}

class Disk {
  durable = 0;
  failure: Error | undefined;
  #waiting: { end: number; resolve(): void; reject(error: Error): void }[] = [];
  reached(end: number): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ end, resolve, reject }));
  }
  fail(failure: Error): void {
    this.failure = failure;
    for (const { reject } of this.#waiting) reject(failure);
  }
  flushed(offset: number): void {
    this.durable = offset;
    for (const { end, resolve } of this.#waiting) if (end <= offset) resolve();
  }
}

function setUp(parts: { slaves?: boolean; disk?: boolean; flushMs?: number }) {
  const clock = new VirtualClock();
  const slaves = new Slaves();
  const disk = new Disk();
  const answers: [number, number][] = [];
  const confirmations = new Confirmations({
    clock,
    replicas: parts.slaves ? slaves : undefined,
    disk: parts.disk ? disk : undefined,
    slaveTimeoutMs: SLAVE_MS,
    flushTimeoutMs: parts.flushMs ?? FLUSH_MS,
  });
  const message = (end: number): Confirmed => ({
    end,
    confirmed: (code) => void answers.push([end, code]),
  });
  return { clock, slaves, disk, answers, confirmations, message };
}

test("Confirmations answer at once when nothing is waited for", () => {
  const { confirmations, message, answers } = setUp({});
  confirmations.add([message(100), message(200)]);
  assertEquals(answers, [[100, 0], [200, 0]]);
  confirmations.close();
});

test("Confirmations answer a group when its last message is on a slave", () => {
  const { confirmations, message, answers, slaves } = setUp({ slaves: true });
  confirmations.add([message(100), message(200)]);
  confirmations.add([message(300)]);
  slaves.report(150);
  assertEquals(answers, []);
  slaves.report(200);
  assertEquals(answers, [[100, 0], [200, 0]]);
  slaves.report(300);
  assertEquals(answers, [[100, 0], [200, 0], [300, 0]]);
  assertEquals(confirmations.waiting, 0);
  confirmations.close();
});

test("Confirmations answer SLAVE_NOT_AVAILABLE at once when no slave can confirm", () => {
  const { confirmations, message, answers, slaves } = setUp({ slaves: true });
  slaves.available = false;
  confirmations.add([message(100)]);
  assertEquals(answers, [[100, 11]]);
  confirmations.close();
});

test("Confirmations answer by each message's own end when time is up", async () => {
  const { clock, confirmations, message, answers, slaves } = setUp({ slaves: true });
  confirmations.add([message(100), message(200)]);
  slaves.report(100);
  await clock.advance(SLAVE_MS - 1);
  assertEquals(answers, []);
  await clock.advance(1);
  assertEquals(answers, [[100, 0], [200, 12]]);
  slaves.report(200);
  assertEquals(answers.length, 2, "answered once");
  confirmations.close();
});

test("Confirmations give each group its full time, however the timer was armed", async () => {
  const { clock, confirmations, message, answers } = setUp({ slaves: true });
  confirmations.add([message(100)]);
  await clock.advance(1000);
  confirmations.add([message(200)]);
  await clock.advance(1500);
  assertEquals(answers, [[100, 12]]);
  await clock.advance(999);
  assertEquals(answers.length, 1);
  await clock.advance(1);
  assertEquals(answers, [[100, 12], [200, 12]]);
  confirmations.close();
  assertEquals(clock.waiting, 0);
});

test("Confirmations wait for disk and slave both, and the slave's failure wins", async () => {
  const { clock, confirmations, message, answers, slaves, disk } = setUp({
    slaves: true,
    disk: true,
  });
  confirmations.add([message(100)]);
  slaves.report(100);
  assertEquals(answers, []);
  disk.flushed(100);
  await clock.settle();
  assertEquals(answers, [[100, 0]]);

  confirmations.add([message(200)]); // neither comes
  await clock.advance(FLUSH_MS);
  assertEquals(answers[1], [200, 12]);

  confirmations.add([message(300)]); // the slave only
  slaves.report(300);
  await clock.advance(FLUSH_MS);
  assertEquals(answers[2], [300, 10]);
  confirmations.close();
});

test("Confirmations answer in log order even when a later group is decided first", async () => {
  const { clock, confirmations, message, answers, slaves } = setUp({ slaves: true });
  confirmations.add([message(100)]);
  slaves.available = false;
  confirmations.add([message(200)]);
  assertEquals(answers, []);
  slaves.report(100);
  await clock.settle();
  assertEquals(answers, [[100, 0], [200, 11]]);
  confirmations.close();
});

test("Confirmations answer 10 for what the disk has not by its time, and only for that", async () => {
  const { clock, confirmations, message, answers, disk } = setUp({ disk: true });
  confirmations.add([message(100), message(200)]);
  disk.flushed(100);
  await clock.advance(FLUSH_MS - 1);
  assertEquals(answers, []);
  await clock.advance(1);
  assertEquals(answers, [[100, 0], [200, 10]]);
  confirmations.close();
});

test("Confirmations answer 10 at once when the disk failed, to all that it does not have", async () => {
  const { clock, slaves, disk, answers, confirmations, message } = setUp({
    disk: true,
    slaves: true,
  });
  confirmations.add([message(100), message(200)]);
  confirmations.add([message(300)]);
  confirmations.add([message(400)]);
  disk.durable = 100;
  slaves.report(300);
  disk.fail(new Error("EIO"));
  await clock.settle();
  assertEquals(answers, [[100, 0], [200, 10], [300, 10]], "the last one waits for a slave still");
  await clock.advance(SLAVE_MS);
  assertEquals(answers.at(-1), [400, 12]);
  confirmations.close();
});

test("Confirmations keep the shorter of two times, whichever it is", async () => {
  const { clock, confirmations, message, answers, slaves } = setUp({
    slaves: true,
    disk: true,
    flushMs: 900,
  });
  confirmations.add([message(100)]);
  slaves.report(100);
  await clock.advance(900);
  assertEquals(answers, [[100, 10]]);
  confirmations.close();
});

test("Confirmations release thousands of groups in order", () => {
  const { confirmations, message, answers, slaves } = setUp({ slaves: true });
  for (let end = 1; end <= 5000; end++) confirmations.add([message(end)]);
  for (const reported of [1500, 1501, 4000]) {
    slaves.report(reported);
    assertEquals([answers.length, confirmations.waiting], [reported, 5000 - reported]);
  }
  confirmations.add([message(5001)]);
  slaves.report(5001);
  assertEquals(answers.map(([end]) => end), Array.from({ length: 5001 }, (_, i) => i + 1));
  confirmations.close();
});

test("Confirmations.idle() comes when nobody waits any more", async () => {
  const { clock, confirmations, message, slaves } = setUp({ slaves: true });
  const idle: string[] = [];
  await confirmations.idle();
  confirmations.add([message(100)]);
  confirmations.add([message(200)]);
  confirmations.idle().then(() => idle.push("confirmed"));
  slaves.report(100);
  await clock.settle();
  assertEquals(idle, []);
  slaves.report(200);
  await clock.settle();
  assertEquals(idle, ["confirmed"]);
  confirmations.add([message(300)]);
  confirmations.idle().then(() => idle.push("closed"));
  confirmations.close();
  await clock.settle();
  assertEquals(idle, ["confirmed", "closed"]);
});

test("Confirmations.close() answers nobody any more and leaves nothing behind", async () => {
  const { clock, confirmations, message, answers, slaves } = setUp({ slaves: true });
  confirmations.add([message(100)]);
  confirmations.close();
  slaves.report(100);
  await clock.advance(60_000);
  assertEquals([answers, slaves.listening, clock.waiting, confirmations.waiting], [[], 0, 0, 0]);
});
