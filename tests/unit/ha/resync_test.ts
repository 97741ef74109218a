import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { NoAnswer } from "../../../src/ha/master_answers.ts";
import { Resync, type ResyncContext } from "../../../src/ha/resync.ts";
import { mustBeSmall, ResyncRefusal } from "../../../src/ha/resync_rules.ts";
import { SlaveStatus } from "../../../src/ha/slave_status.ts";
import { FsError } from "../../../src/ports/fs.ts";
import type { Store } from "../../../src/store/store.ts";
import { test } from "../../harness.ts";
import { KeptLog } from "../../support/ha.ts";
import { answersFrom, copyLog, logBytes, putSizes } from "../../support/histories.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { runtime } from "../../support/runtime.ts";
import { openIn, textsOf } from "../../support/store.ts";

const { clock, codecs } = runtime;
const never = new AbortController().signal;

interface Scene extends AsyncDisposable {
  readonly fs: MemFs;
  readonly master: Store;
  readonly slave: Store;
  readonly log: KeptLog;
  readonly status: SlaveStatus;
  readonly resync: Resync;
  readonly context: ResyncContext;
  /** Where the histories part. */
  readonly parts: number;
  /** What of ours is to be kept. */
  readonly tail: Uint8Array;
  cuts: number;
}

/** A slave whose log parts from its master's behind some messages, and knows it. */
async function scene(
  { common = 20, ours = 5, theirs = 5, ...more }:
    & Partial<Record<"common" | "ours" | "theirs", number>>
    & Partial<ResyncContext> = {},
): Promise<Scene> {
  const fs = new MemFs();
  const master = await openIn(new MemFs(), { logFileBytes: 4096 });
  const slave = await openIn(fs, { logFileBytes: 4096 });
  putSizes(master, "common", Array(common).fill(500));
  copyLog(master, slave);
  const parts = slave.log.tail;
  putSizes(slave, "slave", Array(ours).fill(500));
  putSizes(master, "master", Array(theirs).fill(700));
  await slave.dispatch.reached(slave.log.tail);
  const log = new KeptLog();
  const status = new SlaveStatus(clock, log);
  status.troubled("DIVERGED", { reason: "differs", advice: "" });
  const context: ResyncContext = {
    store: slave,
    root: fs.dir("store"),
    clock,
    codecs,
    log,
    status,
    master: () => ({ answers: answersFrom(master), address: "10.0.0.1:10911" }),
    afterCut: () => self.cuts++,
    auto: false,
    ...more,
  };
  const self: Scene = {
    fs,
    master,
    slave,
    log,
    status,
    context,
    resync: new Resync(context),
    parts,
    tail: logBytes(slave, parts, slave.log.tail),
    cuts: 0,
    async [Symbol.asyncDispose]() {
      await master.close();
      await slave.close();
    },
  };
  return self;
}

/** The copies that were kept, by the name of their file. */
function copies(fs: MemFs): [string, Uint8Array][] {
  return fs.paths("store/diverged").filter((path) => !path.endsWith(".json"))
    .map((path) => [path.split("/").at(-1)!, fs.bytes(path)]);
}

const nameOf = (logOffset: number) => String(logOffset).padStart(20, "0");

test("a resync keeps a copy of what differs, cuts it away, and nothing else", async () => {
  await using it = await scene({ ours: 20, theirs: 30 });
  const { resync, slave, parts, tail, fs } = it;
  const asked = resync.request();
  await resync.turn(never);
  const report = await asked;
  assertEquals([slave.log.tail, it.cuts, resync.saying], [parts, 1, undefined]);
  assertEquals(copies(fs), [[nameOf(parts), tail]]);
  const range = fs.paths("store/diverged").find((path) => path.endsWith("range.json"))!;
  const { from, to, fileBytes, master } = JSON.parse(textOf(fs.bytes(range)));
  assertEquals([from, to, fileBytes, master], [
    parts,
    parts + tail.length,
    4096,
    "10.0.0.1:10911",
  ]);
  assertEquals(report, {
    state: "DONE",
    step: "FOLLOWING",
    cutAt: parts,
    end: parts + tail.length,
    copied: tail.length,
    total: tail.length,
    folder: report.folder,
  });
  assertStringIncludes(report.folder, `/store/diverged/${parts}-`);
  assertEquals(resync.report, report);
  assertEquals(fs.paths("store").filter((path) => path.includes("resync")), []);
  assertEquals(textsOf(slave, "T1", 0).filter((text) => !text.startsWith("common")), []);
  copyLog(it.master, slave);
  assertEquals(logBytes(slave, 0, slave.log.tail), logBytes(it.master, 0, it.master.log.tail));
});

