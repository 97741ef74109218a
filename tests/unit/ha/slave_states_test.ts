import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { NoAnswer } from "../../../src/ha/master_answers.ts";
import type { CopyProgress } from "../../../src/ha/watch.ts";
import type { Store } from "../../../src/store/store.ts";
import { test } from "../../harness.ts";
import { FILE, put, recordAt5, scene } from "./slave_scene.ts";

test("an empty slave of an empty master is in sync before anything was sent, and takes what comes", () =>
  scene({}, async ({ clock, master, own, slave }) => {
    await clock.advance(100);
    assertEquals(slave.status.state, "IN_SYNC");
    put(master, 3);
    await clock.settle();
    assert(master.log.tail > 0);
    assertEquals(own.log.tail, master.log.tail);
    assertEquals(slave.status.state, "IN_SYNC");
  }));

test("an empty slave gets a log of several files from its first byte, and is in sync when the master says so", () =>
  scene(
    { theirs: (store) => put(store, 60) },
    async ({ clock, net, master, own, slave, asked }) => {
      assertEquals(net.links.length, 1);
      assertEquals(own.log.tail, master.log.tail);
      assertEquals(slave.status.state, "IN_SYNC");
      assertEquals(asked.calls.slice(0, 2), ["settings", "bounds"]);
      assertStringIncludes(asked.calls[2], `name {"brokerId":1,"listenPort":10921,"haPort":`);
      const all = new Uint8Array(FILE);
      const same = new Uint8Array(FILE);
      for (let at = 0; at < own.log.tail; at += FILE) {
        const length = own.log.readAt(at, all);
        master.log.readAt(at, same);
        assertEquals(all.subarray(0, length), same.subarray(0, length));
      }
      put(master, 3);
      await clock.settle();
      assertEquals([own.log.tail, slave.status.state], [master.log.tail, "IN_SYNC"]);
      await clock.advance(30_000);
      const states = slave.log.lines.map((line) => /"state":"(\w+)"/.exec(line)?.[1]);
      assertEquals(states, ["HANDSHAKE", "CATCHING_UP", "IN_SYNC"], "one line a change");
    },
  ));

test("a master whose first files are gone gives from its first one on", () =>
  scene({
    theirs: (store) => store.appendRaw(5 * FILE, recordAt5()),
  }, ({ master, own }) => {
    assertEquals([own.log.minOffset, own.log.tail], [5 * FILE, master.log.tail]);
    return Promise.resolve();
  }));

for (
  const { state, ours, theirs, fixed, reason, advice } of [
    {
      state: "AHEAD",
      ours: (store: Store) => put(store, 8),
      theirs: (store: Store) => put(store, 5),
      fixed: (master: Store, own: Store) => {
        const bytes = new Uint8Array(own.log.tail - master.log.tail);
        own.log.readAt(master.log.tail, bytes);
        master.appendRaw(master.log.tail, bytes); // what it had lost is there again
      },
      reason: /our log ends at \d+, the master's at \d+/,
      advice: "pocketmq ha resync",
    },
    {
      state: "DIVERGED",
      ours: (store: Store) => put(store, 8, "b"),
      theirs: (store: Store) => put(store, 12),
      fixed: undefined,
      reason: /other bytes than we have at \d+/,
      advice: "pocketmq ha resync",
    },
    {
      state: "PURGED",
      ours: (store: Store) => put(store, 8),
      theirs: (store: Store) => store.appendRaw(5 * FILE, recordAt5()),
      fixed: undefined,
      reason: /our log ends at \d+, the master's begins at 81920/,
      advice: "empty store",
    },
  ] as const
) {
  test(`${state}: no connection, no tables, one line, the master asked every 5 s, no byte moved`, () =>
    scene({ ours, theirs }, async ({ clock, net, master, own, asked, slave }) => {
      const { tail } = own.log;
      assertEquals([slave.status.state, slave.status.mayCopyTables], [state, false]);
      asked.take("bounds");
      await clock.advance(20_000);
      assertEquals(asked.take("bounds"), 4);
      assertEquals([net.links.length, own.log.tail, slave.status.state], [0, tail, state]);
      const lines = slave.log.with("does not follow the master");
      assertEquals(lines.length, 1);
      assert(reason.test(lines[0]), lines[0]);
      assertStringIncludes(lines[0], advice);
      const view = slave.status.view();
      assertStringIncludes(view.advice, advice);
      assertEquals([view.masterMinOffset, view.masterMaxOffset], [
        master.log.minOffset,
        master.log.tail,
      ]);
      if (fixed === undefined) return;
      fixed(master, own);
      await clock.advance(5_000);
      assertEquals([slave.status.state, own.log.tail], ["IN_SYNC", master.log.tail]);
      assertEquals(slave.status.mayCopyTables, true);
    }));
}

