import { assertEquals, assertStringIncludes } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import { formatTopicTable } from "../../../src/wire/topic.ts";
import { test } from "../../harness.ts";
import { copying, type FakeMaster, NOTHING } from "./metadata_rig.ts";

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

test("topics are asked for as soon as one is missing, before the first look and between two", () =>
  copying(async (scene) => {
    const { clock, master, applied } = scene;
    scene.lacksTopic = true;
    await clock.advance(200);
    assertEquals([master.asked, applied], [["21 10.0.0.1:10909"], ["topics true"]]);
    await clock.advance(2_800); // the first look is when it was
    assertEquals(master.asked.length, 7);
    scene.lacksTopic = true;
    await clock.advance(200);
    assertEquals(master.asked.slice(7), ["21 10.0.0.1:10909"]);
    await clock.advance(9_799);
    assertEquals(master.asked.length, 8);
    await clock.advance(1);
    assertEquals(master.asked.length, 14);
  }));

test("a topic that is missing is not asked for while the log is not the master's", () =>
  copying(async (scene) => {
    scene.mayCopy = false;
    scene.lacksTopic = true;
    await scene.clock.advance(2_000);
    assertEquals(scene.master.asked, []);
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

test("what the master deleted is taken over while its log is followed, not before", () =>
  copying(async (scene) => {
    const { clock, master, applied } = scene;
    const table = { dataVersion: { counter: 1, timestamp: 2 }, topics: new Map() };
    const told = formatTopicTable({ ...table, deleted: new Map([["T", 4096]]) });
    master.bodies.set(21, utf8(told));
    scene.followed = false;
    await clock.advance(3_000);
    assertEquals(applied.filter((each) => each.startsWith("deleted")), []);
    scene.followed = true;
    await clock.advance(10_000);
    assertEquals(applied.filter((each) => each.startsWith("deleted")), ["deleted T 4096"]);
    master.bodies.set(21, utf8(formatTopicTable(table))); // nothing is brought back
    await clock.advance(10_000);
    assertEquals(applied.filter((each) => each.startsWith("deleted")), ["deleted T 4096"]);
  }));
