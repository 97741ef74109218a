import { assert, assertEquals } from "@std/assert";
import { silentLog } from "../../../src/base/log.ts";
import { type ClientPeer, Clients, SILENT_MS } from "../../../src/broker/clients.ts";
import type { Request } from "../../../src/wire/command.ts";
import type { ConsumerData, Heartbeat, Subscription } from "../../../src/wire/heartbeat.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";

const INFO = { language: "JAVA", version: 407 };

/** A connection that keeps what it is told. */
class FakePeer implements ClientPeer {
  readonly remote = { host: "127.0.0.1", port: 40000 };
  readonly told: Request[] = [];
  closes = 0;
  tell(request: Request): void {
    this.told.push(request);
  }
  call(): Promise<never> {
    return Promise.reject(new Error("nobody asks it"));
  }
  drained(): Promise<void> {
    return Promise.resolve();
  }
  close(): void {
    this.closes++;
  }
  /** Groups of the notices since the last look. */
  notices(): (string | undefined)[] {
    return this.told.splice(0).map(({ code, ext }) => code === 40 ? ext?.consumerGroup : `${code}`);
  }
}

function subscription(
  topic: string,
  subVersion = 1,
  more: Partial<Subscription> = {},
): Subscription {
  return {
    topic,
    subString: "*",
    codes: new Set(),
    tags: [],
    subVersion,
    expressionType: "TAG",
    classFilterMode: false,
    ...more,
  };
}

function consumer(
  groupName: string,
  subscriptions: Subscription[],
  messageModel = "CLUSTERING",
): ConsumerData {
  return {
    groupName,
    consumeType: "CONSUME_PASSIVELY",
    messageModel,
    consumeFromWhere: "CONSUME_FROM_LAST_OFFSET",
    unitMode: false,
    subscriptions,
  };
}

function beat(
  clientId: string,
  consumers: ConsumerData[],
  producerGroups: string[] = [],
): Heartbeat {
  return { clientId, producerGroups, consumers };
}

function registry(notifies: (group: string) => boolean = () => true) {
  const clock = new VirtualClock();
  return { clients: new Clients({ clock, log: silentLog, notifies }), clock };
}

test("heartbeat() registers a client in its groups, unregister() and closed() take it out", () => {
  const { clients } = registry();
  const [a, b] = [new FakePeer(), new FakePeer()];
  clients.heartbeat(beat("a", [consumer("g", [subscription("T")])], ["p"]), a, INFO);
  clients.heartbeat(beat("b", [consumer("g", [subscription("T")])], ["p", "q"]), b, INFO);
  assertEquals(clients.consumerIds("g"), ["a", "b"]);
  assertEquals([clients.producers("p")?.size, clients.producers("q")?.size], [2, 1]);
  clients.unregister(b, "p", undefined);
  clients.unregister(b, undefined, "g");
  assertEquals([clients.consumerIds("g"), clients.producers("p")?.size], [["a"], 1]);
  clients.closed(a);
  clients.closed(b);
  clients.closed(b);
  assertEquals([clients.consumerIds("g"), clients.consumerGroup("g")], [undefined, undefined]);
  assertEquals([clients.producers("p"), clients.producers("q")], [undefined, undefined]);
});

test("one client id on two connections is two members", () => {
  const { clients } = registry();
  const [a, b] = [new FakePeer(), new FakePeer()];
  for (const peer of [a, b]) {
    clients.heartbeat(beat("x", [consumer("g", [subscription("T")])]), peer, INFO);
  }
  assertEquals(clients.consumerIds("g"), ["x", "x"]);
  clients.closed(a);
  assertEquals(clients.consumerIds("g"), ["x"]);
});

test("all members hear when one joins, leaves, or the topics change, and only then", async () => {
  const { clients, clock } = registry();
  const [a, b] = [new FakePeer(), new FakePeer()];
  const heard = async () => {
    await clock.settle();
    return [a.notices(), b.notices()];
  };
  const says = (peer: FakePeer, ...topics: [string, number][]) =>
    clients.heartbeat(
      beat("c", [consumer("g", topics.map(([topic, version]) => subscription(topic, version)))]),
      peer,
      INFO,
    );
  says(a, ["T", 1]);
  assertEquals(await heard(), [["g"], []]);
  says(b, ["T", 1]);
  assertEquals(await heard(), [["g"], ["g"]]);
  says(a, ["T", 1]);
  says(b, ["T", 2]); // another expression, the same topics
  assertEquals(await heard(), [[], []]);
  says(a, ["T", 2], ["U", 1]);
  assertEquals(await heard(), [["g"], ["g"]]);
  says(b, ["T", 2]);
  assertEquals(await heard(), [["g"], ["g"]]);
  clients.closed(a);
  assertEquals(await heard(), [[], ["g"]]);
  clients.unregister(b, undefined, "g");
  assertEquals(await heard(), [[], []]);
});

test("a turn in which many join gives each of them one notice", async () => {
  const { clients, clock } = registry();
  const peers = Array.from({ length: 50 }, () => new FakePeer());
  for (const peer of peers) {
    clients.heartbeat(beat("c", [consumer("g", [subscription("T")])]), peer, INFO);
  }
  await clock.settle();
  assert(peers.every((peer) => peer.notices().length === 1));
});

