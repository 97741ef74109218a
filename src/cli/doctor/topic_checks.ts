import { kindOf } from "../../admin/topics.ts";
import { nearest } from "../../base/nearest.ts";
import type { Cause } from "./causes.ts";
import {
  answering,
  type BrokerFacts,
  type Check,
  type Facts,
  type Finding,
  isMaster,
  listOf,
  nameOf,
  type NamesrvFacts,
  note,
  shellWord,
  wrong,
} from "./facts.ts";

const READ = 4;
const WRITE = 2;

/** Why clients hear "No route info of this topic", one cause each. */
export const topicIsRouted: Check = (facts) => {
  const { topic } = facts;
  const told = answering(facts);
  if (topic === undefined || told.every(({ brokers }) => brokers.length === 0)) return [];
  const holders = facts.brokers.filter((broker) => broker.topic !== undefined && isMaster(broker));
  const without = told.filter(({ route }) => route === undefined);
  if (without.length === 0) {
    return [
      ...otherCluster(facts, topic),
      ...unanswered(topic, told, facts),
      ...lacking(facts, topic, holders),
    ];
  }
  if (holders.length > 0) return [notRegistered(topic, holders, without, facts)];
  const listed = told.filter(({ topics }) => topics.includes(topic));
  const routed = told.some(({ route }) => route !== undefined);
  return listed.length > 0 || routed ? [holdersGone(topic, facts)] : [nowhere(topic, facts)];
};

/** It has a route, and nobody on it answers. */
function unanswered(topic: string, told: readonly NamesrvFacts[], facts: Facts): Finding[] {
  const names = new Set(
    told.flatMap(({ route }) => route!.queues.map(({ brokerName }) => brokerName)),
  );
  const on = facts.brokers.filter(({ registered }) => names.has(registered?.name ?? ""));
  if (on.length === 0 || on.some(({ silence }) => silence === undefined)) return [];
  const text = `"${topic}" is on ${listOf([...names])}, and none of its brokers answers: ${
    listOf(on.map(nameOf))
  }`;
  return [wrong("topic-broker-gone", topic, text, `pocketmq cluster list${facts.dashN}`)];
}

/** It is on a broker, and a name server does not say so. */
function notRegistered(
  topic: string,
  holders: readonly BrokerFacts[],
  without: readonly NamesrvFacts[],
  { dashN }: Facts,
): Finding {
  const names = without.map(({ address }) => address);
  const [{ address }] = holders;
  const text =
    `"${topic}" is on ${listOf(holders.map(nameOf))}, and name server ${
      listOf(names)
    } does not know it: the ` +
    'broker has not registered it yet, or registers elsewhere; clients that ask there hear "No route info of this topic"';
  return wrong(
    "topic-not-registered",
    topic,
    text,
    `pocketmq health --ready -b ${address}`,
    `pocketmq broker config -b ${address} namesrvAddr`,
    `pocketmq namesrv list${dashN}`,
  );
}

/** The name servers remember it, and nobody who answers has it. */
function holdersGone(topic: string, facts: Facts): Finding {
  const gone = facts.brokers.filter(({ silence }) => silence !== undefined).map(nameOf);
  const who = gone.length > 0 ? `; ${listOf(gone)} cannot be reached` : "";
  const text = `"${topic}" is known, but every broker that has it is gone${who}`;
  return wrong("topic-broker-gone", topic, text, `pocketmq cluster list${facts.dashN}`);
}

/** It is nowhere: misspelt, or never made, and then it matters whether sending would make it. */
function nowhere(topic: string, facts: Facts): Finding {
  const known = new Set(answering(facts).flatMap(({ topics }) => topics));
  for (const broker of facts.brokers) known.add(broker.registered?.name ?? "");
  const users = [...known].filter((name) => kindOf(name, new Set()) === "user");
  const meant = nearest(topic, users);
  const hint = meant === undefined ? "" : ` (did you mean "${meant}"?)`;
  const look = meant === undefined ? [] : [`pocketmq doctor ${shellWord(meant)}${facts.dashN}`];
  const create = `pocketmq topic create ${shellWord(topic)}${facts.dashN}`;
  const masters = facts.brokers.filter((broker) => isMaster(broker) && broker.state !== undefined);
  const made = masters.filter(({ state }) =>
    state!.settings.get("autoCreateTopicEnable") !== "false"
  );
  const say = (cause: Cause, why: string) =>
    wrong(cause, topic, `no broker has topic "${topic}"${hint}; ${why}`, ...look, create);
  if (masters.length > 0 && made.length === 0) {
    return say(
      "auto-create-off",
      `sending does not make it, autoCreateTopicEnable is false on ${listOf(masters.map(nameOf))}`,
    );
  }
  if (!answering(facts).some(({ hasDefaultTopic }) => hasDefaultTopic)) {
    return say(
      "default-topic-missing",
      "sending does not make it: no name server has TBW102, the topic that new ones are made from; a broker with " +
        "autoCreateTopicEnable makes it when it starts",
    );
  }
  return say(
    "topic-missing",
    'the first message sent to it makes it; until then consumers hear "No route info of this topic"',
  );
}

