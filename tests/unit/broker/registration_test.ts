import { assert, assertEquals } from "@std/assert";
import { plainTopic } from "../../../src/broker/topic_rules.ts";
import { formatKvTable } from "../../../src/wire/route.ts";
import { test } from "../../harness.ts";
import { NODE, scene } from "./registration_rig.ts";

test("every name server is told at the start, after 10 s, then every 30 s, and at the end", async () => {
  const { clock, servers: [a, b], start, end, isStarted, warnings } = await scene(["a", "b"]);
  start();
  await clock.settle();
  assert(isStarted());
  await clock.advance(75_000);
  for (const server of [a, b]) assertEquals(server.times, [0, 10_000, 40_000, 70_000]);
  await end();
  assertEquals([a.unregistered, b.unregistered, a.told.length], [1, 1, 4]);
  assertEquals(warnings, []);
});

test("a name server that does not answer holds up neither the start nor the others", async () => {
  const { clock, servers: [dead, alive], start, end, isStarted, warnings } = await scene([
    "a",
    "b",
  ]);
  dead.answer = () => new Promise(() => {});
  start();
  await clock.settle();
  assertEquals([alive.told.length, isStarted()], [1, false]);
  await clock.advance(200);
  assertEquals([isStarted(), warnings], [true, []]);
  await clock.advance(40_000);
  assertEquals(alive.times, [0, 10_000, 40_000]);
  assertEquals(warnings, ["cannot register with a name server, trying on"]);
  await end();
});

test("the start goes on without any name server, and says so", async () => {
  const { clock, servers: [server], start, end, isStarted, warnings } = await scene(["a"]);
  await server.die();
  start();
  await clock.settle();
  assert(isStarted());
  assertEquals(warnings, [
    "cannot register with a name server, trying on",
    "no name server has us yet: clients cannot find this broker; trying on",
  ]);
  await server.open();
  await clock.advance(2_000);
  assertEquals(server.told.length, 1);
  await end();
});

test("a name server that restarted is told again within two seconds", async () => {
  const { clock, servers: [a, b], start, end } = await scene(["a", "b"]);
  start();
  await clock.advance(20_000);
  assertEquals([a.told.length, b.told.length], [2, 2]);
  await a.die();
  await clock.advance(12_000);
  assertEquals([a.told.length, b.told.length], [2, 2]);
  await a.open();
  await clock.advance(2_000);
  assertEquals([a.told.length, b.told.length], [3, 2]);
  await end();
});

test("a connection that was cut is made again at once, but not in a loop", async () => {
  const { clock, net, servers: [server], start, end } = await scene(["a"]);
  start();
  await clock.settle();
  net.links[0].cut();
  await clock.advance(1_000);
  assertEquals(server.told.length, 2);
  net.onLink = (link) => queueMicrotask(() => link.cut());
  net.links[1].cut();
  await clock.advance(10_000);
  assert(net.links.length < 60, `${net.links.length} connections in 10 s`);
  net.onLink = () => {};
  await clock.advance(2_500);
  await end();
});

test("a topic change is told at once, the next ones within 100 ms and together", async () => {
  const { clock, servers: [server], topics, start, end } = await scene(["a"]);
  start();
  await clock.advance(1_000);
  topics.update(plainTopic("First", 4));
  await clock.settle();
  assertEquals([server.told.length, server.told[1]?.has("First")], [2, true]);
  for (let i = 0; i < 20; i++) {
    topics.update(plainTopic(`T${i}`, 4));
    await clock.settle();
  }
  assertEquals(server.told.length, 2);
  await clock.advance(100);
  assertEquals([server.told.length, server.told[2]?.has("T19")], [3, true]);
  await end();
});

test("topic changes are told within 100 ms, many at once", async () => {
  const { clock, servers: [server], topics, start, end } = await scene(["a"]);
  start();
  await clock.advance(1_000);
  for (let i = 0; i < 20; i++) topics.update(plainTopic(`T${i}`, 4));
  await clock.advance(100);
  assertEquals(server.told.length, 2);
  assertEquals(server.told[1].get("T19"), 6);
  topics.delete("T3");
  await clock.advance(100);
  assertEquals([server.told.length, server.told[2].has("T3")], [3, false]);
  await end();
});

test("a change while a registration is under way is told after it", async () => {
  const { clock, servers: [server], topics, start, end } = await scene(["a"]);
  let release = () => {};
  server.answer = () => new Promise((resolve) => release = () => resolve({ code: 0 }));
  start();
  await clock.settle();
  topics.update(plainTopic("T", 4));
  await clock.advance(200);
  assertEquals(server.told.length, 1);
  release();
  await clock.settle();
  assertEquals([server.told.length, server.told[1]?.get("T")], [2, 6]);
  release();
  await end();
});

test("a name server that refuses is asked again, and said once", async () => {
  const { clock, servers: [server], start, end, warnings } = await scene(["a"]);
  server.answer = () => ({ code: 1, remark: "not you" });
  start();
  await clock.advance(5_500);
  assertEquals([server.told.length, warnings.length], [6, 2]);
  await end();
});

for (
  const [permission, perms] of [[6, [6, 7]], [4, [4, 4]], [2, [2, 2]]] as const
) {
  test(`with brokerPermission ${permission} topics are registered as ${perms}`, async () => {
    const { clock, servers: [server], start, end } = await scene(["a"], {
      brokerPermission: permission,
    });
    start();
    await clock.settle();
    const [told] = server.told;
    assertEquals([told.get("SELF_TEST_TOPIC"), told.get("TBW102")], [...perms]);
    await end();
  });
}

