import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { FsError } from "../../../../src/ports/fs.ts";
import { recordAt } from "../../../../src/store/records.ts";
import { RETENTION_DEFAULTS } from "../../../../src/store/retention/retention_options.ts";
import { test } from "../../../harness.ts";
import { everySeed } from "../../../support/seeds.ts";
import { message, textsOf } from "../../../support/store.ts";
import { Aging, BODY, FILE, HOUR, hourOf } from "./aging_store.ts";

test("expired files go at the hour, with what points into them, but never the last", async () => {
  const it = await Aging.open();
  await it.fill(4);
  await it.later(80 * HOUR);
  assertEquals(it.files.length, 4, "it is not time");
  await it.close();
  await it.open({ hours: [hourOf(it.clock)] });
  await it.clock.advance(12_000);
  const { log, queues } = it.store;
  assertEquals([it.files, log.minOffset], [["00000000000000196608"], 3 * FILE]);
  assertEquals([it.queueFiles(0), it.queueFiles(1)], [[6], [4]]);
  const bounds = [...queues.all()].map(({ minOffset, maxOffset }) => [minOffset, maxOffset]);
  assertEquals(bounds, [[6, 7], [6, 6]]);
  assertEquals(textsOf(it.store, "T1", 0).length, 1);
  assertEquals(
    it.log.lines.at(-1),
    'info old files of the log were removed {"count":3,"because":"expired","from":0,"minOffset":196608}',
  );
  await it.close();
  assertEquals(it.clock.waiting, 0);
  await it.open();
  assertEquals([it.store.log.minOffset, it.store.nextQueueOffset("T1", 1)], [3 * FILE, 6]);
  await it.close();
});

test("readers of what was removed are told where it goes on", async () => {
  const it = await Aging.open();
  await it.fill(3);
  assert(recordAt(it.store.log, 0), "it is there, and its file the one read last");
  await it.expire();
  assertEquals(recordAt(it.store.log, 0), undefined);
  assertEquals(it.store.log.available(FILE + 10), -1);
  const tooSmall = it.read(0, 1);
  assertEquals([tooSmall.status, tooSmall.nextBeginOffset, tooSmall.minOffset], [
    "offsetTooSmall",
    4,
    4,
  ]);
  assertEquals([it.read(0, 4).status, it.read(1, 4).status], ["found", "offsetOverflowOne"]);
  await it.close();
});

test("files of the key index go with the messages they know, but never the last", async () => {
  const it = await Aging.open();
  await it.close();
  await it.open({}, { indexSlots: 7, indexItems: 3 }); // two keys fill a file
  await it.fill(4);
  assertEquals(it.store.index.files.length, 7);
  await it.expire();
  assertEquals(it.store.index.files.map(({ header }) => header.endLogOffset), [3 * FILE]);
  assertEquals(it.fs.paths("store/index").length, 1);
  await it.close();
});

test("removeExpired() takes all that is expired, however much", async () => {
  const it = await Aging.open();
  await it.fill(24);
  await it.expire();
  await it.close();
  assertEquals(it.files.length, 1);
});

test("removeExpired() respects age", async () => {
  const it = await Aging.open();
  await it.fill(3);
  await it.later(71 * HOUR);
  await it.store.retention.removeExpired();
  assertEquals(it.files.length, 3);
  await it.close();
});

test("a disk that fills takes expired files at any hour, ten a pass", async () => {
  const it = await Aging.open();
  await it.fill(14);
  it.fs.space = () => ({ usedBytes: 80e9, freeBytes: 20e9 });
  await it.clock.advance(10_000);
  assertEquals(it.files.length, 14, "none is expired");
  it.clock.pause(80 * HOUR);
  await it.clock.advance(2_000);
  assertEquals(it.files.length, 4);
  await it.clock.advance(12_000);
  assertEquals(it.files.length, 1);
  await it.close();
});

