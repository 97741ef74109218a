import { assertEquals, assertStringIncludes } from "@std/assert";
import { diagnose } from "../../../../src/cli/doctor/checks.ts";
import type { Facts } from "../../../../src/cli/doctor/facts.ts";
import { test } from "../../../harness.ts";
import {
  broker,
  group,
  MASTER,
  namesrv,
  routeOf,
  scene,
  silentBroker,
  SLAVE,
  stateOf,
  statusOf,
  TOPIC,
} from "./scene.ts";

test("diagnose() finds nothing in a cluster that is well", () => {
  assertEquals(diagnose(scene()), []);
  assertEquals(diagnose(scene({ topic: undefined, groups: [] })), []);
});

const second = "10.0.0.2:9876";
const lag = {
  ...{ topic: "T", brokerName: "a", queueId: 0, brokerOffset: 10, consumerOffset: 0 },
  ...{ behind: 10, lastTimestamp: 0 },
};
const member = (clientId: string) => ({ clientAddr: "h:1", clientId, language: "GO", version: 1 });
const java = { status: undefined };
const none = { route: undefined, topics: ["orders"] };

interface Case {
  readonly name: string;
  readonly facts: Partial<Facts>;
  readonly cause: string;
  readonly says: string;
  readonly next?: string;
  /** What else is found with it. */
  readonly beside?: readonly string[];
}

