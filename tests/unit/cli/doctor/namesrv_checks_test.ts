import { checkCases } from "./cases.ts";
import { broker, MASTER, namesrv, SLAVE } from "./scene.ts";

const second = "10.0.0.2:9876";
const none = { route: undefined, topics: ["orders"] };

checkCases([
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
]);
