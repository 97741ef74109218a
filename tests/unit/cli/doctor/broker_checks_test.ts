import { checkCases } from "./cases.ts";
import { broker, MASTER, namesrv, routeOf, SLAVE } from "./scene.ts";

checkCases([
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
    name: "a topic whose write permission was taken at the name server alone",
    facts: { namesrvs: [namesrv({ route: routeOf(4) })] },
    cause: "write-perm-wiped",
    says: "the name servers say so, the broker itself does not",
  },
]);
