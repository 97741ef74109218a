import type { ClusterBroker } from "../../admin/cluster.ts";
import {
  answering,
  type Check,
  type Facts,
  type Finding,
  listOf,
  nameOf,
  type NamesrvFacts,
  note,
  wrong,
} from "./facts.ts";

/** A name server is asked at each start of a client; this is felt. */
const SLOW_MS = 1_000;
const TOPICS_SHOWN = 5;

/** Each name server by itself: is it there, and is it one. */
export const namesrvsServe: Check = ({ namesrvs }) => namesrvs.flatMap(judgeOne);

function judgeOne({ address, silence, isBroker, tookMs }: NamesrvFacts): Finding[] {
  const look = `pocketmq health -b ${address}`;
  if (isBroker) {
    const { namesrvAddr } = isBroker;
    const told = namesrvAddr === "" ? "" : `; that broker was told the name servers ${namesrvAddr}`;
    const text =
      `${address} is a broker, no name server: NAMESRV_ADDR or -n names the wrong port${told}`;
    const other = namesrvAddr === "" ? [] : [`pocketmq doctor -n '${namesrvAddr}'`];
    return [wrong("namesrv-is-broker", address, text, ...other)];
  }
  switch (silence?.kind) {
    case "refused": {
      const text = `name server ${address} is not there: ${silence.reason}`;
      return [wrong("namesrv-unreachable", address, text, look)];
    }
    case "mute": {
      const text =
        `name server ${address} accepts connections and does not answer: it is stuck, or something else serves there`;
      return [wrong("namesrv-silent", address, text, `${look} --timeout 20`)];
    }
    case "foreign": {
      const text =
        `what listens at ${address} does not speak RocketMQ's protocol: a proxy, TLS, HTTP or another program`;
      return [wrong("namesrv-foreign", address, text, look)];
    }
  }
  if (tookMs <= SLOW_MS) return [];
  const text = `name server ${address} took ${Math.round(tookMs)} ms to answer`;
  return [wrong("namesrv-slow", address, text, look)];
}

/** Nobody is registered anywhere: not here yet, or somewhere else. */
export const someBroker: Check = (facts) => {
  const told = answering(facts);
  if (told.length === 0 || told.some(({ brokers }) => brokers.length > 0)) return [];
  const where = listOf(told.map(({ address }) => address));
  const elsewhere = facts.brokers.flatMap((broker): Finding[] => {
    const namesrvAddr = broker.state?.settings.get("namesrvAddr");
    if (namesrvAddr === undefined) return [];
    const text =
      `no broker is registered at ${where}; ${
        nameOf(broker)
      } runs at ${broker.address} and was told the ` +
      `name servers ${namesrvAddr}`;
    const next = [
      `pocketmq doctor -n '${namesrvAddr}'`,
      `restart ${nameOf(broker)} with --namesrvAddr '${
        told.map(({ address }) => address).join(";")
      }'`,
    ];
    return [wrong("broker-elsewhere", broker.address, text, ...next)];
  });
  if (elsewhere.length > 0) return elsewhere;
  const text =
    `no broker is registered at ${where}: none was started, or those that run were told other name servers`;
  const namesrvAddr = told.map(({ address }) => address).join(";");
  return [
    wrong(
      "no-broker",
      where,
      text,
      `pocketmq --master --namesrvAddr '${namesrvAddr}'`,
      `pocketmq doctor -b HOST:PORT${facts.dashN}`,
    ),
  ];
};

/** Clients ask any one name server: all must know the same brokers. */
export const namesrvsAgree: Check = (facts) => {
  const told = answering(facts);
  if (told.length < 2) return [];
  const all = new Map(told.flatMap(({ brokers }) => brokers).map((each) => [keyOf(each), each]));
  return [...all.values()].flatMap((broker) => {
    const lacking = told.filter(({ brokers }) =>
      !brokers.some((one) => keyOf(one) === keyOf(broker))
    );
    return lacking.length === 0 ? [] : [missing(facts, broker, lacking)];
  });
};

function keyOf({ cluster, name, id }: ClusterBroker): string {
  return JSON.stringify([cluster, name, id]);
}