test("a stopped slave looks again at once when it is told to", () =>
  scene({
    ours: (store) => put(store, 8),
    theirs: (store) => put(store, 5),
  }, async ({ clock, master, slave }) => {
    assertEquals(slave.status.state, "AHEAD");
    put(master, 5);
    slave.status.retry();
    await clock.settle();
    assertEquals(slave.status.state, "IN_SYNC");
  }));

test("a difference that only the bytes show: closed, DIVERGED, nothing appended, nothing reported beyond", () =>
  scene({
    ours: (store) => (put(store, 3), put(store, 1, "b"), put(store, 4)),
    theirs: (store) => put(store, 12),
  }, async ({ clock, net, own, slave, masterLines }) => {
    assertEquals(slave.status.state, "DIVERGED");
    const { tail } = own.log;
    await clock.advance(20_000);
    assertEquals([own.log.tail, slave.status.state], [tail, "DIVERGED"]);
    assertEquals(
      net.links.length,
      1,
      "the record that differs is asked for, no connection is made",
    );
    assertEquals(slave.log.with("does not follow").length, 1);
    assertEquals(masterLines().filter((line) => line.includes("confirmed")).length, 1);
    assertStringIncludes(masterLines().join(), `"confirmed":0`);
  }));

test("a broker port that does not answer: HANDSHAKE with its address, no connection, until it answers", () =>
  scene({
    ours: (store) => put(store, 8),
    theirs: (store) => put(store, 12),
  }, async ({ clock, net, own, slave, asked, master }) => {
    assertEquals(slave.status.state, "IN_SYNC");
    asked.says = { bounds: () => Promise.reject(new NoAnswer("10.0.0.1:10911 said nothing")) };
    net.links.at(-1)!.cut();
    const { length } = net.links;
    put(master, 1);
    await clock.advance(20_000);
    assertEquals([slave.status.state, net.links.length], ["HANDSHAKE", length]);
    assertStringIncludes(slave.status.view().advice, "make 10.0.0.1:10911 reachable from here");
    assertEquals(slave.log.with("10.0.0.1:10911 said nothing").length, 1);
    asked.says = {};
    await clock.advance(5_000);
    assertEquals([slave.status.state, own.log.tail], ["IN_SYNC", master.log.tail]);
  }));

test("haProof=stream follows without an answer, and still compares the bytes", () =>
  scene({
    ours: (store) => put(store, 8, "b"),
    theirs: (store) => put(store, 12),
    proof: "stream",
  }, async ({ clock, net, own, slave, asked }) => {
    const { tail } = own.log;
    assertEquals(slave.status.state, "DIVERGED");
    assertEquals(net.links.length, 1);
    await clock.advance(20_000);
    assertEquals(own.log.tail, tail);
    assertEquals(slave.log.with("haProof=stream").length, 1);
    assertEquals(asked.calls.filter((call) => /settings|recordAt/.test(call)), []);
  }));

