import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CallError, opaqueAfter, type Peer } from "../../../src/rpc/peer.ts";
import type { Reply } from "../../../src/wire/command.ts";
import { test } from "../../harness.ts";
import type { FarEnd } from "../../support/far_end.ts";
import { outcomeOf, peerRig } from "../../support/peer_rig.ts";

const MIB = 1024 * 1024;

const OK: Reply = { code: 0 };

test("Peer gives each response to the call it answers", async () => {
  const { clock, far, peer } = peerRig();
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
  const { clock, far, log, peer } = peerRig({ 0: () => (handled.push(0), OK) });
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
  const { clock, peer } = peerRig();
  const call = assertRejects(() => peer.call({ code: 105 }, 3000), CallError);
  await clock.advance(3000);
  const { kind, message } = await call;
  assertEquals(kind, "timeout");
  for (const part of ["105", "10.0.0.1:4711", "3000 ms"]) assertStringIncludes(message, part);
  peer.close();
});

test("Peer.call() of a request that fits no frame fails at once and leaves no timer", async () => {
  const { clock, far, peer } = peerRig();
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
    const { clock, far, peer } = peerRig({}, { closed: (peer) => void gone.push(peer) });
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
  const { clock, far, peer } = peerRig();
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
