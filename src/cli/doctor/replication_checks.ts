import { judge } from "../ha_health.ts";
import { bytesText } from "../units.ts";
import type { Cause } from "./causes.ts";
import { type BrokerFacts, type Check, type Finding, isMaster, nameOf, wrong } from "./facts.ts";

/** Source: MessageStoreConfig.haSlaveFallbehindMax. */
const FALL_BEHIND_BYTES = 256 * 1024 * 1024;

/** States in which a slave waits for somebody to decide. */
const STOPPED: Readonly<Record<string, Cause>> = {
  AHEAD: "slave-ahead",
  PURGED: "slave-purged",
  DIVERGED: "slave-diverged",
  WRONG_FILE_SIZE: "slave-wrong-file-size",
};

/** What ha status judges: brokers that tell how their replication is. */
export const replicationTold: Check = ({ brokers, now }) =>
  brokers.flatMap((broker) => {
    const { address, state } = broker;
    if (state?.ha.status === undefined) return [];
    const { health, notes } = judge({ address, ha: state.ha }, now);
    if (health === "ok") return [];
    const { ha } = state;
    const master = ha.status!.master;
    const how = ha.status!.pocketmq?.state ?? "behind";
    const why = notes.length > 0 ? `: ${notes.join("; ")}` : "";
    const look = `pocketmq ha status -b ${address}`;
    if (master && notes.length === 0) return slavesBehind(broker, look);
    if (master) {
      const cause = health === "refused" ? "slave-refused" : "too-few-slaves";
      return [wrong(cause, address, `${nameOf(broker)}${why}`, look)];
    }
    const cause = STOPPED[how] ?? "slave-behind";
    const next = how === "DIVERGED" ? [look, `pocketmq ha resync -b ${address}`] : [look];
    return [wrong(cause, address, `slave ${nameOf(broker)} is ${how}${why}`, ...next)];
  });

/** A master has enough in sync, and one more that is not. */
function slavesBehind(broker: BrokerFacts, look: string): Finding[] {
  return broker.state!.ha.status!.haConnectionInfo.filter(({ inSync }) => !inSync).map((slave) => {
    const text = `a slave at ${slave.addr} is not in sync with ${nameOf(broker)}, ${
      bytesText(slave.diff)
    } behind`;
    return wrong("slave-behind", broker.address, text, look);
  });
}

/** RocketMQ before 5.0 tells nothing: where the logs of master and slave end says it. */
export const replicationByOffsets: Check = ({ brokers }) =>
  brokers.flatMap((slave) => {
    const { registered, state, address } = slave;
    if (!registered || registered.id === 0 || !state || state.ha.status !== undefined) return [];
    const master = brokers.find(({ registered: other }) =>
      other?.id === 0 && other.name === registered.name && other.cluster === registered.cluster
    );
    if (master?.state === undefined) return [];
    const [ends, later] = [endsOf(master), endsOf(slave)];
    const max = Number(master.state.settings.get("haSlaveFallbehindMax")) || FALL_BEHIND_BYTES;
    const look = `pocketmq ha status -b ${address}`;
    const who = nameOf(slave);
    if (later.first > ends.last && later.last > ends.last) {
      const text =
        `slave ${who} has ${
          bytesText(later.last - ends.last)
        } of log that its master has not: another history, ` +
        "it will never follow again and says nothing";
      const next = "stop that slave, move its store aside, start it with an empty one";
      return [wrong("slave-ahead", address, text, next)];
    }
    const behind = ends.first - later.last;
    const stands = later.first === later.last;
    if (behind > max || (behind > 0 && stands)) {
      const pace = stands
        ? "and does not move: it is not connected, or cannot follow"
        : "and copies";
      const text = `slave ${who} is ${bytesText(behind)} behind its master ${pace}`;
      return [wrong("slave-behind", address, text, look, `pocketmq broker status -b ${address}`)];
    }
    return [];
  });

function endsOf({ state, laterMaxOffset }: BrokerFacts): { first: number; last: number } {
  const first = state!.ha.maxOffset;
  return { first, last: laterMaxOffset ?? first };
}

/** A SYNC_MASTER of Java's without a slave: it tells nothing of those that are connected. */
export const syncMasterHasSlave: Check = ({ brokers }) =>
  brokers.flatMap((broker) => {
    const { state, registered, address } = broker;
    if (
      !isMaster(broker) || state?.ha.role !== "SYNC_MASTER" || state.ha.status !== undefined
    ) return [];
    const slaves = brokers.filter((other) =>
      other.registered?.name === registered?.name && (other.registered?.id ?? 0) > 0 &&
      !other.silence
    );
    if (slaves.length > 0) return [];
    const text = `SYNC_MASTER ${
      nameOf(broker)
    } has no slave that answers: it stores what is sent and answers SLAVE_NOT_AVAILABLE`;
    return [wrong("too-few-slaves", address, text, `pocketmq ha status -b ${address}`)];
  });