test("a turn that nobody asked for does nothing", async () => {
  await using it = await scene();
  await it.resync.turn(never);
  assertEquals([it.slave.log.tail > it.parts, it.resync.report], [true, undefined]);
});

for (
  const { state, text } of [
    {
      state: "PURGED",
      text: "this slave is PURGED, only one that is DIVERGED is resynced; differs",
    },
    { state: "WRONG_FILE_SIZE", text: "only one that is DIVERGED" },
    { state: "HANDSHAKE", text: "this slave is HANDSHAKE" },
    { state: "IN_SYNC", text: "this slave follows its master" },
  ] as const
) {
  test(`a resync is refused when the slave is ${state}`, async () => {
    await using it = await scene();
    if (state === "IN_SYNC") it.status.follows(state, {});
    else if (state === "HANDSHAKE") it.status.mayTry();
    else it.status.troubled(state, { reason: "differs", advice: "" });
    await assertRejects(() => it.resync.request(), ResyncRefusal, text);
    await it.resync.turn(never);
    assertEquals(copies(it.fs), []);
  });
}

for (
  const { name, text, ...sizes } of [
    {
      name: "the master's log is the beginning of ours",
      common: 20,
      ours: 5,
      theirs: 0,
      text: "lacks what we hold",
    },
    { name: "no record is common", common: 0, ours: 5, theirs: 5, text: "no record in common" },
    { name: "all that both have is the same", common: 9, ours: 0, theirs: 5, text: "are the same" },
  ]
) {
  test(`a resync cuts nothing when ${name}`, async () => {
    await using it = await scene(sizes);
    it.status.troubled("AHEAD", { reason: "ahead", advice: "" });
    const end = it.slave.log.tail;
    const asked = it.resync.request();
    await it.resync.turn(never);
    await assertRejects(() => asked, ResyncRefusal, text);
    assertThrows(() => it.resync.report, ResyncRefusal, text);
    assertEquals([it.slave.log.tail, copies(it.fs), it.fs.paths("store/resync.json")], [
      end,
      [],
      [],
    ]);
  });
}

test("a slave that is ahead is resynced when the master's log goes on otherwise", async () => {
  await using it = await scene({ ours: 9, theirs: 2 });
  it.status.troubled("AHEAD", { reason: "ahead", advice: "" });
  const asked = it.resync.request();
  await it.resync.turn(never);
  assertEquals((await asked).cutAt, it.parts);
});

test("a master that does not answer, or none: that is said, and nothing is cut", async () => {
  for (const master of [undefined, "silent"]) {
    const bounds = () => Promise.reject(new NoAnswer("no answer from 10.0.0.1:10911"));
    await using it = await scene({
      master: () =>
        master === undefined ? undefined : {
          answers: { ...answersFrom({} as Store), bounds },
          address: "10.0.0.1:10911",
        },
    });
    const asked = it.resync.request();
    await it.resync.turn(never);
    await assertRejects(() => asked, Error, master ? "no answer from" : "no master is known");
    assertEquals(it.cuts, 0);
  }
});

test("a slave that follows before its turn came is not cut", async () => {
  await using it = await scene();
  const asked = it.resync.request();
  assertEquals(it.resync.report?.state, "RUNNING");
  it.status.follows("CATCHING_UP", {});
  assertThrows(() => it.resync.report, ResyncRefusal, "follows its master");
  await assertRejects(() => asked, ResyncRefusal);
  await it.resync.turn(never);
  assertEquals(it.cuts, 0);
});

test("a copy that the disk does not take leaves log, copies and markers as they were", async () => {
  await using it = await scene({ ours: 20 });
  const end = it.slave.log.tail;
  it.fs.fault = (operation, path) =>
    operation === "sync" && path.includes("diverged")
      ? { error: new FsError("other", "the disk is broken") }
      : undefined;
  const asked = it.resync.request();
  await it.resync.turn(never);
  it.fs.fault = undefined;
  await assertRejects(() => asked, FsError, "the disk is broken");
  const left = it.fs.paths("store").filter((path) => /diverged|resync/.test(path));
  assertEquals([it.slave.log.tail, left], [end, []]);
  const again = it.resync.request();
  await it.resync.turn(never);
  assertEquals((await again).cutAt, it.parts);
});