const cases: readonly Case[] = [
  {
    name: "a name server that is not there",
    facts: {
      namesrvs: [
        namesrv(),
        namesrv({ address: second, silence: { kind: "refused", reason: "why" } }),
      ],
    },
    cause: "namesrv-unreachable",
    says: "name server 10.0.0.2:9876 is not there: why",
    next: "pocketmq health -b 10.0.0.2:9876",
  },
  {
    name: "a name server that is stuck",
    facts: { namesrvs: [namesrv(), namesrv({ silence: { kind: "mute", reason: "" } })] },
    cause: "namesrv-silent",
    says: "accepts connections and does not answer",
  },
  {
    name: "another protocol at a name server's port",
    facts: { namesrvs: [namesrv(), namesrv({ silence: { kind: "foreign", reason: "" } })] },
    cause: "namesrv-foreign",
    says: "does not speak RocketMQ's protocol",
  },
  {
    name: "a broker's port taken for a name server's",
    facts: { namesrvs: [namesrv(), namesrv({ isBroker: { namesrvAddr: "n:1" } })] },
    cause: "namesrv-is-broker",
    says: "is a broker, no name server: NAMESRV_ADDR or -n names the wrong port",
    next: "pocketmq doctor -n 'n:1'",
  },
  {
    name: "a slow name server",
    facts: { namesrvs: [namesrv({ tookMs: 1500 })] },
    cause: "namesrv-slow",
    says: "took 1500 ms to answer",
  },
  {
    name: "no broker anywhere",
    facts: { namesrvs: [namesrv({ brokers: [], ...none })], brokers: [], groups: [] },
    cause: "no-broker",
    says: "none was started, or those that run were told other name servers",
    next: "pocketmq --master --namesrvAddr '10.0.0.1:9876'",
  },
  {
    name: "a broker beside the name server that knows another",
    facts: {
      namesrvs: [namesrv({ brokers: [], ...none })],
      brokers: [broker(MASTER, { registered: undefined, settings: { namesrvAddr: "z:1" } })],
    },
    cause: "broker-elsewhere",
    says: "a runs at 10.0.0.5:10911 and was told the name servers z:1",
    next: "pocketmq doctor -n 'z:1'",
  },
  {
    name: "a broker that was told of one name server only",
    facts: {
      namesrvs: [namesrv(), namesrv({ address: second, brokers: [MASTER] })],
      brokers: [broker(MASTER), broker(SLAVE, { settings: { namesrvAddr: "10.0.0.1:9876" } })],
    },
    cause: "broker-missing-at-namesrv",
    says: "was not told of 10.0.0.2:9876 (its namesrvAddr is 10.0.0.1:9876)",
    next: "restart a-1 with --namesrvAddr '10.0.0.1:9876;10.0.0.2:9876'",
  },
  {
    name: "a broker that cannot register at a name server it was told of",
    facts: { namesrvs: [namesrv(), namesrv({ address: second, brokers: [MASTER] })] },
    cause: "broker-missing-at-namesrv",
    says: "though it was told of it",
    next: "pocketmq health --ready -b 10.0.0.6:10911",
  },
  {
    name: "topics that one name server lacks",
    facts: { namesrvs: [namesrv(), namesrv({ address: second, topics: ["T"] })] },
    cause: "topics-differ",
    says: "name server 10.0.0.2:9876 lacks topics that another has: orders",
  },
  {
    name: "two brokers with one name",
    facts: {
      brokers: [
        broker(MASTER),
        broker(SLAVE),
        broker({ ...MASTER, address: "h:9" }, { registered: undefined }),
      ],
    },
    cause: "two-brokers-one-name",
    says: "two brokers are a with brokerId 0, at 10.0.0.5:10911 and h:9",
    beside: ["broker-not-registered"],
  },
  {
    name: "two brokers that take turns at one name",
    facts: { watched: [MASTER, SLAVE, { ...MASTER, address: "h:9" }] },
    cause: "two-brokers-one-name",
    says: "two brokers are a with brokerId 0, at 10.0.0.5:10911 and h:9",
  },
  {
    name: "a broker with access control",
    facts: {
      brokers: [broker(MASTER), broker(SLAVE, { state: undefined, refusal: "code 1, no key" })],
    },
    cause: "access-denied",
    says: "a-1 at 10.0.0.6:10911 refuses to be asked (code 1, no key): access control is on there",
  },
  {
    name: "a group that is switched off",
    facts: { groups: [group({ disabledOn: ["h:1"] })] },
    cause: "group-disabled",
    says: 'group "g" gets nothing from h:1: its consumeEnable is false there',
  },
  {
    name: "a topic whose brokers do not answer",
    facts: { brokers: [silentBroker(MASTER, "mute"), silentBroker(SLAVE, "mute")] },
    cause: "topic-broker-gone",
    says: '"T" is on a, and none of its brokers answers: a and a-1',
    beside: ["broker-silent", "broker-silent"],
  },
  {
    name: "a broker that no name server has, named with -b",
    facts: {
      brokers: [
        broker(MASTER),
        broker(SLAVE),
        broker({ ...MASTER, name: "b" }, { registered: undefined, topic: undefined }),
      ],
    },
    cause: "broker-not-registered",
    says: "b at 10.0.0.5:10911 is registered at none of these name servers",
    next: "pocketmq doctor -n '10.0.0.1:9876;10.0.0.2:9876'",
  },
  {
    name: "a broker that is gone",
    facts: { brokers: [broker(MASTER), silentBroker(SLAVE, "refused")] },
    cause: "broker-unreachable",
    says: "a-1 is gone, or a firewall is between: why",
  },
  {
    name: "a broker that is stuck",
    facts: { brokers: [broker(MASTER), silentBroker(SLAVE, "mute")] },
    cause: "broker-silent",
    says: "a-1 at 10.0.0.6:10911 accepts connections and does not answer",
  },
  {
    name: "a wrong brokerIP1, found out",
    facts: { brokers: [broker(MASTER), silentBroker(SLAVE, "refused", { foundAt: "h:10911" })] },
    cause: "advertised-address",
    says: "it does answer at h:10911: its brokerIP1 is wrong",
    next: "restart a-1 with --brokerIP1 h",
  },
  {
    name: "a loopback address told to everybody",
    facts: {
      brokers: [broker(MASTER), silentBroker({ ...SLAVE, address: "127.0.0.1:1" }, "refused")],
    },
    cause: "advertised-address",
    says: "a loopback address is reached on its own machine only",
  },
  {
    name: "an address inside a container's network",
    facts: {
      brokers: [broker(MASTER), silentBroker({ ...SLAVE, address: "172.18.0.3:1" }, "refused")],
    },
    cause: "advertised-address",
    says: "it looks like an address inside a container's network",
  },
  {
    name: "another program at a broker's address",
    facts: { brokers: [broker(MASTER), silentBroker(SLAVE, "foreign")] },
    cause: "advertised-address",
    says: "does not speak RocketMQ's protocol",
  },
  {
    name: "another broker at a broker's address",
    facts: {
      brokers: [broker(MASTER), broker(SLAVE, { state: stateOf({ ...SLAVE, name: "b" }) })],
    },
    cause: "other-broker-there",
    says:
      "10.0.0.6:10911 is registered as a-1 of cluster C, but b with brokerId 1 of cluster C answers",
  },
  {
    name: "a name server at a broker's address",
    facts: { brokers: [broker(MASTER), broker(SLAVE, { state: undefined, isOther: true })] },
    cause: "other-broker-there",
    says: "is a name server, no broker",
  },
  {
    name: "a closed fast port",
    facts: {
      brokers: [broker(MASTER, { fastPort: { address: "h:9", isOpen: false } }), broker(SLAVE)],
    },
    cause: "fast-port-closed",
    says: "the fast port of a, h:9 (listenPort - 2), cannot be reached",
    next: "open port 9",
  },
  {
    name: "a closed HA port",
    facts: {
      brokers: [broker(MASTER, { haPort: { address: "h:7", isOpen: false } }), broker(SLAVE)],
    },
    cause: "ha-port-closed",
    says: "the HA port of a, h:7, cannot be reached from here",
  },
  {
    name: "slaves without a master",
    facts: { topic: undefined, brokers: [broker(SLAVE)] },
    cause: "no-master",
    says: "a of cluster C has no master, only a-1: nothing can be sent to it",
  },
  {
    name: "a full disk of Java's",
    facts: {
      brokers: [broker(MASTER, { runtime: { commitLogDiskRatio: "0.93" } }), broker(SLAVE)],
    },
    cause: "stores-nothing",
    says: "sends are answered with code 14: its disk is 93 % full",
  },
  {
    name: "a broker of ours that stores nothing",
    facts: { brokers: [broker(MASTER, { runtime: { storeHeld: "no room" } }), broker(SLAVE)] },
    cause: "stores-nothing",
    says: "a stores no messages, sends are answered with code 14: no room",
  },
  {
    name: "a disk that has old messages removed",
    facts: {
      brokers: [broker(MASTER, { runtime: { commitLogDiskRatio: "0.87" } }), broker(SLAVE)],
    },
    cause: "disk-nearly-full",
    says: "the oldest messages are removed before their time",
  },
  {
    name: "a wrong clock",
    facts: { brokers: [broker(MASTER, { skewMs: -180_000 }), broker(SLAVE)] },
    cause: "clock-skew",
    says: "the clock of a is 3 min behind this machine's",
  },
  {
    name: "sends that wait",
    facts: {
      brokers: [
        broker(MASTER, { runtime: { sendThreadPoolQueueHeadWaitTimeMills: "900" } }),
        broker(SLAVE),
      ],
    },
    cause: "broker-busy",
    says: "a lets sends wait for 900 ms: sends are answered with code 2, busy",
  },
  {
    name: "a full queue of sends",
    facts: {
      brokers: [
        broker(MASTER, {
          runtime: { sendThreadPoolQueueSize: "9000", sendThreadPoolQueueCapacity: "10000" },
        }),
        broker(SLAVE),
      ],
    },
    cause: "broker-busy",
    says: "has 9000 of at most 10000 sends waiting",
  },
  {
    name: "a log that is locked for long",
    facts: {
      brokers: [broker(MASTER, { runtime: { pageCacheLockTimeMills: "1500" } }), broker(SLAVE)],
    },
    cause: "broker-busy",
    says: "has its log locked for 1500 ms",
  },
  {
    name: "a 5.x slave of a 4.x master",
    facts: { brokers: [broker(MASTER), broker(SLAVE, { ha: { version: "V5_3_3" } })] },
    cause: "versions-differ",
    says: "a 4.9.7 and a-1 5.3.3",
  },
  {
    name: "a broker that may not be written to",
    facts: { brokers: [broker(MASTER, { settings: { brokerPermission: "4" } }), broker(SLAVE)] },
    cause: "broker-permission",
    says: "nothing on a may be written: its brokerPermission is 4",
  },
  {
    name: "a wiped write permission",
    facts: { namesrvs: [namesrv({ wiped: ["a"], route: routeOf(4) })] },
    cause: "write-perm-wiped",
    says: "wipeWritePerm was done, nobody can send to it",
    next: "pocketmq admin addWritePerm -b a -n 'x'",
  },
  {
    name: "a diverged slave",
    facts: {
      brokers: [
        broker(MASTER),
        broker(SLAVE, { ha: { status: statusOf("DIVERGED", {}, "record differs") } }),
      ],
    },
    cause: "slave-diverged",
    says: "slave a-1 is DIVERGED: record differs",
    next: "pocketmq ha status -b 10.0.0.6:10911",
  },
  {
    name: "a slave on its way",
    facts: {
      brokers: [broker(MASTER), broker(SLAVE, { ha: { status: statusOf("CATCHING_UP") } })],
    },
    cause: "slave-behind",
    says: "slave a-1 is CATCHING_UP",
  },
  {
    name: "a SYNC_MASTER without enough slaves in sync",
    facts: {
      brokers: [
        broker(MASTER, { ha: { status: statusOf("MASTER", { inSyncSlaveNums: 0 }) } }),
        broker(SLAVE),
      ],
    },
    cause: "too-few-slaves",
    says: "answers SLAVE_NOT_AVAILABLE",
  },
  {
    name: "a slave of Java's that stands",
    facts: {
      brokers: [
        broker(MASTER, { ha: { ...java, maxOffset: 900 }, laterMaxOffset: 900 }),
        broker(SLAVE, { ha: { ...java, maxOffset: 100 }, laterMaxOffset: 100 }),
      ],
    },
    cause: "slave-behind",
    says: "slave a-1 is 800 B behind its master and does not move",
  },
  {
    name: "a slave of Java's with another history",
    facts: {
      brokers: [
        broker(MASTER, { ha: { ...java, maxOffset: 100 }, laterMaxOffset: 100 }),
        broker(SLAVE, { ha: { ...java, maxOffset: 900 }, laterMaxOffset: 900 }),
      ],
    },
    cause: "slave-ahead",
    says: "slave a-1 has 800 B of log that its master has not",
  },
  {
    name: "a SYNC_MASTER of Java's alone",
    facts: { brokers: [broker(MASTER, { ha: java })] },
    cause: "too-few-slaves",
    says: "SYNC_MASTER a has no slave that answers",
  },
  {
    name: "a misspelt topic",
    facts: {
      topic: "order",
      namesrvs: [namesrv({ route: undefined })],
      brokers: [broker(MASTER, { topic: undefined }), broker(SLAVE, { topic: undefined })],
    },
    cause: "topic-missing",
    says:
      'no broker has topic "order" (did you mean "orders"?); the first message sent to it makes it',
    next: "pocketmq doctor orders -n 'x'",
  },
  {
    name: "a topic that sending does not make",
    facts: {
      namesrvs: [namesrv(none)],
      brokers: [
        broker(MASTER, { topic: undefined, settings: { autoCreateTopicEnable: "false" } }),
        broker(SLAVE, { topic: undefined }),
      ],
    },
    cause: "auto-create-off",
    says: "sending does not make it, autoCreateTopicEnable is false on a",
    next: "pocketmq topic create T -n 'x'",
  },
  {
    name: "a missing TBW102",
    facts: {
      namesrvs: [namesrv({ ...none, hasDefaultTopic: false })],
      brokers: [broker(MASTER, { topic: undefined }), broker(SLAVE, { topic: undefined })],
    },
    cause: "default-topic-missing",
    says: "no name server has TBW102",
  },
  {
    name: "a topic whose brokers are gone",
    facts: {
      namesrvs: [namesrv({ route: undefined })],
      brokers: [silentBroker(MASTER, "refused"), broker(SLAVE)],
    },
    cause: "topic-broker-gone",
    says: '"T" is known, but every broker that has it is gone; a cannot be reached',
    beside: ["broker-unreachable"],
  },
  {
    name: "a topic that a name server does not know yet",
    facts: { namesrvs: [namesrv(), namesrv({ address: second, route: undefined })] },
    cause: "topic-not-registered",
    says: '"T" is on a, and name server 10.0.0.2:9876 does not know it',
    next: "pocketmq health --ready -b 10.0.0.5:10911",
  },
  {
    name: "a topic of another cluster",
    facts: { cluster: "D" },
    cause: "topic-in-other-cluster",
    says: '"T" is in cluster C, not in D',
  },
  {
    name: "a topic that may not be written",
    facts: {
      namesrvs: [namesrv({ route: routeOf(4) })],
      brokers: [broker(MASTER, { topic: { ...TOPIC, perm: 4 } }), broker(SLAVE)],
    },
    cause: "topic-permission",
    says: '"T" may not be written on a: its permission says so',
    next: "pocketmq topic perm T RW -n 'x'",
  },
  {
    name: "a topic whose write permission was taken at the name server alone",
    facts: { namesrvs: [namesrv({ route: routeOf(4) })] },
    cause: "write-perm-wiped",
    says: "the name servers say so, the broker itself does not",
  },
  {
    name: "a topic without queues",
    facts: {
      namesrvs: [namesrv({ route: routeOf(6, 0) })],
      brokers: [
        broker(MASTER, { topic: { ...TOPIC, readQueueNums: 0, writeQueueNums: 0 } }),
        broker(SLAVE),
      ],
    },
    cause: "topic-permission",
    says: "may not be written or read on a: it has no queues for that",
  },
  {
    name: "a group with nobody in it",
    facts: { groups: [group({ online: undefined, lags: [lag], subscribed: new Map() })] },
    cause: "group-empty",
    says: 'nobody is in group "g", 10 messages of "T" before it',
  },
  {
    name: "a group that lags by messages",
    facts: { groups: [group({ lags: [{ ...lag, behind: 5000 }] })] },
    cause: "group-lags",
    says: 'group "g" is 5000 messages of "T" behind',
  },
  {
    name: "a group that lags by time",
    facts: { groups: [group({ lags: [{ ...lag, behind: 2, lastTimestamp: 880_000 }] })] },
    cause: "group-lags",
    says: "what it consumed last was stored 2 min ago",
  },
  {
    name: "members that want different things",
    facts: {
      groups: [group({ subscribed: new Map([["c1", "A"], ["c2", "B"], ["c3", undefined]]) })],
    },
    cause: "subscriptions-differ",
    says: 'c1 "A", c2 "B" and c3 not at all',
  },
  {
    name: "more members than queues",
    facts: {
      groups: [
        group({
          online: {
            ...group().online!,
            connections: ["1", "2", "3", "4", "5", "6"].map(member),
          },
        }),
      ],
    },
    cause: "members-idle",
    says: 'group "g" has 6 members and "T" 4 queues: 2 get nothing',
  },
  {
    name: "dead letters",
    facts: { groups: [group({ deadLetters: 3 })] },
    cause: "dead-letters",
    says: "%DLQ%g holds 3 messages",
    next: "pocketmq consume '%DLQ%g' --from first -n 'x'",
  },
];