test("files of another size: by the master's answer", () =>
  scene({
    theirs: (store) => put(store, 60),
    ownOptions: { logFileBytes: FILE / 2 },
  }, async ({ clock, net, own, slave }) => {
    assertEquals([slave.status.state, net.links.length], ["WRONG_FILE_SIZE", 0]);
    await clock.advance(20_000);
    assertEquals([own.log.tail, net.links.length], [0, 0]);
    assertStringIncludes(slave.status.view().advice, `--mappedFileSizeCommitLog ${FILE}`);
  }));

for (const fileBytes of [FILE / 2, 2 * FILE]) {
  test(`files of another size, ${fileBytes}: by the bytes alone, before any of the file at fault is acknowledged`, () =>
    scene({
      theirs: (store) => put(store, 60),
      ownOptions: { logFileBytes: fileBytes },
      proof: "stream",
    }, async ({ clock, net, own, slave, masterLines }) => {
      assertEquals(slave.status.state, "WRONG_FILE_SIZE", slave.log.lines.join("\n"));
      const { tail } = own.log;
      assert(tail <= Math.min(FILE, fileBytes), `${tail}`);
      await clock.advance(60_000);
      assertEquals([net.links.length, own.log.tail], [1, tail]);
      assertEquals(slave.log.with("does not follow").length, 1);
      const confirmed = /"confirmed":(\d+)/.exec(masterLines().join())?.[1];
      assert(Number(confirmed) <= tail, `${confirmed} confirmed of ${tail}`);
    }));
}

test("a master that is a slave itself: CHAINED", () =>
  scene({ theirs: (store) => put(store, 5) }, async ({ clock, net, slave, asked, own, master }) => {
    asked.says = { settings: () => Promise.resolve({ role: "SLAVE", fileBytes: FILE }) };
    net.links.at(-1)!.cut();
    put(master, 5);
    await clock.advance(3_000);
    assertEquals([slave.status.state, own.log.tail], ["CHAINED", master.log.tail]);
    await clock.advance(30_000);
    assertEquals(slave.status.state, "CHAINED");
  }));

test("CATCHING_UP until what the master has is here, with progress; then IN_SYNC, and back when it falls behind", () => {
  const shown: (CopyProgress | undefined)[] = [];
  return scene(
    { theirs: (store) => put(store, 5), onProgress: (progress) => shown.push(progress) },
    async ({ clock, net, slave, master, own }) => {
      const link = net.links[0];
      link.toDialer.manner.bytesPerMs = 5;
      put(master, 100);
      await clock.advance(1_000);
      assertEquals(slave.status.state, "IN_SYNC", "not yet known");
      await clock.advance(9_100);
      assertEquals(slave.status.state, "CATCHING_UP");
      await clock.advance(2_000);
      const last = shown.findLast(Boolean)!;
      assert(last.done > 0 && last.done < last.total, JSON.stringify(last));
      assert(last.bytesPerSecond > 2_000 && last.bytesPerSecond < 8_000, JSON.stringify(last));
      assert(last.secondsLeft! > 0);
      await clock.advance(30_000);
      assertEquals([slave.status.state, own.log.tail], ["IN_SYNC", master.log.tail]);
      assertEquals(shown.at(-1), undefined, "the line is taken away");
      await clock.advance(20_000);
      assertEquals(slave.status.view().bytesPerSecond, 0);
      assert(slave.status.view().lastRead > 0 && slave.status.view().lastWrite > 0);
    },
  );
});

test("without somebody who shows progress, the log says it every 10 s", () =>
  scene({ theirs: (store) => put(store, 5) }, async ({ clock, net, slave, master }) => {
    net.links[0].toDialer.manner.bytesPerMs = 2;
    put(master, 100);
    await clock.advance(40_000);
    const lines = slave.log.with(`copying the master's log {"end"`);
    assert(lines.length >= 2 && lines.length <= 4, slave.log.lines.join("\n"));
    assertStringIncludes(lines[0], "secondsLeft");
    await clock.advance(60_000);
  }));
