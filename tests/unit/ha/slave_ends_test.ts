import { assertEquals, assertStringIncludes } from "@std/assert";
import { encodeTransfer } from "../../../src/ha/frames.ts";
import { NoAnswer } from "../../../src/ha/master_answers.ts";
import { overlapStart } from "../../../src/ha/overlap.ts";
import { test } from "../../harness.ts";
import { HA } from "../../support/ha.ts";
import { codecs } from "../../support/codecs.ts";
import { recordOf } from "../../support/records.ts";
import { FILE, put, recordAt5, scene } from "./slave_scene.ts";

test("the torn end of a record whose end never came is taken back when the master has another one there", () =>
  scene({
    ours: (store) => {
      put(store, 8);
      store.appendRaw(store.log.tail, recordOf(store.log.tail, 900, 7).subarray(0, 500));
    },
    theirs: (store) => put(store, 12),
  }, async ({ clock, own, master, slave }) => {
    await clock.advance(3_000);
    assertEquals([slave.status.state, own.log.tail], ["IN_SYNC", master.log.tail]);
    assertEquals(own.dispatch.position, master.log.tail);
  }));

test("the torn end of a record above the master's end is no reason to be AHEAD", () =>
  scene({
    ours: (store) => {
      put(store, 8);
      store.appendRaw(store.log.tail, recordOf(store.log.tail, 900, 7).subarray(0, 500));
    },
    theirs: (store) => put(store, 8),
  }, async ({ clock, own, master, slave }) => {
    await clock.advance(3_000);
    assertEquals([slave.status.state, own.log.tail], ["IN_SYNC", master.log.tail]);
  }));

test("a full sync that was killed before its first record was whole begins again", () =>
  scene({
    ours: (store) => store.appendRaw(0, recordOf(0, 900).subarray(0, 500)),
    theirs: (store) => store.appendRaw(5 * FILE, recordAt5()),
  }, async ({ clock, own, master, slave }) => {
    await clock.advance(3_000);
    assertEquals([slave.status.state, own.log.tail], ["IN_SYNC", master.log.tail]);
    assertEquals(own.log.minOffset, 5 * FILE);
  }));

test("after a restart of the machine all is compared that may not have reached the disk", () =>
  scene({
    ours: (store) => (put(store, 3), put(store, 1, "b"), put(store, 60)),
    theirs: (store) => put(store, 70),
    suspectFrom: 2_500,
  }, ({ slave, net }) => {
    assertEquals(slave.status.state, "DIVERGED", "far before the last 4096 bytes");
    assertEquals(net.links.length, 1);
    return Promise.resolve();
  }));

test("a master that lost its end while it is followed: the connection is left, AHEAD", () =>
  scene({ theirs: (store) => put(store, 8) }, async ({ clock, slave, asked, own }) => {
    assertEquals(slave.status.state, "IN_SYNC");
    asked.says = { bounds: () => Promise.resolve({ min: 0, max: own.log.tail - 1 }) };
    await clock.advance(10_000);
    assertEquals(slave.status.state, "AHEAD");
    await clock.advance(10_000);
    assertEquals(slave.log.with("does not follow").length, 1);
  }));

test("a sync that was killed within its first record begins there again", () =>
  scene({
    ours: (store) => store.appendRaw(0, recordOf(0, 900, 7).subarray(0, 500)),
    theirs: (store) => put(store, 5),
  }, async ({ clock, own, master, slave }) => {
    await clock.advance(3_000);
    assertEquals([slave.status.state, own.log.tail], ["IN_SYNC", master.log.tail]);
    assertEquals(own.dispatch.position, master.log.tail);
  }));

test("empty transfers where bytes are due: the master is asked again, then left", () =>
  scene({
    ours: (store) => put(store, 8),
    theirs: (store) => put(store, 12),
    host: "10.0.0.3",
  }, async ({ clock, net, slave, asked, own, stopMaster }) => {
    assertEquals(slave.status.state, "IN_SYNC");
    await stopMaster();
    const listener = await net.host(HA.host).listen(HA);
    const hands: WritableStreamDefaultWriter<Uint8Array>[] = [];
    const accepted = (async () => {
      for await (const conn of listener.connections) hands.push(conn.writable.getWriter());
    })();
    await clock.advance(1_000);
    assertEquals([hands.length, slave.status.state], [1, "HANDSHAKE"]);
    const at = overlapStart(own.log, codecs);
    const { tail } = own.log;
    for (let i = 1; i <= 4; i++) {
      asked.take("bounds");
      const beat = encodeTransfer({ logOffset: at, body: new Uint8Array(0) });
      hands[0].write(beat).catch(() => {});
      await clock.settle();
      if (i < 4) assertEquals([asked.take("bounds"), slave.status.state], [1, "HANDSHAKE"]);
    }
    assertEquals([slave.status.state, own.log.tail], ["CONNECTING", tail]);
    assertStringIncludes(slave.status.reason, `the master sends nothing from ${at} on`);
    listener.close();
    await accepted;
  }));

for (const proof of ["requests", "stream"] as const) {
  test(`a stopped slave stays stopped while the master cannot be reached, haProof=${proof}`, () =>
    scene({
      ours: (store) => put(store, 8, "b"),
      theirs: (store) => put(store, 12),
      proof,
    }, async ({ clock, slave, asked, stopMaster }) => {
      assertEquals(slave.status.state, "DIVERGED");
      asked.says = { settings: () => Promise.reject(new NoAnswer("nobody there")) };
      await stopMaster();
      await clock.advance(20_000);
      assertEquals([slave.status.state, slave.status.mayCopyTables], ["DIVERGED", false]);
      assertStringIncludes(slave.status.reason, "other bytes than we have");
    }));
}

test("a stopped slave whose reason is gone says what keeps it now", () =>
  scene({
    ours: (store) => put(store, 8),
    theirs: (store) => put(store, 5),
  }, async ({ clock, master, slave, stopMaster }) => {
    assertEquals(slave.status.state, "AHEAD");
    await stopMaster();
    put(master, 5);
    await clock.advance(10_000);
    assertEquals(slave.status.state, "CONNECTING");
    assertStringIncludes(slave.status.reason, "nobody listens there");
  }));
