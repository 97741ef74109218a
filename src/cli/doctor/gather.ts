import { type ClusterBroker, clusterBrokers } from "../../admin/cluster.ts";
import { sleep } from "../../base/together.ts";
import { type Asking, hostIn, ifTold, onlyServer } from "./asking.ts";
import { lookAtBroker, type Wanted } from "./broker_look.ts";
import { answering, type BrokerFacts, type Facts, isMaster, type NamesrvFacts } from "./facts.ts";
import { lookAtGroups } from "./group_look.ts";
import { lookAtNamesrv } from "./namesrv_look.ts";

/** Where a broker is when nobody said otherwise. */
const USUAL_PORT = 10911;
const LOOK_MS = 500;

/** What to look at. */
export interface Scope {
  readonly namesrvs: readonly string[];
  /** A broker's address, whether it is registered or not. */
  readonly broker: string | undefined;
  readonly cluster: string | undefined;
  readonly topic: string | undefined;
  readonly dashN: string;
}

/** Asks every node what the checks judge; a node that does not answer is a fact, too. */
export async function gather(asking: Asking, scope: Scope): Promise<Facts> {
  const { topic, cluster, dashN } = scope;
  const namesrvs = await Promise.all(
    scope.namesrvs.map((address) => lookAtNamesrv(asking, address, topic)),
  );
  const base = { topic, cluster, namesrvs, dashN, brokers: [], groups: [], watched: [] };
  const told = answering({ ...base, now: 0 });
  const hosts = told.map(({ address }) => hostIn(address));
  const wanted = wantedOf(told, scope);
  const brokers = await Promise.all(
    wanted.map((one) => lookAtBroker(asking, one, { topic, hosts })),
  );
  if (wanted.length === 0) brokers.push(...await unregistered(asking, hosts));
  const holders = brokers.filter((broker) => broker.topic !== undefined && isMaster(broker));
  const groups = topic === undefined
    ? []
    : await lookAtGroups(asking, holders.map(({ address }) => address), topic);
  return { ...base, now: asking.clock.now(), brokers, groups };
}

/** Looks at the name servers again and again: brokers that fight for a name take turns in them. */
export async function watch(
  asking: Asking,
  namesrvs: readonly NamesrvFacts[],
  forMs: number,
): Promise<ClusterBroker[]> {
  const { clock } = asking;
  const seen = new Map<string, ClusterBroker>();
  const until = clock.monotonic() + forMs;
  for (let left = forMs; left > 0; left = until - clock.monotonic()) {
    const all = await Promise.all(
      namesrvs.map(({ address }) => ifTold(clusterBrokers(onlyServer(asking, address).servers))),
    );
    for (const broker of all.flatMap((brokers) => brokers ?? [])) {
      seen.set(JSON.stringify(broker), broker);
    }
    await sleep(clock, Math.min(LOOK_MS, Math.max(0, until - clock.monotonic())));
  }
  return [...seen.values()];
}

/** Each registered address once, and the one that was named. */
function wantedOf(namesrvs: readonly NamesrvFacts[], { broker, cluster }: Scope): Wanted[] {
  const all = new Map<string, { registered?: ClusterBroker; at: string[] }>();
  for (const { address: namesrv, brokers } of namesrvs) {
    for (const registered of brokers) {
      if (cluster !== undefined && registered.cluster !== cluster) continue;
      const entry = all.get(registered.address) ?? { registered, at: [] };
      all.set(registered.address, entry);
      entry.at.push(namesrv);
    }
  }
  if (broker !== undefined && !all.has(broker)) all.set(broker, { at: [] });
  const names = [...all.values()].map(({ registered }) => registered?.name);
  return Array.from(all, ([address, entry]) => {
    const { registered } = entry;
    const isPaired = names.filter((name) => name === registered?.name).length > 1;
    return { address, ...entry, isPaired };
  });
}

/** Nobody is registered: a broker that runs beside a name server was told another one. */
async function unregistered(asking: Asking, hosts: readonly string[]): Promise<BrokerFacts[]> {
  const places = [...new Set(hosts)].map((host) => `${host}:${USUAL_PORT}`);
  const found = await Promise.all(
    places.map((address) =>
      lookAtBroker(asking, { address, at: [], isPaired: false }, { topic: undefined, hosts: [] })
    ),
  );
  return found.filter(({ state }) => state !== undefined);
}