function otherCluster(facts: Facts, topic: string): Finding[] {
  const { cluster } = facts;
  const clusters = new Set(
    answering(facts).flatMap(({ route }) => route!.brokers.map((one) => one.cluster)),
  );
  if (cluster === undefined || clusters.has(cluster)) return [];
  const text = `"${topic}" is in cluster ${listOf([...clusters])}, not in ${cluster}`;
  const create = `pocketmq topic create ${shellWord(topic)} -c ${shellWord(cluster)}${facts.dashN}`;
  return [wrong("topic-in-other-cluster", topic, text, create)];
}

/** It has a route; not every master of its clusters has a part of it. */
function lacking(facts: Facts, topic: string, holders: readonly BrokerFacts[]): Finding[] {
  const clusters = new Set(holders.map(({ registered }) => registered?.cluster));
  const others = facts.brokers.filter((broker) =>
    isMaster(broker) && broker.state !== undefined && broker.topic === undefined &&
    clusters.has(broker.registered?.cluster)
  );
  if (others.length === 0 || holders.length === 0) return [];
  const text =
    `"${topic}" is on ${listOf(holders.map(nameOf))} and not on ${
      listOf(others.map(nameOf))
    }: nothing is sent ` +
    "there, and it cannot stand in";
  return [
    note(
      "topic-not-everywhere",
      topic,
      text,
      `pocketmq topic create ${shellWord(topic)}${facts.dashN}`,
    ),
  ];
}

/** It is found, and may not be written or read. */
export const topicMayBeUsed: Check = (facts) => {
  const { topic } = facts;
  if (topic === undefined) return [];
  const seen = new Set<string>();
  return answering(facts).flatMap(({ route, wiped }) =>
    (route?.queues ?? []).flatMap(({ brokerName, perm, writeQueueNums, readQueueNums }) => {
      if (seen.has(brokerName)) return [];
      seen.add(brokerName);
      const canWrite = (perm & WRITE) !== 0 && writeQueueNums > 0;
      const canRead = (perm & READ) !== 0 && readQueueNums > 0;
      if ((canWrite && canRead) || wiped.includes(brokerName)) return []; // said of the broker
      const broker = facts.brokers.find(({ registered }) =>
        registered?.name === brokerName && registered.id === 0
      );
      return [forbidden(topic, brokerName, { canWrite, canRead }, broker, facts)];
    })
  );
};

function forbidden(
  topic: string,
  brokerName: string,
  { canWrite, canRead }: { canWrite: boolean; canRead: boolean },
  broker: BrokerFacts | undefined,
  { dashN }: Facts,
): Finding {
  const lacks = listOf([...canWrite ? [] : ["written"], ...canRead ? [] : ["read"]]).replace(
    " and ",
    " or ",
  );
  const own = broker?.topic;
  const said = `"${topic}" may not be ${lacks} on ${brokerName}`;
  const none = own !== undefined && Math.min(own.writeQueueNums, own.readQueueNums) === 0;
  if (own !== undefined && !none && !canWrite && (own.perm & WRITE) !== 0) {
    const text =
      `${said}: the name servers say so, the broker itself does not (wipeWritePerm was done)`;
    const add = `pocketmq admin addWritePerm -b ${shellWord(brokerName)}${dashN}`;
    return wrong("write-perm-wiped", topic, text, add);
  }
  const why = none ? "it has no queues for that" : "its permission says so";
  const next = none
    ? `pocketmq topic create ${shellWord(topic)} --queues 8${dashN}`
    : `pocketmq topic perm ${shellWord(topic)} RW${dashN}`;
  return wrong("topic-permission", topic, `${said}: ${why}`, next);
}