test("a full disk takes young files, only as many as it must, before anything is refused", async () => {
  const it = await Aging.open({ disk: { ...RETENTION_DEFAULTS.disk, minBytes: 0 } });
  await it.fill(6);
  it.fs.space = () => ({
    usedBytes: (86 + it.files.length) * 1e6,
    freeBytes: (14 - it.files.length) * 1e6,
  });
  await it.clock.advance(3_000);
  assertEquals(it.files.length, 1, "86 % without the log: one file is the least");
  const put = it.store.append(message());
  it.store.commit();
  assertEquals(put.logOffset > 0, true);
  assertEquals(it.log.lines.filter((line) => !line.startsWith("info old files")), []);
  await it.close();
});

test("a full disk keeps what it can, and what may not be forced", async () => {
  const it = await Aging.open({ disk: { ...RETENTION_DEFAULTS.disk, minBytes: 0 } });
  await it.fill(6);
  it.fs.space = () => ({
    usedBytes: (82 + it.files.length) * 1e6,
    freeBytes: (18 - it.files.length) * 1e6,
  });
  await it.clock.advance(3_000);
  assertEquals(it.files.length, 3, "85 % is not above 85 %");
  await it.close();
  await it.open({ forces: false });
  it.fs.space = () => ({ usedBytes: 95e6, freeBytes: 5e6 });
  await it.clock.advance(12_000);
  assertEquals(it.files.length, 3);
  assertStringIncludes(it.log.lines.at(-1)!, "error nothing is stored");
  await it.close();
});

test("what a connected slave needs stays, said once, until the disk is full", async () => {
  const it = await Aging.open();
  await it.fill(4);
  let needed: number | undefined = FILE + 5;
  it.store.retention.keepFrom(() => needed);
  it.fs.space = () => ({ usedBytes: 80e9, freeBytes: 20e9 });
  await it.later(80 * HOUR);
  await it.clock.advance(60_000);
  assertEquals(it.files.length, 3);
  const kept =
    'info expired files of the log stay, a connected slave needs them {"neededFrom":65541}';
  assertEquals(it.log.lines.filter((line) => line === kept).length, 1);
  it.fs.space = () => ({ usedBytes: 95e9, freeBytes: 5e9 });
  await it.clock.advance(1_500);
  assertEquals(it.files.length, 1);
  needed = undefined;
  await it.close();
});

test("what is not safe stays, however old", async () => {
  const it = await Aging.open();
  it.fs.fault = (kind, path) =>
    kind === "sync" && path.includes("commitlog/")
      ? { error: new FsError("other", "EIO") }
      : undefined;
  for (let i = 0; i < 9; i++) {
    it.store.append(message({ body: BODY }));
    it.store.commit();
  }
  await it.clock.advance(1_000);
  await it.expire();
  assertEquals([it.files.length, it.store.log.durable], [3, 0]);
  await it.close();
});

test("a file whose queue entries are not safe stays, or the queue would count anew", async () => {
  const it = await Aging.open();
  it.fs.fault = (kind, path) =>
    kind === "sync" && path.includes("consumequeue")
      ? { error: new FsError("other", "EIO") }
      : undefined;
  await it.fill(3);
  await it.expire();
  assertEquals(it.files.length, 3);
  it.fs.fault = undefined;
  await it.expire();
  assertEquals(it.files.length, 1);
  await it.close();
});

test("what points into a file goes only when no power cut brings the file back", async () => {
  const it = await Aging.open();
  await it.fill(3);
  it.fs.fault = (kind, path) =>
    kind === "sync" && path.endsWith("commitlog")
      ? { error: new FsError("other", "EIO") }
      : undefined;
  await it.expire();
  assertEquals([it.files.length, it.store.log.minOffset], [2, FILE]);
  assertEquals(it.queueFiles(0), [0, 2, 4]);
  await it.expire();
  await it.expire();
  assertEquals([it.files.length, it.queueFiles(0)], [1, [0, 2, 4]], "no file is left to go");
  assertEquals(
    it.log.lines.filter((line) => line.startsWith("error")),
    ['error cannot remove old files {"reason":"EIO"}'],
  );
  it.fs.fault = undefined;
  await it.expire();
  assertEquals([it.files.length, it.queueFiles(0)], [1, [4]]);
  await it.close();
});

