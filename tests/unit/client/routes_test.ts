import { assertEquals, assertRejects } from "@std/assert";
import { silentLog } from "../../../src/base/log.ts";
import { AnswerError } from "../../../src/client/errors.ts";
import { routeOf, Routes } from "../../../src/client/routes.ts";
import { CallError } from "../../../src/rpc/peer.ts";
import type { Command, Request } from "../../../src/wire/command.ts";
import { formatRoute, type TopicRoute } from "../../../src/wire/route.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";

const NONE = new Uint8Array(0);

function told(perm: number, ids: number[] = [0, 1]): TopicRoute {
  const brokerAddrs = new Map(ids.map((id) => [id, `10.0.0.${id}:10911`]));
  const queues = { brokerName: "a", perm, readQueueNums: 3, topicSysFlag: 0, writeQueueNums: 2 };
  return { brokers: [{ brokerName: "a", cluster: "C", brokerAddrs }], queues: [queues] };
}

for (
  const { name, perm, ids, readable, writable } of [
    { name: "read and write", perm: 6, ids: [0, 1], readable: 3, writable: 2 },
    { name: "read only", perm: 4, ids: [0, 1], readable: 3, writable: 0 },
    { name: "write only", perm: 2, ids: [0, 1], readable: 0, writable: 2 },
    { name: "inherit too", perm: 7, ids: [0], readable: 3, writable: 2 },
    { name: "a slave without its master", perm: 6, ids: [1], readable: 3, writable: 0 },
  ]
) {
  test(`routeOf() lists queues by what may be done with them: ${name}`, () => {
    const route = routeOf("T", told(perm, ids));
    assertEquals([route.readable.length, route.writable.length], [readable, writable]);
    assertEquals(route.brokers.get("a")?.size, ids.length);
  });
}

test("routeOf() leaves out queues of brokers that have no address", () => {
  const { queues } = told(6);
  assertEquals(routeOf("T", { brokers: [], queues }).readable, []);
});

test("routeOf() of a topic to be made has as many queues as a send will ask for", () => {
  const many = told(7);
  const queues = [{ ...many.queues[0], readQueueNums: 8, writeQueueNums: 8 }];
  const route = routeOf("New", { ...many, queues }, true);
  assertEquals([route.writable.length, route.created], [4, false]);
});

/** Routes of a name server that answers as `topics` says; "down" is one that does not answer. */
function routes(topics: Record<string, TopicRoute> | "down") {
  const state = { topics, asked: [] as string[] };
  const clock = new VirtualClock();
  const ask = ({ ext }: Request): Promise<Command> => {
    const topic = ext!.topic;
    state.asked.push(topic);
    if (state.topics === "down") return Promise.reject(new CallError("unreachable", "down"));
    const route = state.topics[topic];
    const answer = route
      ? { code: 0, body: formatRoute(route, "quoted") }
      : { code: 17, remark: "no such topic", body: NONE };
    return Promise.resolve(answer as Command);
  };
  const all = new Routes({ ask, current: "ns:9876" }, { clock, log: silentLog });
  return { all, state, clock };
}

test("of() asks once, also for many at once", async () => {
  const { all, state } = routes({ T: told(6) });
  assertEquals(all.known("T"), undefined);
  await Promise.all([all.of("T"), all.of("T"), all.of("T")]);
  await all.of("T");
  assertEquals([state.asked, all.known("T")?.readable.length], [["T"], 3]);
});

test("of() says who knows no such topic", async () => {
  const error = await assertRejects(() => routes({}).all.of("T"), AnswerError);
  assertEquals(
    [error.code, error.message],
    [17, 'no route of topic "T": name server ns:9876 answers 17 (no such topic)'],
  );
});

test("toSend() takes the template's route until the topic exists", async () => {
  const { all, state } = routes({ TBW102: told(7) });
  assertEquals((await all.toSend("New")).created, false);
  await assertRejects(() => all.of("New"), AnswerError);
  (state.topics as Record<string, TopicRoute>).New = told(6);
  assertEquals((await all.toSend("New")).created, true);
  state.asked.length = 0;
  await all.toSend("New");
  assertEquals(state.asked, []);
});

test("a refresh that fails keeps what is known; a topic gone for 30 s is forgotten", async () => {
  const { all, state, clock } = routes({ T: told(6) });
  await all.of("T");
  state.topics = "down";
  await all.tryRefresh("T");
  assertEquals(all.known("T")?.readable.length, 3);
  state.topics = {};
  await all.tryRefresh("T");
  await clock.advance(29_999);
  assertEquals((await all.refresh("T")).readable.length, 3);
  state.topics = { T: told(6) }; // brokers have come back to a name server that restarted
  await all.tryRefresh("T");
  state.topics = {};
  await all.tryRefresh("T");
  await clock.advance(29_999);
  assertEquals((await all.of("T")).readable.length, 3);
  await clock.advance(1);
  await all.tryRefresh("T");
  assertEquals(all.known("T"), undefined);
  await assertRejects(() => all.of("T"), AnswerError);
});

test("keepFresh() asks for every known topic each 30 s and ends with its signal", async () => {
  const { all, state, clock } = routes({ T: told(6), U: told(6) });
  await all.of("T");
  await all.of("U");
  const stop = new AbortController();
  const running = all.keepFresh(stop.signal);
  state.asked.length = 0;
  await clock.advance(29_999);
  assertEquals(state.asked, []);
  await clock.advance(1);
  assertEquals(state.asked, ["T", "U"]);
  stop.abort();
  await running;
  assertEquals(clock.waiting, 0);
});

test("keepFresh() asks for a topic without a master each 5 s, until it has one", async () => {
  const { all, state, clock } = routes({ T: told(6, [1]), U: told(6) });
  await all.of("T");
  await all.of("U");
  const stop = new AbortController();
  const running = all.keepFresh(stop.signal);
  state.asked.length = 0;
  await clock.advance(10_000);
  assertEquals(state.asked, ["T", "T"]);
  (state.topics as Record<string, TopicRoute>).T = told(6);
  await clock.advance(15_000);
  assertEquals(state.asked, ["T", "T", "T"]);
  stop.abort();
  await running;
});

test("addresses() names masters, and slaves when wanted", async () => {
  const { all } = routes({ T: told(6) });
  await all.of("T");
  assertEquals(all.addresses(false), new Set(["10.0.0.0:10911"]));
  assertEquals(all.addresses(true), new Set(["10.0.0.0:10911", "10.0.0.1:10911"]));
});
