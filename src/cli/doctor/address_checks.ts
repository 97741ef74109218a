import { parseAddress } from "../../wire/host_address.ts";
import {
  type BrokerFacts,
  type Check,
  type Facts,
  type Finding,
  isMaster,
  nameOf,
  wrong,
} from "./facts.ts";

/** What an address says of who can reach it. */
export type Reach = "loopback" | "container" | "private" | "public" | "name";

/** @see Reach */
export function reachOf(address: string): Reach {
  const host = parseAddress(address)?.host ?? "";
  if (host === "localhost" || host === "::1" || host.startsWith("127.")) return "loopback";
  if (!/^\d+(\.\d+){3}$/.test(host)) return "name";
  const [a, b] = host.split(".").map(Number);
  if (a === 172 && b >= 17 && b <= 31) return "container"; // what Docker gives its networks
  if (a === 10 || (a === 192 && b === 168) || (a === 172 && b === 16)) return "private";
  return "public";
}

/** Each broker must answer at the address it tells clients. */
export const brokersAnswer: Check = (facts) =>
  facts.brokers.flatMap((broker) => broker.silence ? [silent(broker, facts)] : wrongNode(broker));

function silent(broker: BrokerFacts, facts: Facts): Finding {
  const { address, silence, foundAt, registered } = broker;
  const who = nameOf(broker);
  const health = `pocketmq health -b ${address}`;
  if (registered === undefined) {
    return wrong(
      "broker-unreachable",
      address,
      `no broker answers: ${silence!.reason}`,
      health,
    );
  }
  if (foundAt !== undefined) {
    const host = foundAt.slice(0, foundAt.lastIndexOf(":"));
    const text =
      `${who} tells clients ${address}, where it cannot be reached; it does answer at ${foundAt}: ` +
      "its brokerIP1 is wrong";
    return wrong("advertised-address", address, text, `restart ${who} with --brokerIP1 ${host}`);
  }
  if (silence!.kind === "mute") {
    const text =
      `${who} at ${address} accepts connections and does not answer: it is stuck or stopped`;
    return wrong("broker-silent", address, text, `${health} --timeout 20`);
  }
  if (silence!.kind === "foreign") {
    const text =
      `what listens at ${address}, the address of ${who}, does not speak RocketMQ's protocol`;
    return wrong(
      "advertised-address",
      address,
      text,
      `pocketmq broker config -b ${address} brokerIP1`,
    );
  }
  const doubt = doubtOf(address, facts);
  if (doubt !== undefined) {
    const text = `${who} tells clients ${address}, which cannot be reached from here: ${doubt}`;
    const next = `restart ${who} with --brokerIP1 and an address that clients reach`;
    return wrong("advertised-address", address, text, next);
  }
  const text = `${who} is gone, or a firewall is between: ${silence!.reason}`;
  return wrong("broker-unreachable", address, text, health);
}

/** Why an address is one that cannot work from elsewhere; the name servers' addresses do work. */
function doubtOf(address: string, { namesrvs }: Facts): string | undefined {
  const ours = new Set(namesrvs.map((namesrv) => reachOf(namesrv.address)));
  const its = reachOf(address);
  if (ours.has(its)) return undefined;
  if (its === "loopback") return "a loopback address is reached on its own machine only";
  if (its === "container") return "it looks like an address inside a container's network";
  return its === "private" ? "it is an address of another private network" : undefined;
}

/** Somebody answers, and is not who the name servers say. */
function wrongNode(broker: BrokerFacts): Finding[] {
  const { address, registered, state, isOther, refusal } = broker;
  if (refusal !== undefined) {
    const text =
      `${
        nameOf(broker)
      } at ${address} refuses to be asked (${refusal}): access control is on there, and this program ` +
      "signs no requests";
    return [
      wrong("access-denied", address, text, "ask with mqadmin and an accessKey of that broker"),
    ];
  }
  if (registered === undefined) {
    return isOther
      ? [wrong("not-a-broker", address, `${address} is a name server, no broker`)]
      : [];
  }
  const who = nameOf(broker);
  if (isOther) {
    const text = `what answers at ${address}, the address of ${who}, is a name server, no broker`;
    return [wrong("other-broker-there", address, text, `pocketmq namesrv list -n ${address}`)];
  }
  if (state === undefined || state.ha.name === "") return [];
  const { ha, settings } = state;
  const cluster = settings.get("brokerClusterName") ?? registered.cluster;
  const same = ha.name === registered.name && ha.id === registered.id &&
    cluster === registered.cluster;
  if (same) return [];
  const text =
    `${address} is registered as ${who} of cluster ${registered.cluster}, but ${ha.name} with brokerId ` +
    `${ha.id} of cluster ${cluster} answers there: two brokers tell one address, or a port leads to the wrong one`;
  const next = `pocketmq broker config -b ${address}`;
  return [wrong("other-broker-there", address, text, next)];
}

/** Ports beside the one for clients, where that one answers. */
export const portsOpen: Check = ({ brokers }) =>
  brokers.flatMap((broker) => {
    const { address, fastPort, haPort, state } = broker;
    if (state === undefined) return [];
    const found: Finding[] = [];
    const who = nameOf(broker);
    const hasSlaves = brokers.some((other) =>
      other.registered?.name === broker.registered?.name && (other.registered?.id ?? 0) > 0
    );
    if (fastPort?.isOpen === false) {
      const text =
        `the fast port of ${who}, ${fastPort.address} (listenPort - 2), cannot be reached: Java slaves copy ` +
        "topics and offsets through it, clients with vipChannelEnabled send there";
      found.push(wrong("fast-port-closed", address, text, `open port ${portOf(fastPort.address)}`));
    }
    if (haPort?.isOpen === false && isMaster(broker) && hasSlaves) {
      const text =
        `the HA port of ${who}, ${haPort.address}, cannot be reached from here: slaves that cannot either do not copy`;
      found.push(wrong("ha-port-closed", address, text, `open port ${portOf(haPort.address)}`));
    }
    return found;
  });

function portOf(address: string): string {
  return address.slice(address.lastIndexOf(":") + 1);
}