test("topics named by the answer get an order; of two answers the first server's counts", async () => {
  const { clock, servers: [a, b], topics, start, end } = await scene(["a", "b"]);
  for (const name of ["A", "B"]) topics.update(plainTopic(name, 4));
  a.answer = () => ({ code: 0, body: formatKvTable(new Map([["A", "broker-a:4"]])) });
  b.answer = () => ({ code: 0, body: formatKvTable(new Map([["B", "broker-a:4"]])) });
  start();
  await clock.advance(5_000);
  assertEquals([topics.get("A")?.order, topics.get("B")?.order], [true, false]);
  assert(a.told.length <= 3, `${a.told.length} registrations: two servers take turns`);
  await end();
});

const MASTER = { masterAddr: "10.0.0.1:10911", haServerAddr: "10.0.0.1:10912" };

test("a slave is told its master's addresses, from whichever name server has them", async () => {
  const { clock, servers: [a, b], masters, start, end } = await scene(["a", "b"], {
    node: { ...NODE, brokerId: 1 },
  });
  a.brokerId = b.brokerId = 1;
  start();
  await clock.settle();
  assertEquals(masters, []);
  b.answer = () => ({ code: 0, ext: MASTER });
  await clock.advance(1_000);
  assertEquals(masters.at(-1), MASTER);
  const told = masters.length;
  b.answer = () => ({ code: 0 }); // it restarted, and the master has not come back to it yet
  await clock.advance(30_000);
  assertEquals(masters.slice(told).filter(({ masterAddr }) => masterAddr === undefined), []);
  await end();
});

test("a slave that no name server has a master for asks again after 1, 2, 4 s, then every 5", async () => {
  const { clock, servers: [server], masters, start, end } = await scene(["a"], {
    node: { ...NODE, brokerId: 1 },
  });
  server.brokerId = 1;
  start();
  await clock.advance(20_000);
  assertEquals(server.times, [0, 1_000, 3_000, 7_000, 12_000, 17_000]);
  server.answer = () => ({ code: 0, ext: MASTER });
  await clock.advance(2_000);
  assertEquals(masters, [MASTER]);
  await clock.advance(29_000);
  assertEquals(server.times.length, 7);
  await end();
});

test("one name server of two that vanished does not hold up the end", async () => {
  const { clock, servers: [dead, alive], registrar, start, end } = await scene(["a", "b"]);
  start();
  await clock.settle();
  dead.answersUnregister = false;
  let closed = false;
  registrar.close().then(() => closed = true);
  await clock.advance(200);
  assertEquals([closed, alive.unregistered, dead.unregistered], [true, 1, 1]);
  await end();
});

test("a master is told of no master", async () => {
  const { clock, servers: [server], masters, start, end } = await scene(["a"]);
  server.answer = () => ({ code: 0, ext: { masterAddr: "10.0.0.1:10911" } });
  start();
  await clock.settle();
  assertEquals([server.told.length, masters], [1, []]);
  await end();
});

test("a name server that vanished without a word is dialled again", async () => {
  const { clock, net, servers: [server], start, end } = await scene(["a"]);
  start();
  await clock.advance(1_000);
  net.links[0].stall(true);
  await clock.advance(9_000 + 6_000 + 2_000);
  assertEquals([net.links.length, server.told.length], [2, 2]);
  await end();
});

test("close() ends within 3 s where a name server does not answer at all", async () => {
  const { clock, servers: [server], start, end } = await scene(["a"]);
  server.answer = () => new Promise(() => {});
  server.answersUnregister = false;
  start();
  await clock.settle();
  await end(); // moves time by 3 s
  assertEquals(server.unregistered, 1);
});

test("a topic made by request is known to name servers when the answer comes", async () => {
  const { clock, servers: [a, b], topics, registrar, start, end } = await scene(["a", "b"]);
  start();
  await clock.advance(1_000);
  let release = () => {};
  b.answer = () => new Promise((resolve) => release = () => resolve({ code: 0 }));
  topics.update(plainTopic("T", 4));
  let known = false;
  const waits = registrar.known().then(() => known = true);
  await clock.settle();
  assertEquals([a.told.length, b.told.length, known], [2, 2, false]);
  release();
  await waits;
  assertEquals([a.told[1].get("T"), b.told[1].get("T"), clock.monotonic()], [6, 6, 1_000]);
  topics.update(plainTopic("U", 4));
  const next = registrar.known(); // does not wait until more changes were collected
  await clock.settle();
  release();
  await next;
  assertEquals([b.told[2].get("U"), clock.monotonic()], [6, 1_000]);
  await end();
});

test("a topic made by request waits for no name server that is away, and not long for a silent one", async () => {
  const { clock, servers: [away, silent], topics, registrar, start, end } = await scene(["a", "b"]);
  await away.die();
  start();
  await clock.advance(5_000);
  topics.update(plainTopic("T", 4));
  await Promise.all([registrar.known(), clock.settle()]);
  silent.answer = () => new Promise(() => {});
  topics.update(plainTopic("U", 4));
  let known = false;
  registrar.known().then(() => known = true);
  await clock.advance(1_900);
  assertEquals(known, false);
  await clock.advance(200);
  assertEquals(known, true);
  await end();
});
