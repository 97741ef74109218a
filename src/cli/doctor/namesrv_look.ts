import { type ClusterBroker, clusterBrokers } from "../../admin/cluster.ts";
import { topics } from "../../admin/topics.ts";
import { RequestCode, ResponseCode } from "../../wire/codes.ts";
import { parseSettings } from "../../wire/admin.ts";
import { parseClusterInfo, parseRoute, type TopicRoute } from "../../wire/route.ts";
import { type Asking, ifTold, onlyServer, silenceOf } from "./asking.ts";
import type { NamesrvFacts } from "./facts.ts";

/** From which topics are made by sending. */
const DEFAULT_TOPIC = "TBW102";
const READ = 4;
const WRITE = 2;
const ANSWER_MS = 3_000;

/** What one name server says; never fails. */
export async function lookAtNamesrv(
  asking: Asking,
  address: string,
  topic: string | undefined,
): Promise<NamesrvFacts> {
  const { calls, clock } = asking;
  const nothing = {
    address,
    tookMs: 0,
    brokers: [],
    topics: [],
    hasDefaultTopic: false,
    wiped: [],
  };
  try {
    await calls.call(address, { code: RequestCode.GET_NAMESRV_CONFIG }, ANSWER_MS); // connects
    const startedAt = clock.monotonic();
    const { code, body } = await calls.call(
      address,
      { code: RequestCode.GET_BROKER_CLUSTER_INFO },
      ANSWER_MS,
    );
    const tookMs = clock.monotonic() - startedAt;
    if (code !== ResponseCode.SUCCESS) return { ...nothing, ...await strangerAt(asking, address) };
    parseClusterInfo(body); // a name server's, or it is none
    return { ...nothing, tookMs, ...await knowledgeOf(asking, address, topic) };
  } catch (error) {
    return { ...nothing, silence: silenceOf(error) };
  }
}

/** Who answers, and knows no request of name servers. */
async function strangerAt(
  { calls }: Asking,
  address: string,
): Promise<Pick<NamesrvFacts, "isBroker" | "silence">> {
  const { code, body } = await calls.call(
    address,
    { code: RequestCode.GET_BROKER_CONFIG },
    ANSWER_MS,
  );
  if (code !== ResponseCode.SUCCESS) {
    return { silence: { kind: "foreign", reason: "it knows no request of name servers" } };
  }
  return { isBroker: { namesrvAddr: parseSettings(body).get("namesrvAddr") ?? "" } };
}

async function knowledgeOf(
  asking: Asking,
  address: string,
  topic: string | undefined,
): Promise<Pick<NamesrvFacts, "brokers" | "topics" | "route" | "hasDefaultTopic" | "wiped">> {
  const server = onlyServer(asking, address);
  const routeOf = (name: string) => ifTold(routeAt(asking, address, name));
  const [brokers, names, route, usual] = await Promise.all([
    clusterBrokers(server.servers),
    ifTold(topics(server)),
    topic === undefined ? undefined : routeOf(topic),
    routeOf(DEFAULT_TOPIC),
  ]);
  return {
    brokers,
    topics: (names ?? []).map(({ name }) => name),
    route,
    hasDefaultTopic: usual !== undefined,
    wiped: await wipedOf(brokers, routeOf),
  };
}

/** Each broker has a topic of its own name: where that may be read and not written, nothing may be. */
async function wipedOf(
  brokers: readonly ClusterBroker[],
  routeOf: (topic: string) => Promise<TopicRoute | undefined>,
): Promise<string[]> {
  const names = [...new Set(brokers.map(({ name }) => name))];
  const wiped = await Promise.all(names.map(async (name) => {
    const queues = (await routeOf(name))?.queues.find(({ brokerName }) => brokerName === name);
    return queues !== undefined && (queues.perm & READ) !== 0 && (queues.perm & WRITE) === 0;
  }));
  return names.filter((_, i) => wiped[i]);
}

/** Undefined when it has none; what is there is not asked of another. */
async function routeAt(
  { calls }: Asking,
  address: string,
  topic: string,
): Promise<TopicRoute | undefined> {
  const request = { code: RequestCode.GET_ROUTEINFO_BY_TOPIC, ext: { topic } };
  const { code, body } = await calls.call(address, request, ANSWER_MS);
  return code === ResponseCode.SUCCESS ? parseRoute(body) : undefined;
}
