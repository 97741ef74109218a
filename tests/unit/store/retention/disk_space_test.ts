import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { FsError } from "../../../../src/ports/fs.ts";
import {
  pressureOf,
  type Space,
  tooFewBytes,
  tooFull,
  usedPercent,
} from "../../../../src/store/retention/disk_space.ts";
import { PutRefusal } from "../../../../src/store/errors.ts";
import { RETENTION_DEFAULTS } from "../../../../src/store/retention/retention_options.ts";
import type { Store } from "../../../../src/store/store.ts";
import { test } from "../../../harness.ts";
import { VirtualClock } from "../../../support/clock.ts";
import { MemFs } from "../../../support/mem_fs.ts";
import { closeAt, Lines, message, openAt, textsOf } from "../../../support/store.ts";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const { disk } = RETENTION_DEFAULTS;

/** A disk of so many bytes. */
const diskOf = (totalBytes: number, freeBytes: number): Space => ({
  usedBytes: totalBytes - freeBytes,
  freeBytes,
});

test("use is in whole percent, rounded up, and 0 of a disk that tells no size", () => {
  assertEquals(usedPercent(diskOf(100, 25)), 75);
  assertEquals(usedPercent(diskOf(1000, 249)), 76);
  assertEquals(usedPercent({ usedBytes: 0, freeBytes: 0 }), 0);
  assertEquals(usedPercent({ usedBytes: 0, freeBytes: Infinity }), 0);
});

for (
  const { name, space, pressure, refused = "" } of [
    { name: "is 75 % full", space: diskOf(40 * GIB, 10 * GIB), pressure: "none" },
    { name: "is 76 % full", space: diskOf(100 * GIB, 24.5 * GIB), pressure: "expired" },
    { name: "is 86 % full", space: diskOf(50 * GIB, 7 * GIB), pressure: "forced" },
    {
      name: "is 91 % full",
      space: diskOf(50 * GIB, 4.5 * GIB),
      pressure: "forced",
      refused: "full",
    },
    {
      name: "is 98 % full with 20 GiB free",
      space: diskOf(1000 * GIB, 20 * GIB),
      pressure: "expired",
    },
    {
      name: "is 99 % full with 9 GiB free",
      space: diskOf(1000 * GIB, 9 * GIB),
      pressure: "forced",
      refused: "full",
    },
    {
      name: "has 255 MiB free",
      space: diskOf(1000 * GIB, 255 * MIB),
      pressure: "forced",
      refused: "few full",
    },
    {
      name: "is small and has 6 %",
      space: diskOf(64 * MIB, 4 * MIB),
      pressure: "forced",
      refused: "full",
    },
    {
      name: "is small and has 4 %",
      space: diskOf(64 * MIB, 2.5 * MIB),
      pressure: "forced",
      refused: "few full",
    },
  ]
) {
  test(`a disk that ${name}: pressure ${pressure}, refuses ${refused || "nothing"}`, () => {
    assertEquals(pressureOf(space, disk), pressure);
    const few = tooFewBytes("/d", space, disk, false) && "few";
    const full = tooFull("/d", space, disk) && "full";
    assertEquals([few, full].filter((why) => why).join(" "), refused);
  });
}

test("each refusal says what is wrong, what would be right, and what to do", () => {
  assertEquals(
    tooFull("/d/commitlog", diskOf(50 * GIB, 4.5 * GIB), disk),
    "the disk of /d/commitlog is 91 % full, messages are stored up to 90 % (diskSpaceWarningLevelRatio) or " +
      "while 10.0 GiB are free (diskSpaceEnough), 4.5 GiB are: make room on it or keep messages for less " +
      "time (fileReservedTime); what is stored can be read",
  );
  assertEquals(
    tooFewBytes("/d/commitlog", diskOf(50 * GIB, 100 * MIB), disk, false),
    "the disk of /d/commitlog has 100.0 MiB free, messages are stored from 320.0 MiB on (diskSpaceMin): " +
      "make room on it; what is stored can be read",
  );
});

