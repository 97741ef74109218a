import { assertEquals } from "@std/assert";
import { textOf } from "../../../src/base/bytes.ts";
import { silentLog } from "../../../src/base/log.ts";
import { DelayProgress } from "../../../src/broker/delay_progress.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { goldenBytes } from "../../support/golden.ts";
import { MemFs } from "../../support/mem_fs.ts";

const FILE = "/config/delayOffset.json";

/** Progress over a log that the test moves. */
function delayOn(fs: MemFs, log = { position: 0 }) {
  const clock = new VirtualClock();
  const safe: { at: Promise<void> } = { at: Promise.resolve() };
  const delay = new DelayProgress({
    dir: fs.dir("/config"),
    clock,
    log: silentLog,
    flushDelayOffsetInterval: 10_000,
    position: () => log.position,
    safe: () => safe.at,
  });
  delay.load();
  return { delay, clock, safe };
}

test("Java's file is read and served, and written as Java writes it", async () => {
  const fs = new MemFs();
  fs.put(FILE, goldenBytes("config/delayOffset.json"));
  const { delay, clock } = delayOn(fs);
  assertEquals([delay.of(1), delay.of(2), delay.of(3)], [1, 1, undefined]);
  assertEquals(delay.json(), '{"offsetTable":{1:1,2:1}}');
  delay.advance(2, 5);
  await clock.advance(10_000);
  assertEquals(textOf(fs.bytes(FILE)), '{\n\t"offsetTable":{1:1,2:5\n\t}\n}');
  assertEquals(delayOn(fs).delay.of(2), 5);
});

test("progress never goes back, and no level is below 1", () => {
  const { delay } = delayOn(new MemFs());
  delay.advance(3, 7);
  delay.advance(3, 6);
  delay.advance(0, 1);
  delay.mergeFrom(new Map([[3, 5], [4, 0], [-1, 9]]), () => 100);
  assertEquals(delay.json(), '{"offsetTable":{3:7,4:0}}');
});

test("a slave takes over its master's progress up to the end of each queue here", () => {
  const { delay } = delayOn(new MemFs());
  const ends = new Map([[1, 10], [2, 3]]);
  const endOf = (level: number) => ends.get(level) ?? 0;
  delay.mergeFrom(new Map([[1, 8], [2, 5]]), endOf);
  assertEquals(delay.json(), '{"offsetTable":{1:8,2:3}}');
  ends.set(2, 9);
  delay.mergeFrom(new Map([[1, 8], [2, 5]]), endOf);
  assertEquals(delay.of(2), 5);
});

test("clampTo() takes back what lies behind the end of a level's queue", async () => {
  const fs = new MemFs();
  const { delay } = delayOn(fs);
  delay.mergeFrom(new Map([[1, 8], [2, 5]]), () => 100);
  delay.clampTo((level) => level === 1 ? 6 : 5);
  await delay.close();
  assertEquals(delayOn(fs).delay.json(), '{"offsetTable":{1:6,2:5}}');
});

test("the file says from where on the log has what the table does not count", async () => {
  const fs = new MemFs();
  const log = { position: 700 };
  const { delay, clock } = delayOn(fs, log);
  assertEquals(delay.from, undefined);
  delay.complete();
  delay.advance(2, 5);
  await clock.advance(10_000);
  assertEquals(textOf(fs.bytes(FILE)), '{\n\t"offsetTable":{2:5\n\t},\n\t"logOffset":700\n}');
  log.position = 900;
  assertEquals([delay.from, delayOn(fs, log).delay.from], [900, 700]);
});

test("progress reaches the disk when what it counts is safe, and not what came meanwhile", async () => {
  const fs = new MemFs();
  const log = { position: 100 };
  const { delay, clock, safe } = delayOn(fs, log);
  delay.complete();
  const disk = Promise.withResolvers<void>();
  safe.at = disk.promise;
  delay.advance(1, 1);
  await clock.advance(10_000);
  log.position = 200;
  delay.advance(1, 2);
  assertEquals(fs.paths("/config"), []);
  safe.at = new Promise(() => {});
  disk.resolve();
  await clock.settle();
  const { delay: saved } = delayOn(fs, log);
  assertEquals([saved.of(1), saved.from], [1, 100]);
});

test("a slave's offset is where its log was before it asked its master", async () => {
  const fs = new MemFs();
  const log = { position: 100 };
  const { delay } = delayOn(fs, log);
  log.position = 200;
  delay.mergeFrom(new Map([[1, 8]]), () => 100);
  assertEquals(delay.from, 100);
  log.position = 300;
  delay.mergeFrom(new Map([[1, 9]]), () => 100);
  assertEquals(delay.from, 200);
  log.position = 150; // a resync cut it
  delay.clampTo(() => 100);
  assertEquals(delay.from, 150);
  await delay.close();
  assertEquals(delayOn(fs, log).delay.from, 150);
});

test("a log that grew much has its offset written again, though nothing was delivered", async () => {
  const fs = new MemFs();
  const log = { position: 100 };
  const { delay, clock } = delayOn(fs, log);
  delay.complete();
  delay.advance(1, 1);
  await clock.advance(10_000);
  log.position = 60 * 1024 * 1024;
  delay.notePosition();
  await clock.advance(10_000);
  assertEquals(delayOn(fs, log).delay.from, 100);
  log.position = 70 * 1024 * 1024;
  delay.notePosition();
  await clock.advance(10_000);
  assertEquals(delayOn(fs, log).delay.from, log.position);
});