function missing(
  facts: Facts,
  { name, id, address }: ClusterBroker,
  lacking: NamesrvFacts[],
): Finding {
  const names = lacking.map((namesrv) => namesrv.address);
  const broker = id === 0 ? name : `${name}-${id}`;
  const state = facts.brokers.find((one) => one.address === address)?.state;
  const namesrvAddr = state?.settings.get("namesrvAddr");
  const untold = namesrvAddr === undefined
    ? []
    : names.filter((one) => !namesrvAddr.split(";").includes(one));
  const why = untold.length > 0
    ? `, and was not told of ${listOf(untold)} (its namesrvAddr is ${namesrvAddr})`
    : ", though it was told of it: its log says why it cannot register";
  const all = facts.namesrvs.map((one) => one.address).join(";");
  return wrong(
    "broker-missing-at-namesrv",
    address,
    `${broker} at ${address} is not registered at name server ${listOf(names)}${why}; ` +
      "clients that ask there do not find it",
    untold.length > 0
      ? `restart ${broker} with --namesrvAddr '${all}'`
      : `pocketmq health --ready -b ${address}`,
  );
}

/** The same brokers, but not the same topics. */
export const topicsAgree: Check = (facts) => {
  const every = answering(facts);
  const count = new Set(every.flatMap(({ brokers }) => brokers.map(keyOf))).size;
  // Whoever lacks a broker lacks its topics: that is said already.
  const told = every.filter(({ brokers }) => new Set(brokers.map(keyOf)).size === count);
  const all = new Set(told.flatMap(({ topics }) => topics));
  return told.flatMap(({ address, topics }) => {
    const has = new Set(topics);
    const lacks = [...all].filter((topic) => !has.has(topic)).sort();
    if (lacks.length === 0) return [];
    const more = lacks.length > TOPICS_SHOWN ? ` and ${lacks.length - TOPICS_SHOWN} more` : "";
    const shown = lacks.slice(0, TOPICS_SHOWN).join(", ");
    const text = `name server ${address} lacks topics that another has: ${shown}${more}`;
    return [wrong("topics-differ", address, text, `pocketmq namesrv list${facts.dashN}`)];
  });
};

/** One name and id, two addresses: both want to be it. */
export const oneBrokerAName: Check = (facts) => {
  const addresses = new Map<string, { broker: ClusterBroker; at: Set<string> }>();
  for (const broker of known(facts)) {
    const entry = addresses.get(keyOf(broker)) ?? { broker, at: new Set() };
    addresses.set(keyOf(broker), entry);
    entry.at.add(broker.address);
  }
  return [...addresses.values()].filter(({ at }) => at.size > 1).map(({ broker, at }) => {
    const { name, id } = broker;
    const text =
      `two brokers are ${name} with brokerId ${id}, at ${
        listOf([...at])
      }: each takes the other's place ` +
      "in the name servers whenever it registers";
    const next = `stop one of them, or give it another brokerName or brokerId`;
    return wrong("two-brokers-one-name", `${name}-${id}`, text, next);
  });
};

/** What name servers say, and what brokers say of themselves that were looked at by address. */
function known({ namesrvs, brokers, watched }: Facts): ClusterBroker[] {
  const own = brokers.flatMap(({ registered, state, address }) => {
    if (registered !== undefined || state === undefined || state.ha.name === "") return [];
    const cluster = state.settings.get("brokerClusterName") ?? "";
    return [{ cluster, name: state.ha.name, id: state.ha.id, address }];
  });
  return [...namesrvs.flatMap((namesrv) => namesrv.brokers), ...watched, ...own];
}

/** Somebody named an address with -b that no name server has. */
export const namedIsRegistered: Check = (facts) => {
  const told = answering(facts);
  if (told.every(({ brokers }) => brokers.length === 0)) return []; // said by someBroker
  return facts.brokers.flatMap((broker) => {
    if (broker.registered !== undefined || broker.state === undefined) return [];
    const { settings } = broker.state;
    const isThere = told.some(({ brokers }) =>
      brokers.some(({ name, id, cluster }) =>
        name === broker.state!.ha.name && id === broker.state!.ha.id &&
        cluster === settings.get("brokerClusterName")
      )
    );
    const namesrvAddr = settings.get("namesrvAddr") ?? "";
    const text = isThere
      ? `${nameOf(broker)} is not registered with the address ${broker.address}`
      : `${
        nameOf(broker)
      } at ${broker.address} is registered at none of these name servers; it was told ` +
        `${namesrvAddr || "none"}`;
    const make = isThere ? note : wrong;
    return [
      make("broker-not-registered", broker.address, text, `pocketmq doctor -n '${namesrvAddr}'`),
    ];
  });
};