test("a disk without room for the copy is no reason to cut", async () => {
  await using it = await scene();
  it.fs.freeBytes = 1_000_000;
  const asked = it.resync.request();
  await it.resync.turn(never);
  await assertRejects(() => asked, ResyncRefusal, "needs more than the 1000000");
});

for (
  const { name, ours, theirs, cut } of [
    { name: "when the master has at least as much", ours: 5, theirs: 9, cut: true },
    { name: "not when the master has less", ours: 9, theirs: 2, cut: false },
  ]
) {
  test(`haAutoResync begins by itself, once a trouble: ${name}`, async () => {
    let asked = 0;
    await using it = await scene({ ours, theirs, auto: true });
    const { master } = it.context;
    const resync = new Resync({ ...it.context, master: () => (asked++, master()) });
    await resync.turn(never);
    assertEquals([it.cuts, asked], [cut ? 1 : 0, 1]);
    await resync.turn(never);
    assertEquals(asked, cut ? 2 : 1);
    if (!cut) assertStringIncludes(it.log.with("not resynced")[0], "run `pocketmq ha resync`");
  });
}

test("a tail that is large is not cut without being asked", () => {
  const bounds = { min: 0, max: 2 ** 40 };
  mustBeSmall(1_000, 1_000 + 2 ** 28, bounds);
  const large = () => mustBeSmall(1_000, 1_001 + 2 ** 28, bounds);
  assertThrows(large, ResyncRefusal, "268435457 bytes differ, at most 268435456");
});

test("haAutoResync leaves a slave alone that is ahead", async () => {
  await using it = await scene({ ours: 5, theirs: 9, auto: true });
  it.status.troubled("AHEAD", { reason: "ahead", advice: "" });
  await it.resync.turn(never);
  assertEquals(it.cuts, 0);
});

for (
  const { name, marker, tail } of [
    { name: "nothing was copied", marker: { copied: false }, tail: "old" },
    { name: "it was copied", marker: { copied: true }, tail: "old" },
    { name: "it was cut", marker: { copied: true }, tail: "new" },
  ]
) {
  test(`a start goes on with a resync that was broken off: ${name}`, async () => {
    await using it = await scene();
    const { parts, slave, fs, context } = it;
    const to = slave.log.tail;
    if (tail === "new") await slave.cut(parts);
    const folder = `${parts}-1`;
    fs.put(
      "store/resync.json",
      utf8(JSON.stringify({ from: parts, to, master: "m", folder, ...marker })),
    );
    await new Resync({ ...context, master: () => undefined }).finish(never);
    assertEquals([slave.log.tail, it.cuts], [parts, 1]);
    assertEquals(copies(fs), marker.copied ? [] : [[nameOf(parts), it.tail]]);
    assertEquals(fs.paths("store").filter((path) => path.includes("resync")), []);
  });
}

test("a start does not cut a log that is not the one a resync was begun for", async () => {
  for (const [from, to] of [[1_000_000, 2_000_000], [0, 100]]) {
    await using it = await scene();
    const end = it.slave.log.tail;
    const marker = { from, to, master: "m", folder: "x", copied: true };
    it.fs.put("store/resync.json", utf8(JSON.stringify(marker)));
    await it.resync.finish(never);
    assertEquals([it.slave.log.tail, it.fs.paths("store/resync.json")], [end, []]);
    assert(it.log.with("given up").length === 1);
  }
});

test("a marker that cannot be read cuts nothing and stops no start", async () => {
  await using it = await scene();
  const end = it.slave.log.tail;
  it.fs.put("store/resync.json", utf8("{ not json"));
  await it.resync.finish(never);
  assertEquals(it.slave.log.tail, end);
  assertStringIncludes(it.log.lines.at(-1)!, "resync.json");
});

test("a broker that is stopped while it copies goes on at its next start", async () => {
  await using it = await scene({ ours: 20 });
  const stop = new AbortController();
  stop.abort();
  const asked = it.resync.request();
  await it.resync.turn(stop.signal);
  await assertRejects(() => asked);
  assertEquals(it.slave.log.tail > it.parts, true);
  await new Resync(it.context).finish(never);
  assertEquals([it.slave.log.tail, copies(it.fs)], [it.parts, [[nameOf(it.parts), it.tail]]]);
});