for (const { name, facts, cause, says, next, beside = [] } of cases) {
  test(`diagnose() names the cause: ${name}`, () => {
    const found = diagnose(scene(facts));
    assertEquals(found.map((one) => one.cause).sort(), [cause, ...beside].sort());
    const [finding] = found.filter((one) => one.cause === cause);
    assertStringIncludes(finding.text, says);
    if (next !== undefined) {
      assertEquals(finding.next.includes(next), true, finding.next.join("\n"));
    }
  });
}

test("what is no fault is a note, and comes last", () => {
  const alone = { ...MASTER, name: "b", address: "10.0.0.7:10911" };
  const async = { ha: { role: "ASYNC_MASTER" }, topic: undefined };
  const found = diagnose(scene({
    namesrvs: [namesrv({ brokers: [MASTER, SLAVE, alone], tookMs: 2000 })],
    brokers: [broker(MASTER), broker(SLAVE), broker(alone, async)],
    groups: [group({ online: undefined, lags: [{ ...lag, behind: 0 }] })],
  }));
  assertEquals(found.map(({ level, cause }) => `${level} ${cause}`), [
    "wrong namesrv-slow",
    "note no-slave",
    "note topic-not-everywhere",
    "note group-empty",
  ]);
});

test("a broker that lost all permission at a name server is said once, not for each topic, too", () => {
  const found = diagnose(scene({ namesrvs: [namesrv({ wiped: ["a"], route: routeOf(4) })] }));
  assertEquals(found.length, 1);
});

test("a name server that lacks a broker lacks its topics, which is not said again", () => {
  const lacking = namesrv({ address: second, brokers: [SLAVE], topics: [] });
  const found = diagnose(scene({ namesrvs: [namesrv(), lacking] }));
  assertEquals(found.map(({ cause }) => cause), ["broker-missing-at-namesrv"]);
});

test("members of a broadcasting group keep their own offsets", () => {
  const online = { ...group().online!, messageModel: "BROADCASTING" };
  assertEquals(
    diagnose(scene({ groups: [group({ online, lags: [{ ...lag, behind: 9999 }] })] })),
    [],
  );
});
