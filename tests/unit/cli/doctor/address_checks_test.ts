import { checkCases } from "./cases.ts";
import { broker, MASTER, silentBroker, SLAVE, stateOf } from "./scene.ts";

checkCases([
  {
    name: "a broker with access control",
    facts: {
      brokers: [broker(MASTER), broker(SLAVE, { state: undefined, refusal: "code 1, no key" })],
    },
    cause: "access-denied",
    says: "a-1 at 10.0.0.6:10911 refuses to be asked (code 1, no key): access control is on there",
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
]);
