import { checkCases } from "./cases.ts";
import { broker, MASTER, namesrv, routeOf, silentBroker, SLAVE, TOPIC } from "./scene.ts";

const second = "10.0.0.2:9876";
const none = { route: undefined, topics: ["orders"] };

checkCases([
  {
    name: "a topic whose brokers do not answer",
    facts: { brokers: [silentBroker(MASTER, "mute"), silentBroker(SLAVE, "mute")] },
    cause: "topic-broker-gone",
    says: '"T" is on a, and none of its brokers answers: a and a-1',
    beside: ["broker-silent", "broker-silent"],
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
]);