test("groups that want no notices get none", async () => {
  const { clients, clock } = registry((group) => group !== "quiet");
  const peer = new FakePeer();
  const both = [consumer("quiet", [subscription("T")]), consumer("g", [subscription("T")])];
  clients.heartbeat(beat("c", both), peer, INFO);
  await clock.settle();
  assertEquals(peer.notices(), ["g"]);
});

test("producers get no notices", async () => {
  const { clients, clock } = registry();
  const [a, b] = [new FakePeer(), new FakePeer()];
  for (const peer of [a, b]) clients.heartbeat(beat("c", [], ["p"]), peer, INFO);
  clients.closed(a);
  await clock.settle();
  assertEquals(b.told, []);
});

test("a subscription gives way to a newer one, not to an older, and goes when it is not named", () => {
  const { clients } = registry();
  const peer = new FakePeer();
  const says = (...told: Subscription[]) =>
    clients.heartbeat(beat("c", [consumer("g", told)]), peer, INFO);
  const of = (topic: string) => clients.consumerGroup("g")?.subscriptions.get(topic)?.subString;
  says(subscription("T", 5, { subString: "a" }));
  says(subscription("T", 4, { subString: "old" }));
  assertEquals(of("T"), "a");
  says(subscription("T", 6, { subString: "b" }), subscription("U"));
  assertEquals([of("T"), of("U")], ["b", "*"]);
  says(subscription("U"));
  assertEquals([of("T"), of("U")], [undefined, "*"]);
});

test("a client that says nothing for 120 s is taken out and its connection closed", async () => {
  const { clients, clock } = registry();
  const [silent, alive] = [new FakePeer(), new FakePeer()];
  const heartbeat = beat("c", [consumer("g", [subscription("T")])], ["p"]);
  clients.heartbeat(heartbeat, silent, INFO);
  clients.heartbeat(heartbeat, alive, INFO);
  await clock.advance(30_000);
  alive.notices();
  for (let ms = 30_000; ms < SILENT_MS; ms += 30_000) {
    clients.heartbeat(heartbeat, alive, INFO);
    await clock.advance(30_000);
  }
  assertEquals(clients.consumerIds("g")?.length, 2);
  await clock.advance(10_000);
  assertEquals([clients.consumerIds("g")?.length, clients.producers("p")?.size], [1, 1]);
  assertEquals([silent.closes, alive.closes], [1, 0]);
  assertEquals(alive.notices(), ["g"]);
});

test("a connection with a silent and a live group stays open", async () => {
  const { clients, clock } = registry();
  const peer = new FakePeer();
  clients.heartbeat(beat("c", [consumer("left", [])], ["p"]), peer, INFO);
  for (let ms = 0; ms <= SILENT_MS; ms += 30_000) {
    clients.heartbeat(beat("c", [], ["p"]), peer, INFO);
    await clock.advance(30_000);
  }
  assertEquals([clients.consumerIds("left"), clients.producers("p")?.size], [undefined, 1]);
  assertEquals(peer.closes, 0);
});

test("producer() finds a client that produces by its id, on the connection it spoke on last", () => {
  const { clients } = registry();
  const [a, b] = [new FakePeer(), new FakePeer()];
  clients.heartbeat(beat("x", [consumer("g", [subscription("T")])]), a, INFO);
  assertEquals(clients.producer("x"), undefined, "it only consumes");
  clients.heartbeat(beat("x", [], ["p", "q"]), a, INFO);
  clients.heartbeat(beat("x", [], ["p"]), b, INFO);
  assertEquals(clients.producer("x"), b);
  clients.closed(a);
  assertEquals(clients.producer("x"), b, "the older connection takes nothing with it");
  clients.unregister(b, "p");
  assertEquals(clients.producer("x"), undefined);
  clients.heartbeat(beat("x", [], ["p", "q"]), a, INFO);
  clients.unregister(a, "p");
  assertEquals(clients.producer("x"), a, "it still produces for another group");
  clients.closed(a);
  assertEquals(clients.producer("x"), undefined);
});

test("one connection cannot fill the registry with groups", () => {
  const { clients } = registry();
  const peer = new FakePeer();
  const groups = (from: number) => Array.from({ length: 2048 }, (_, i) => `p${from + i}`);
  assert(clients.heartbeat(beat("c", [], groups(0)), peer, INFO));
  assert(clients.heartbeat(beat("c", [], groups(2048)), peer, INFO));
  assert(clients.heartbeat(beat("c", [], groups(0)), peer, INFO));
  assert(!clients.heartbeat(beat("c", [consumer("one more", [])], []), peer, INFO));
  assertEquals(clients.consumerIds("one more"), undefined);
});

test("close() leaves no timer and tells nobody", async () => {
  const { clients, clock } = registry();
  const peer = new FakePeer();
  clients.heartbeat(beat("c", [consumer("g", [subscription("T")])]), peer, INFO);
  clients.close();
  await clock.settle();
  assertEquals([peer.told, clock.waiting], [[], 0]);
});