test("a store that is cut or closed meanwhile waits for the file at hand, no more", async () => {
  const it = await Aging.open();
  await it.fill(6);
  it.clock.pause(80 * HOUR);
  const removing = it.store.retention.removeExpired();
  await it.clock.settle();
  const cutting = it.store.cut(5 * FILE);
  await it.clock.advance(5_000);
  await Promise.all([removing, cutting]);
  const { minOffset, tail } = it.store.log;
  assertEquals([minOffset, tail, it.files.length], [FILE, 5 * FILE, 4]);
  const again = it.store.retention.removeExpired();
  await it.clock.settle();
  await it.close();
  await again;
  assertEquals(it.clock.waiting, 0);
});

test("a cut where the log was removed meanwhile is refused, and no queue counts anew", async () => {
  const it = await Aging.open();
  await it.fill(3);
  await it.expire();
  const cutting = it.store.cut(FILE + 16_115).then(() => "", (error: Error) => error.message);
  await it.clock.advance(100);
  assertEquals(await cutting, `a log that begins at ${2 * FILE} cannot be cut at ${FILE + 16_115}`);
  const { log, queues } = it.store;
  assertEquals([...queues.all()].map(({ maxOffset }) => maxOffset), [5, 4]);
  it.store.append(message());
  it.store.commit();
  assertEquals(log.tail > 2 * FILE, true, "messages are stored as before");
  await it.close();
});

test("a log that could not be emptied ends where it begins, and nobody waits for more of it", async () => {
  const it = await Aging.open();
  await it.fill(3);
  await it.expire();
  it.fs.fault = (kind, path) =>
    kind === "remove" && path.includes("commitlog/")
      ? { error: new FsError("other", "EIO") }
      : undefined;
  const emptied = it.store.reset().then(() => true, () => false);
  await it.clock.advance(100);
  assertEquals(await emptied, false);
  const { log, dispatch } = it.store;
  assertEquals([log.minOffset, log.tail], [0, 0]);
  await it.clock.advance(15_000); // a checkpoint is due
  assertEquals(dispatch.position, 0);
  it.fs.fault = undefined;
  await it.close();
});

test("removal in a cut log never takes the file that ends it", async () => {
  const it = await Aging.open();
  await it.fill(3);
  const cutting = it.store.cut(FILE);
  await it.clock.advance(100);
  await cutting;
  await it.expire();
  assertEquals([it.store.log.minOffset, it.store.log.tail], [0, FILE]);
  await it.close();
});

test("a power cut while files are removed leaves a store that opens, log before queues", () =>
  everySeed(40, async (random) => {
    const it = await Aging.open();
    await it.fill(5);
    it.clock.pause(80 * HOUR);
    it.store.retention.removeExpired();
    for (let i = random.below(60); i > 0; i--) await Promise.resolve();
    if (random.below(2) === 0) await it.clock.advance(random.below(400));
    it.fs.powerCut(random);
    await it.clock.advance(2_000); // what the dead store still tries
    it.store.dispatch.close();
    await it.open();
    const { log, queues } = it.store;
    const wanted: number[] = [];
    for (let file = log.minOffset / FILE; file < 4; file++) wanted.push(...Array(4).fill(file));
    wanted.push(4);
    let left = 0;
    if (log.minOffset === 4 * FILE) assertEquals(it.store.nextQueueOffset("T1", 1), 8);
    for (const { queueId, minOffset, maxOffset } of queues.all()) {
      assertEquals(textsOf(it.store, "T1", queueId).length, maxOffset - minOffset);
      left += maxOffset - minOffset;
    }
    assertEquals(left, wanted.length, "each message of the log is in its queue");
    await it.close();
  }));
