import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { silentLog } from "../../../src/base/log.ts";
import { type Address, type Connection, type Net, NetError } from "../../../src/ports/net.ts";
import { CallError } from "../../../src/rpc/peer.ts";
import { Redial } from "../../../src/rpc/redial.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { FarEnd } from "../../support/far_end.ts";

const HERE = "10.0.0.2:10911";

interface Dial {
  readonly to: Address;
  readonly timeoutMs: number;
  readonly at: number;
  answer(conn: Connection): void;
  fail(error: Error): void;
}

function setUp() {
  const clock = new VirtualClock();
  const dials: Dial[] = [];
  const state = { hangs: false, refuses: false };
  const fars: FarEnd[] = [];
  const net: Net = {
    dial: (to, { timeoutMs, signal }) =>
      new Promise((answer, fail) => {
        dials.push({ to, timeoutMs, at: clock.monotonic(), answer, fail });
        signal?.addEventListener("abort", () => fail(new NetError("other", "given up")));
        if (state.hangs) return;
        if (state.refuses) {
          return fail(new NetError("refused", `cannot reach ${HERE}: nobody listens`));
        }
        fars.push(new FarEnd(to));
        answer(fars[fars.length - 1].conn);
      }),
    listen: () => Promise.reject(new Error("nobody listens here")),
  };
  return { clock, dials, state, fars, redial: new Redial({ net, clock }, silentLog) };
}

test("Redial dials an address once, and all share the connection", async () => {
  const { redial, dials } = setUp();
  const [one, two] = await Promise.all([redial.peer(HERE), redial.peer(HERE)]);
  assert(one === two && one === await redial.peer(HERE));
  assertEquals(dials.map(({ to }) => to), [{ host: "10.0.0.2", port: 10911 }]);
  assert(dials[0].timeoutMs <= 3000, "a dial has an end");
  assert(one !== await redial.peer("10.0.0.3:10911"));
  redial.close();
});

test("Redial dials again, at once, after the connection broke", async () => {
  const { redial, clock, dials, fars } = setUp();
  assertEquals(redial.connected(HERE), false);
  const before = await redial.peer(HERE);
  assertEquals(redial.connected(HERE), true);
  fars[0].break();
  await clock.settle();
  assertEquals(redial.connected(HERE), false);
  const after = await redial.peer(HERE);
  assertEquals([before === after, before.closed, after.closed, dials.length], [
    false,
    true,
    false,
    2,
  ]);
  redial.close();
});

test("Redial.call() asks and gives the answer", async () => {
  const { redial, clock, fars } = setUp();
  const call = redial.call(HERE, { code: 28 }, 1000);
  await clock.settle();
  const [request] = fars[0].commands();
  assertEquals(request.code, 28);
  fars[0].answer(request, { remark: "here" });
  assertEquals((await call).remark, "here");
  await redial.tell(HERE, { code: 35 });
  await clock.settle();
  assertEquals(fars[0].commands().map(({ code, flag }) => [code, flag]), [[35, 2]]);
  redial.close();
  assertEquals(clock.waiting, 0);
});

test("Redial waits longer after each failed dial, 2 s at most, and fails meanwhile at once", async () => {
  const { redial, clock, dials, state, fars } = setUp();
  state.refuses = true;
  for (let ms = 0; ms < 10_000; ms += 50) {
    const error = await assertRejects(() => redial.peer(HERE), CallError);
    assertEquals(error.kind, "unreachable");
    for (const part of [HERE, "nobody listens"]) assertStringIncludes(error.message, part);
    await clock.advance(50);
  }
  assertEquals(dials.map(({ at }) => at), [0, 100, 300, 700, 1500, 3100, 5100, 7100, 9100]);
  assertEquals(dials.length, 9);

  state.refuses = false;
  await clock.advance(2000);
  await redial.peer(HERE);
  fars[0].break();
  await clock.settle();
  state.refuses = true;
  const from = clock.monotonic();
  await assertRejects(() => redial.peer(HERE), CallError);
  await clock.advance(100);
  await assertRejects(() => redial.peer(HERE), CallError);
  assertEquals(dials.slice(-2).map(({ at }) => at - from), [0, 100], "success begins anew");
  redial.close();
});

test("Redial's pause for one address delays no other", async () => {
  const { redial, state } = setUp();
  state.refuses = true;
  await assertRejects(() => redial.peer(HERE), CallError);
  state.refuses = false;
  assertEquals((await redial.peer("10.0.0.3:10911")).closed, false);
  redial.close();
});

for (const address of ["", "10.0.0.2", "10.0.0.2:", ":10911", "10.0.0.2:99999", "a:b"]) {
  test(`Redial says that "${address}" is no address, and dials nobody`, async () => {
    const { redial, dials } = setUp();
    const error = await assertRejects(() => redial.peer(address), CallError);
    assertEquals([error.kind, dials.length], ["unreachable", 0]);
    assertStringIncludes(error.message, `"${address}"`);
    assertStringIncludes(error.message, "host:port");
    redial.close();
  });
}

test("Redial.close() gives up dials and ends connections and calls", async () => {
  const { redial, clock, state, fars, dials } = setUp();
  const call = assertRejects(() => redial.call(HERE, { code: 28 }, 1000), CallError);
  await clock.settle();
  state.hangs = true;
  const dial = assertRejects(() => redial.peer("10.0.0.3:10911"), CallError);
  await clock.settle();
  redial.close();
  assertEquals([(await call).kind, (await dial).kind], ["closed", "closed"]);
  assertEquals([fars[0].closed, clock.waiting, dials.length], [true, 0, 2]);
  assertEquals((await assertRejects(() => redial.peer(HERE), CallError)).kind, "closed");
  assertEquals(dials.length, 2);
});

for (const end of ["close", "hangUp"] as const) {
  test(`Redial.${end}() during a dial closes what the dial brings`, async () => {
    const { redial, clock, state, dials } = setUp();
    state.hangs = true;
    const dial = assertRejects(() => redial.peer(HERE), CallError);
    await clock.settle();
    const late = new FarEnd();
    dials[0].answer(late.conn); // it was through when the signal came
    redial[end](HERE);
    assertEquals((await dial).kind, "closed");
    await clock.settle();
    assertEquals(late.closed, true);
    if (end === "hangUp") {
      state.hangs = false;
      assertEquals((await redial.peer(HERE)).closed, false);
    }
    redial.close();
  });
}

test("Redial.hangUp() ends the connection; the next who asks dials anew", async () => {
  const { redial, dials, fars } = setUp();
  const peer = await redial.peer(HERE);
  redial.hangUp(HERE);
  redial.hangUp("10.0.0.3:1");
  assertEquals([peer.closed, fars[0].closed], [true, true]);
  assert(peer !== await redial.peer(HERE));
  assertEquals(dials.length, 2);
  redial.close();
});
