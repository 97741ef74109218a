import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Reply } from "../../../src/wire/command.ts";
import { test } from "../../harness.ts";
import { peerRig } from "../../support/peer_rig.ts";

const MIB = 1024 * 1024;

const OK: Reply = { code: 0 };

test("Peer closes its own connection on garbage, with one log line, and no other", async () => {
  const one = peerRig({ 7: () => OK });
  const other = peerRig({ 7: () => OK });
  one.far.send({ code: 7 });
  await one.clock.settle();
  one.far.send(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
  await one.clock.settle();
  assertEquals([one.peer.closed, one.far.closed, one.far.commands().length], [true, true, 1]);
  assertEquals(one.log.lines.length, 1);
  assertStringIncludes(one.log.lines[0], "10.0.0.1:4711");
  other.far.send({ code: 7 });
  await other.clock.settle();
  assertEquals([other.peer.closed, other.far.commands().length], [false, 1]);
  other.peer.close();
});

test("Peer handles nothing more while 4 MiB of answers are not read, then goes on in order", async () => {
  const handled: number[] = [];
  const body = new Uint8Array(MIB / 2);
  const batches: number[] = [];
  const { clock, far, peer } = peerRig({
    7: ({ opaque }) => {
      handled.push(opaque);
      return { code: 0, body };
    },
  }, { afterBatch: () => void batches.push(handled.length) });
  far.stall(true);
  const all = Array.from({ length: 40 }, (_, i) => i + 1);
  far.send(...all.slice(0, 20).map((opaque) => ({ code: 7, opaque })));
  far.send(...all.slice(20).map((opaque) => ({ code: 7, opaque })));
  await clock.settle();
  assertEquals(handled.length, 8, "8 answers are 4 MiB");
  assertEquals(batches, [8], "what was handled is committed before the wait");
  assertEquals(far.writes.length, 1);
  await clock.settle();
  assertEquals(handled.length, 8);
  far.stall(false);
  await clock.settle();
  assertEquals(handled, all);
  assertEquals(far.commands().map(({ opaque }) => opaque), all);
  assert(far.writes.every(({ length }) => length < 5 * MIB));
  peer.close();
});

test("Peer that waits for its reader is freed when the connection ends", async () => {
  const { clock, far, peer } = peerRig({ 7: () => ({ code: 0, body: new Uint8Array(5 * MIB) }) });
  far.stall(true);
  far.send({ code: 7 }, { code: 7 });
  await clock.settle();
  peer.close();
  await peer.gone;
  await clock.settle();
  assertEquals([far.writes.length, clock.waiting], [1, 0]);
});

test("Peer closes a connection when 64 MiB of late answers are not read", async () => {
  const { clock, far, log, peer } = peerRig();
  far.stall(true);
  const body = new Uint8Array(MIB);
  const to = { form: "json", opaque: 1, flag: 0 } as const;
  for (let i = 0; i < 64; i++) {
    peer.reply(to, { code: 0, body });
    await clock.settle();
  }
  assertEquals(peer.closed, false);
  for (let i = 0; i < 8; i++) {
    peer.reply(to, { code: 0, body });
    await clock.settle();
  }
  assertEquals([peer.closed, far.closed], [true, true]);
  assertEquals(log.lines.length, 1);
  assertStringIncludes(log.lines[0], "does not read");
  await peer.gone;
});

test("Peer does not handle what was read before it was closed", async () => {
  const handled: number[] = [];
  const { clock, far, peer } = peerRig({
    7: ({ opaque }, peer) => {
      handled.push(opaque);
      peer.close();
      return OK;
    },
  });
  far.send({ code: 7, opaque: 1 }, { code: 7, opaque: 2 });
  far.send({ code: 7, opaque: 3 });
  await peer.gone;
  await clock.settle();
  assertEquals(handled, [1]);
});

test("Peer.drained() waits for what was put out, and for no more", async () => {
  const { clock, far, peer } = peerRig();
  const states: string[] = [];
  peer.drained().then(() => states.push("nothing out"));
  await clock.settle();
  assertEquals(states, ["nothing out"]);
  far.stall(true);
  peer.tell({ code: 1 });
  peer.drained().then(() => states.push("taken"));
  await clock.settle();
  assertEquals(states.length, 1);
  far.stall(false);
  await clock.settle();
  assertEquals(states, ["nothing out", "taken"]);
  peer.close();
});