/** A store on a disk that a test fills; `free` is what others leave of its 100 GiB. */
class Filling {
  readonly fs = new MemFs();
  readonly clock = new VirtualClock();
  readonly log = new Lines();
  free = 50 * GIB;

  open(options: Partial<typeof disk> = {}): Promise<Store> {
    this.fs.space = () => diskOf(100 * GIB, this.free);
    const retention = { ...RETENTION_DEFAULTS, disk: { ...disk, ...options } };
    return openAt(this.clock, this.fs, { retention }, this.log);
  }

  put(store: Store, text: string): void {
    store.append(message({ text }));
    store.commit();
  }

  get told(): string[] {
    return this.log.lines.map((line) => line.split(" {")[0]);
  }
}

for (
  const { name, free, again, says } of [
    { name: "too few bytes free", free: 200 * MIB, again: 11 * GIB, says: "diskSpaceMin" },
    { name: "too full a disk", free: 9.9 * GIB, again: 10.1 * GIB, says: "diskSpaceEnough" },
  ]
) {
  test(`with ${name} nothing is stored, what is there is read, and it resumes by itself`, async () => {
    const it = new Filling();
    const store = await it.open();
    it.put(store, "before");
    it.free = free;
    await it.clock.advance(11_000);
    assertStringIncludes(assertThrows(() => it.put(store, "lost"), PutRefusal).message, says);
    assertThrows(() => store.appendRaw(store.log.tail, new Uint8Array(10)), PutRefusal, says);
    await it.clock.advance(60_000);
    assertEquals(textsOf(store, "T1", 0), ["before"]);
    assertEquals(it.told, ["error nothing is stored"]);
    it.free = again;
    await it.clock.advance(1_000);
    it.put(store, "after");
    await it.clock.settle();
    assertEquals(textsOf(store, "T1", 0), ["before", "after"]);
    assertEquals(it.told.slice(1), ["info messages are stored again, there is room on the disk"]);
    await closeAt(it.clock, store);
  });
}

test("messages are stored again only with some room beyond the floor", async () => {
  const it = new Filling();
  it.free = 200 * MIB;
  const store = await it.open();
  it.free = 300 * MIB;
  await it.clock.advance(5_000);
  assertThrows(() => it.put(store, "no"), PutRefusal, "300.0 MiB free");
  it.free = 320 * MIB;
  await it.clock.advance(1_000);
  assertThrows(() => it.put(store, "no"), PutRefusal, "diskSpaceEnough");
  await closeAt(it.clock, store);
});

test("what is appended itself makes the disk be looked at, long before a second is over", async () => {
  const it = new Filling();
  it.free = 300 * MIB;
  const store = await it.open({ forcePercent: 100, refusePercent: 100 });
  const before = it.free;
  it.fs.space = () => diskOf(100 * GIB, before - store.log.tail);
  const body = new Uint8Array(60_000);
  let stored = 0;
  assertThrows(
    () => {
      for (; stored < 5_000; stored++) {
        store.append(message({ body }));
        store.commit();
      }
    },
    PutRefusal,
    "diskSpaceMin",
  );
  const left = before - store.log.tail;
  assertEquals(left > 254 * MIB && left < 256 * MIB, true, `${left / MIB} MiB are left`);
  await closeAt(it.clock, store);
});

test("a slave stores what its master stored as long as the floor lets it", async () => {
  const it = new Filling();
  const store = await it.open({ refusePercent: Infinity });
  it.free = 300 * MIB;
  await it.clock.advance(20_000);
  it.put(store, "stored");
  it.free = 100 * MIB;
  await it.clock.advance(1_000);
  assertThrows(() => it.put(store, "no"), PutRefusal, "diskSpaceMin");
  await closeAt(it.clock, store);
});

test("a disk that does not tell its size refuses nothing, which is said once", async () => {
  const it = new Filling();
  const store = await it.open();
  it.fs.space = () => {
    throw new FsError("other", "cannot measure");
  };
  await it.clock.advance(30_000);
  it.put(store, "stored");
  assertEquals(it.log.lines, [
    'warn the disk does not tell how full it is {"reason":"cannot measure"}',
  ]);
  await closeAt(it.clock, store);
});
