import { checkCases } from "./cases.ts";
import { broker, MASTER, SLAVE, statusOf } from "./scene.ts";

const java = { status: undefined };

checkCases([
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
]);
