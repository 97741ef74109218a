import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { FieldError } from "../../../src/base/errors.ts";
import { CallError, type Handler, opaqueAfter, Peer, type Served } from "../../../src/rpc/peer.ts";
import type { Reply } from "../../../src/wire/command.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { FarEnd, requestBytes } from "../../support/far_end.ts";
import { Lines } from "../../support/store.ts";

const MIB = 1024 * 1024;
const OK: Reply = { code: 0 };

function setUp(handlers: Record<number, Handler> = {}, hooks: Partial<Served> = {}) {
  const clock = new VirtualClock();
  const log = new Lines();
  const far = new FarEnd();
  const table = new Map(Object.entries(handlers).map(([code, handler]) => [+code, handler]));
  const peer = new Peer(far.conn, { handlers: table, ...hooks }, { clock, log });
  return { clock, log, far, peer };
}

/** How a call ended, as text; reading it does not wait. */
function outcomeOf(call: Promise<unknown>): { now: string } {
  const outcome = { now: "waiting" };
  call.then(
    () => outcome.now = "answered",
    (error) => outcome.now = error instanceof CallError ? error.kind : String(error),
  );
  return outcome;
}

test("Peer answers all requests of one read with one write, in order", async () => {
  const { clock, far, peer } = setUp({ 7: ({ opaque }) => ({ code: 0, remark: `to ${opaque}` }) });
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
  const { clock, far, peer } = setUp({ 7: () => OK });
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
  const { clock, far, peer } = setUp({
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
  const { clock, far, log, peer } = setUp({
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
    const { clock, far, log, peer } = setUp({ 7: handler, 8: () => OK });
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
  const { clock, far, peer } = setUp();
  far.send({ code: 4242 });
  await clock.settle();
  const [answer] = far.commands();
  assertEquals(answer.code, 3);
  assertStringIncludes(answer.remark!, "4242");
  peer.close();
});

test("Peer answers later what comes later, and all of one turn in one write", async () => {
  const later: ((reply: Reply) => void)[] = [];
  const { clock, far, peer } = setUp({
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
    const { clock, far, log, peer } = setUp({ 7: () => answer(big), 8: () => OK });
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
  const { clock, far, peer } = setUp({ 7: () => (handled++, OK) }, {
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
  const { clock, far, peer } = setUp({ 7: () => void done.push("handled") }, {
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
  const { clock, far, log, peer } = setUp({ 7: () => OK }, {
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

test("Peer gives each response to the call it answers", async () => {
  const { clock, far, peer } = setUp();
  const calls = [10, 11, 12].map((code) => peer.call({ code }, 1000));
  await clock.settle();
  assertEquals(far.writes.length, 1, "calls of one turn share a write");
  const requests = far.commands();
  assertEquals(new Set(requests.map(({ opaque }) => opaque)).size, 3);
  for (const request of [requests[2], requests[0], requests[1]]) {
    far.answer(request, { remark: `answer ${request.code}` });
  }
  const answers = await Promise.all(calls);
  assertEquals(answers.map(({ remark }) => remark), ["answer 10", "answer 11", "answer 12"]);
  assertEquals(clock.waiting, 0);
  peer.close();
});

test("Peer ignores responses nobody waits for, late ones among them", async () => {
  const handled: number[] = [];
  const { clock, far, log, peer } = setUp({ 0: () => (handled.push(0), OK) });
  const late = outcomeOf(peer.call({ code: 10 }, 500));
  await clock.advance(500);
  assertEquals(late.now, "timeout");
  const [request] = far.commands();
  far.answer(request);
  far.send({ code: 0, opaque: 777, flag: 1 });
  await clock.settle();
  assertEquals([handled, far.commands(), log.lines], [[], [], []]);
  assertEquals(peer.closed, false);
  peer.close();
});

test("Peer.call() names request, address and time when the answer is late", async () => {
  const { clock, peer } = setUp();
  const call = assertRejects(() => peer.call({ code: 105 }, 3000), CallError);
  await clock.advance(3000);
  const { kind, message } = await call;
  assertEquals(kind, "timeout");
  for (const part of ["105", "10.0.0.1:4711", "3000 ms"]) assertStringIncludes(message, part);
  peer.close();
});

test("Peer.call() of a request that fits no frame fails at once and leaves no timer", async () => {
  const { clock, far, peer } = setUp();
  await assertRejects(() => peer.call({ code: 10, body: new Uint8Array(17 * MIB) }, 3000));
  assertEquals([clock.waiting, far.writes.length], [0, 0]);
  peer.close();
});

for (
  const { name, end } of [
    { name: "we close it", end: (_far: FarEnd, peer: Peer) => peer.close() },
    { name: "the other end closes it", end: (far: FarEnd) => far.end() },
    { name: "it breaks", end: (far: FarEnd) => far.break() },
  ]
) {
  test(`Peer fails calls and says closed() once when ${name}`, async () => {
    const gone: Peer[] = [];
    const { clock, far, peer } = setUp({}, { closed: (peer) => void gone.push(peer) });
    const call = outcomeOf(peer.call({ code: 10 }, 1000));
    await clock.settle();
    end(far, peer);
    await peer.gone;
    await clock.settle();
    assertEquals(call.now, "closed");
    assertEquals(gone, [peer]);
    assertEquals([peer.closed, far.closed, clock.waiting], [true, true, 0]);
    peer.close();
    far.end();
    await clock.settle();
    assertEquals(gone.length, 1);
    assertEquals((await assertRejects(() => peer.call({ code: 10 }, 1), CallError)).kind, "closed");
    const before = far.writes.length;
    peer.tell({ code: 10 });
    peer.reply({ form: "json", opaque: 1, flag: 0 }, OK);
    await clock.settle();
    assertEquals(far.writes.length, before);
  });
}

test("Peer.tell() sends one-way requests", async () => {
  const { clock, far, peer } = setUp();
  peer.tell({ code: 40, ext: { consumerGroup: "g" } });
  await clock.settle();
  assertEquals(far.commands().map(({ code, flag, ext }) => [code, flag, ext]), [
    [40, 2, { consumerGroup: "g" }],
  ]);
  peer.close();
});

test("opaqueAfter() begins again behind the largest int32", () => {
  assertEquals([opaqueAfter(0), opaqueAfter(0x7ffffffe), opaqueAfter(0x7fffffff)], [
    1,
    0x7fffffff,
    0,
  ]);
});

test("Peer closes its own connection on garbage, with one log line, and no other", async () => {
  const one = setUp({ 7: () => OK });
  const other = setUp({ 7: () => OK });
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
  const { clock, far, peer } = setUp({
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
  const { clock, far, peer } = setUp({ 7: () => ({ code: 0, body: new Uint8Array(5 * MIB) }) });
  far.stall(true);
  far.send({ code: 7 }, { code: 7 });
  await clock.settle();
  peer.close();
  await peer.gone;
  await clock.settle();
  assertEquals([far.writes.length, clock.waiting], [1, 0]);
});

test("Peer closes a connection when 64 MiB of late answers are not read", async () => {
  const { clock, far, log, peer } = setUp();
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
  const { clock, far, peer } = setUp({
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
  const { clock, far, peer } = setUp();
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
