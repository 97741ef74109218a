import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { FieldError } from "../../../src/base/errors.ts";
import type { Handler } from "../../../src/rpc/peer.ts";
import type { Reply } from "../../../src/wire/command.ts";
import { test } from "../../harness.ts";
import { requestBytes } from "../../support/far_end.ts";
import { peerRig } from "../../support/peer_rig.ts";

const MIB = 1024 * 1024;

const OK: Reply = { code: 0 };

test("Peer answers all requests of one read with one write, in order", async () => {
  const { clock, far, peer } = peerRig({
    7: ({ opaque }) => ({ code: 0, remark: `to ${opaque}` }),
  });
  far.send(...[1, 2, 3, 4, 5].map((opaque) => ({ code: 7, opaque })));
  await clock.settle();
  assertEquals(far.writes.length, 1);
  const answers = far.commands();
  assertEquals(answers.map(({ opaque, remark }) => [opaque, remark]), [
    [1, "to 1"],
    [2, "to 2"],
    [3, "to 3"],
    [4, "to 4"],
    [5, "to 5"],
  ]);
  assert(answers.every(({ flag }) => flag === 1));
  peer.close();
});

test("Peer answers in the form of each request", async () => {
  const { clock, far, peer } = peerRig({ 7: () => OK });
  far.send({ code: 7, form: "binary" }, { code: 7, form: "json" });
  await clock.settle();
  assertEquals(far.commands().map(({ form }) => form), ["binary", "json"]);
  peer.close();
});

test("Peer never answers a one-way request, not even with an error", async () => {
  const handled: number[] = [];
  const noted = (handler: Handler): Handler => (command, peer) => {
    handled.push(command.code);
    return handler(command, peer);
  };
  const { clock, far, peer } = peerRig({
    1: noted(() => OK),
    2: noted(() => Promise.resolve(OK)),
    3: noted(() => {
      throw new FieldError("topic", undefined, "text");
    }),
    4: noted(() => {
      throw new Error("no");
    }),
    5: noted(() => Promise.reject(new Error("no"))),
    6: noted((command, peer) => void peer.reply(command, OK)),
  });
  far.send(...[1, 2, 3, 4, 5, 6, 999].map((code) => ({ code, oneway: true })));
  await clock.settle();
  assertEquals(handled, [1, 2, 3, 4, 5, 6]);
  assertEquals(far.writes.length, 0);
  assertEquals(peer.closed, false);
  peer.close();
});

test("Peer answers 1 for a bad field, names it, and logs nothing", async () => {
  const { clock, far, log, peer } = peerRig({
    7: () => {
      throw new FieldError("queueId", "abc", "a whole number");
    },
  });
  far.send({ code: 7, opaque: 9 });
  await clock.settle();
  const [answer] = far.commands();
  assertEquals([answer.code, answer.opaque], [1, 9]);
  for (const part of ['"queueId"', '"abc"', "a whole number"]) {
    assertStringIncludes(answer.remark!, part);
  }
  assertEquals(log.lines, []);
  assertEquals(peer.closed, false);
  peer.close();
});

for (
  const { name, handler } of [
    {
      name: "throws",
      handler: () => {
        throw new Error("broken table");
      },
    },
    { name: "rejects", handler: () => Promise.reject(new Error("broken table")) },
  ] satisfies { name: string; handler: Handler }[]
) {
  test(`Peer answers 1 when a handler ${name}, with one log line, and lives`, async () => {
    const { clock, far, log, peer } = peerRig({ 7: handler, 8: () => OK });
    far.send({ code: 7, opaque: 1 });
    await clock.settle();
    far.send({ code: 8, opaque: 2 });
    await clock.settle();
    const [failed, good] = far.commands();
    assertEquals([failed.code, failed.opaque, failed.remark], [1, 1, "broken table"]);
    assertEquals([good.code, good.opaque], [0, 2]);
    assertEquals(log.lines.length, 1);
    assertStringIncludes(log.lines[0], '"code":7');
    peer.close();
  });
}

test("Peer answers 3 for a code nobody handles", async () => {
  const { clock, far, peer } = peerRig();
  far.send({ code: 4242 });
  await clock.settle();
  const [answer] = far.commands();
  assertEquals(answer.code, 3);
  assertStringIncludes(answer.remark!, "4242");
  peer.close();
});

test("Peer answers later what comes later, and all of one turn in one write", async () => {
  const later: ((reply: Reply) => void)[] = [];
  const { clock, far, peer } = peerRig({
    7: () => new Promise<Reply>((resolve) => later.push(resolve)),
    8: () => OK,
  });
  far.send({ code: 7, opaque: 1 }, { code: 7, opaque: 2 }, { code: 8, opaque: 3 });
  await clock.settle();
  assertEquals(far.commands().map(({ opaque }) => opaque), [3]);
  later[1](OK);
  later[0](OK);
  await clock.settle();
  assertEquals(far.commands().map(({ opaque }) => opaque), [2, 1]);
  assertEquals(far.writes.length, 2);
  peer.close();
});

for (
  const { name, answer } of [
    { name: "at once", answer: (reply: Reply) => reply },
    { name: "later", answer: (reply: Reply) => Promise.resolve(reply) },
  ]
) {
  test(`Peer answers 1 for an answer that fits no frame, given ${name}`, async () => {
    const big = { code: 0, body: new Uint8Array(17 * MIB) };
    const { clock, far, log, peer } = peerRig({ 7: () => answer(big), 8: () => OK });
    far.send({ code: 7, opaque: 1 });
    await clock.settle();
    far.send({ code: 8, opaque: 2 });
    await clock.settle();
    assertEquals(far.commands().map(({ code, opaque }) => [opaque, code]), [[1, 1], [2, 0]]);
    assertEquals(log.lines.length, 1);
    peer.close();
  });
}

test("Peer calls afterBatch once a read, and what it puts leaves with the answers", async () => {
  let batches = 0;
  let handled = 0;
  const { clock, far, peer } = peerRig({ 7: () => (handled++, OK) }, {
    afterBatch(peer) {
      batches++;
      assertEquals(handled, 3 * batches);
      peer.reply({ form: "json", opaque: 100, flag: 0 }, OK);
    },
  });
  for (let i = 0; i < 2; i++) far.send({ code: 7 }, { code: 7 }, { code: 7 });
  await clock.settle();
  assertEquals([batches, far.writes.length], [2, 2]);
  assertEquals(far.commands().map(({ opaque }) => opaque), [1, 1, 1, 100, 1, 1, 1, 100]);
  peer.close();
});

test("Peer calls afterBatch for what came before a frame it cannot read", async () => {
  const done: string[] = [];
  const { clock, far, peer } = peerRig({ 7: () => void done.push("handled") }, {
    afterBatch: () => void done.push("batch"),
  });
  const bad = requestBytes({ code: 7 });
  bad[4] = 9; // header type
  far.send({ code: 7 }, bad, { code: 7 });
  await clock.settle();
  assertEquals(done, ["handled", "batch"]);
  assertEquals([peer.closed, far.closed], [true, true]);
});

test("Peer logs an error when afterBatch fails: that is our fault", async () => {
  const { clock, far, log, peer } = peerRig({ 7: () => OK }, {
    afterBatch: () => {
      throw new Error("broken invariant");
    },
  });
  far.send({ code: 7 });
  await clock.settle();
  assertEquals(peer.closed, true);
  assertEquals(log.lines.length, 1);
  assertStringIncludes(log.lines[0], "error ");
  assertStringIncludes(log.lines[0], "broken invariant");
});
