import { assertEquals } from "@std/assert";
import { readInt64, viewOf } from "../../../src/base/bytes.ts";
import { Reporter } from "../../../src/ha/reporter.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { FakeLog, fakeStore } from "../../support/fake_log.ts";

const MIB = 1024 * 1024;

async function scene({ onlyDurable = false } = {}) {
  const clock = new VirtualClock();
  const log = new FakeLog(1 << 30);
  const reports: number[] = [];
  const writable = new WritableStream<Uint8Array>({
    write: (chunk) => void reports.push(readInt64(viewOf(chunk), 0)),
  });
  const context = { store: fakeStore(log), clock, everyMs: 1_000, onlyDurable };
  const reporter = new Reporter(context, writable.getWriter());
  await clock.settle();
  await reporter.begin(0);
  const grow = async (bytes: number, inBulk: boolean) => {
    log.commit(new Uint8Array(bytes));
    reporter.appended(inBulk);
    await clock.settle();
    return reports.splice(0);
  };
  await clock.settle();
  reports.length = 0;
  return { clock, log, reporter, reports, grow };
}

test("what is appended is reported at once", async () => {
  const { grow, reporter } = await scene();
  assertEquals(await grow(10, false), [10]);
  assertEquals(await grow(20, false), [30]);
  reporter[Symbol.dispose]();
});

test("of bytes in bulk a report covers up to a mebibyte", async () => {
  const { grow, reporter } = await scene();
  const told: number[][] = [];
  for (let i = 0; i < 8; i++) told.push(await grow(MIB / 4, true));
  assertEquals(told.flat(), [MIB, 2 * MIB]);
  reporter[Symbol.dispose]();
});

test("bulk that ends is reported within 2 ms, or with what comes next", async () => {
  const { clock, grow, reports, reporter } = await scene();
  assertEquals(await grow(100, true), []);
  await clock.advance(2);
  assertEquals(reports.splice(0), [100]);
  assertEquals(await grow(100, true), []);
  assertEquals(await grow(1, false), [201]);
  await clock.advance(100);
  assertEquals(reports, []);
  assertEquals(await grow(100, true), []);
  reporter[Symbol.dispose]();
  await clock.advance(100);
  assertEquals(reports, [], "nothing is said for a connection that ended");
});

test("only what is safe is reported with SYNC_FLUSH, in bulk too", async () => {
  const { clock, log, grow, reports, reporter } = await scene({ onlyDurable: true });
  log.autoFlush = false;
  assertEquals(await grow(2 * MIB, true), []);
  log.flush();
  await clock.settle();
  assertEquals(reports, [2 * MIB]);
  reporter[Symbol.dispose]();
});
