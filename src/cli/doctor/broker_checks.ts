import { diskState } from "../../admin/disk_state.ts";
import { durationText } from "../units.ts";
import {
  answering,
  type BrokerFacts,
  type Check,
  type Finding,
  isMaster,
  listOf,
  nameOf,
  note,
  shellWord,
  wrong,
} from "./facts.ts";

/** Runtime information tells whole seconds, and took a moment to come. */
const SKEW_MS = 5_000;
/** Java answers sends that waited longer with code 2. Source: BrokerConfig.waitTimeMillsInSendQueue. */
const WAIT_MS = 200;
/** And sends while its log was locked for longer. Source: MessageStoreConfig.osPageCacheBusyTimeOutMills. */
const LOCKED_MS = 1_000;
const FULL_QUEUE = 0.8;

/** Disks that are full, or nearly. */
export const disksHaveRoom: Check = ({ brokers }) =>
  brokers.flatMap((broker) => {
    const { address, state } = broker;
    if (state === undefined) return [];
    const { refuses, removes } = diskState(state.runtime, state.settings);
    const who = nameOf(broker);
    const room = [
      `make room on the disk of ${who}`,
      `pocketmq admin updateBrokerConfig -b ${address} -k fileReservedTime -v 24`,
    ];
    if (refuses !== undefined && isMaster(broker)) {
      const text = `${who} stores no messages, sends are answered with code 14: ${refuses}`;
      return [wrong("stores-nothing", address, text, ...room)];
    }
    return removes === undefined
      ? []
      : [wrong("disk-nearly-full", address, `${who}: ${removes}`, ...room)];
  });

/** Clocks that differ: delays, expiry and searches by time are off. */
export const clocksAgree: Check = ({ brokers }) =>
  brokers.flatMap((broker) => {
    const { address, skewMs } = broker;
    if (skewMs === undefined || Math.abs(skewMs) < SKEW_MS) return [];
    const way = skewMs > 0 ? "ahead of" : "behind";
    const text =
      `the clock of ${nameOf(broker)} is ${
        durationText(Math.abs(skewMs))
      } ${way} this machine's: delayed ` +
      "messages, their expiry and searches by time are off by as much";
    return [wrong("clock-skew", address, text, "timedatectl status, on both machines")];
  });

/** Brokers that answer sends with "busy". */
export const brokersKeepUp: Check = ({ brokers }) => brokers.flatMap(busy);

function busy(broker: BrokerFacts): Finding[] {
  const { address, state } = broker;
  const number = (key: string) => parseFloat(state?.runtime.get(key) ?? "") || 0;
  const found: Finding[] = [];
  const say = (what: string) =>
    found.push(
      wrong(
        "broker-busy",
        address,
        `${nameOf(broker)} ${what}: sends are answered with code 2, busy`,
        `pocketmq broker status -b ${address}`,
      ),
    );
  const waitMs = number("sendThreadPoolQueueHeadWaitTimeMills");
  const limitMs = parseFloat(state?.settings.get("waitTimeMillsInSendQueue") ?? "") || WAIT_MS;
  if (waitMs > limitMs) say(`lets sends wait for ${waitMs} ms`);
  const [size, room] = [number("sendThreadPoolQueueSize"), number("sendThreadPoolQueueCapacity")];
  if (room > 0 && size >= FULL_QUEUE * room) say(`has ${size} of at most ${room} sends waiting`);
  const lockedMs = number("pageCacheLockTimeMills");
  if (lockedMs > LOCKED_MS) say(`has its log locked for ${lockedMs} ms, the disk is too slow`);
  return found;
}

/** Versions of brokers that share a name. */
export const versionsFit: Check = ({ brokers }) => {
  const groups = new Map<string, Map<string, string>>();
  for (const broker of brokers) {
    const version = broker.state?.ha.version ?? "";
    if (version === "" || broker.registered === undefined) continue;
    const { cluster, name } = broker.registered;
    const key = JSON.stringify([cluster, name]);
    const versions = groups.get(key) ?? new Map<string, string>();
    groups.set(key, versions.set(nameOf(broker), version.replace(/^V/, "").replaceAll("_", ".")));
  }
  return [...groups.values()].flatMap((versions) => {
    const majors = new Set([...versions.values()].map((version) => version.split(".")[0]));
    if (majors.size < 2) return [];
    const text = `brokers of one name run versions that do not fit: ${
      listOf([...versions].map(([name, version]) => `${name} ${version}`))
    }; between 4.x and 5.x the forms of some files and answers differ`;
    return [wrong("versions-differ", [...versions.keys()][0], text, "pocketmq cluster list")];
  });
};

/** Permission taken from a whole broker: by a setting, or by wipeWritePerm at the name servers. */
export const brokersMayBeUsed: Check = (facts) =>
  facts.brokers.flatMap((broker) => {
    const { address, state, registered } = broker;
    if (state === undefined || registered === undefined || !isMaster(broker)) return [];
    const perm = Number(state.settings.get("brokerPermission") ?? 6);
    const who = nameOf(broker);
    if ((perm & 6) !== 6) {
      const lacks = [...(perm & 4 ? [] : ["read"]), ...(perm & 2 ? [] : ["written"])].join(" or ");
      const text = `nothing on ${who} may be ${lacks}: its brokerPermission is ${perm}`;
      const set = `pocketmq admin updateBrokerConfig -b ${address} -k brokerPermission -v 6`;
      return [wrong("broker-permission", address, text, set)];
    }
    const at = answering(facts).filter(({ wiped }) => wiped.includes(registered.name));
    if (at.length === 0) return [];
    const text = `name server ${
      listOf(at.map((one) => one.address))
    } gives no write permission for any topic on ${who}: ` +
      "wipeWritePerm was done, nobody can send to it";
    return [
      wrong(
        "write-perm-wiped",
        address,
        text,
        `pocketmq admin addWritePerm -b ${shellWord(who)}${facts.dashN}`,
      ),
    ];
  });

/** Groups of brokers of one name: each needs a master. */
export const groupsAreWhole: Check = (facts) => {
  const groups = new Map<string, BrokerFacts[]>();
  for (const broker of facts.brokers) {
    if (broker.registered === undefined) continue;
    const { cluster, name } = broker.registered;
    const key = JSON.stringify([cluster, name]);
    groups.set(key, [...groups.get(key) ?? [], broker]);
  }
  return [...groups.values()].flatMap((brokers) => {
    const [{ address, registered }] = brokers;
    const { name, cluster } = registered!;
    if (!brokers.some(isMaster)) {
      const text =
        `${name} of cluster ${cluster} has no master, only ${
          listOf(brokers.map(nameOf))
        }: nothing can be ` +
        "sent to it, what is stored can be read";
      return [wrong("no-master", name, text, `pocketmq ha status -b ${address}`)];
    }
    if (brokers.length > 1 || brokers[0].state?.ha.role === "SYNC_MASTER") return []; // see replication
    const text = `${name} has no slave: its messages are in one place only`;
    return [note("no-slave", address, text)];
  });
};
