import { AnswerError } from "../client/errors.ts";
import { ResponseCode } from "../wire/codes.ts";
import type { TopicRoute } from "../wire/route.ts";
import { clusterBrokers } from "./cluster.ts";
import type { Lines } from "./lines.ts";
import { topicRoute, topics } from "./topics.ts";

const ANSWER_MS = 3_000;
/** Routes asked for at a time. */
const ROUTES_AT_A_TIME = 32;

/** All that one name server knows, as texts that can be compared. */
export interface Knowledge {
  /** Address by cluster, name and id. */
  readonly brokers: ReadonlyMap<string, string>;
  readonly topics: ReadonlySet<string>;
  /** By topic: brokers with their addresses, and queues. */
  readonly routes: ReadonlyMap<string, string>;
}

/** Something that name servers do not say the same of. */
export interface Difference {
  readonly kind: "broker" | "topic" | "route";
  readonly name: string;
  /** What each of them says, in their order; undefined for nothing. */
  readonly says: readonly (string | undefined)[];
}

/** All that the name server at `address` knows. @throws {AnswerError} {CallError} {FieldError} */
export async function knowledgeOf(
  { calls }: Pick<Lines, "calls">,
  address: string,
): Promise<Knowledge> {
  const servers: Lines["servers"] = { ask: (request) => calls.call(address, request, ANSWER_MS) };
  const [brokers, named] = await Promise.all([clusterBrokers(servers), topics({ servers })]);
  const routes = new Map<string, string>();
  for (let at = 0; at < named.length; at += ROUTES_AT_A_TIME) {
    await Promise.all(
      named.slice(at, at + ROUTES_AT_A_TIME).map(async ({ name }) => {
        const route = await routeOrNone({ servers }, name);
        if (route) routes.set(name, routeText(route));
      }),
    );
  }
  return {
    brokers: new Map(
      brokers.map(({ cluster, name, id, address: at }) => [`${cluster} ${name} ${id}`, at]),
    ),
    topics: new Set(named.map(({ name }) => name)),
    routes,
  };
}

async function routeOrNone(
  lines: Pick<Lines, "servers">,
  topic: string,
): Promise<TopicRoute | undefined> {
  try {
    return await topicRoute(lines, topic);
  } catch (error) {
    if (error instanceof AnswerError && error.code === ResponseCode.TOPIC_NOT_EXIST) {
      return undefined;
    }
    throw error;
  }
}

function routeText({ brokers, queues }: TopicRoute): string {
  const parts = queues.map(({ brokerName, readQueueNums, writeQueueNums, perm }) => {
    const addresses = brokers.find((broker) => broker.brokerName === brokerName)?.brokerAddrs ?? [];
    const nodes = [...addresses].sort(([a], [b]) => a - b).map(([id, at]) => `${id} ${at}`);
    const counts = `${readQueueNums} read, ${writeQueueNums} write, perm ${perm}`;
    return `${brokerName} (${nodes.join(", ")}): ${counts}`;
  });
  return parts.sort().join("; ");
}

/** What they do not say the same of: brokers, then topics, then routes of topics that all of them know. */
export function differences(all: readonly Knowledge[]): Difference[] {
  const compare = (
    kind: Difference["kind"],
    tables: readonly ReadonlyMap<string, string>[],
  ): Difference[] => {
    const names = [...new Set(tables.flatMap((table) => [...table.keys()]))].sort();
    return names.map((name) => ({ kind, name, says: tables.map((table) => table.get(name)) }))
      .filter(({ says }) => new Set(says).size > 1);
  };
  const shared = (name: string) => all.every(({ topics }) => topics.has(name));
  return [
    ...compare("broker", all.map(({ brokers }) => brokers)),
    ...compare(
      "topic",
      all.map(({ topics }) => new Map([...topics].map((name) => [name, "known"]))),
    ),
    ...compare("route", all.map(({ routes }) => routes)).filter(({ name }) => shared(name)),
  ];
}
