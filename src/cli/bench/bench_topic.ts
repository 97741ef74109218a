import { brokerConfig } from "../../admin/brokers.ts";
import type { Lines } from "../../admin/lines.ts";
import { deleteTopic, kindOf, putTopic, topicRoute, topicStats } from "../../admin/topics.ts";
import { hexOf } from "../../base/bytes.ts";
import { reasonOf } from "../../base/log.ts";
import { AnswerError } from "../../client/errors.ts";
import { nameServersIn } from "../../client/name_servers.ts";
import type { Runtime } from "../../ports/host.ts";
import { CallError } from "../../rpc/peer.ts";
import { ResponseCode } from "../../wire/codes.ts";
import { addressOf, mastersFor, type Target } from "../admin/reach.ts";
import { UsageError } from "../exit.ts";

const QUEUES = 4;
const READ = 4;
const WRITE = 2;

/** A broker that has the topic. */
export interface BenchBroker {
  readonly name: string;
  /** host:port */
  readonly address: string;
  /** SYNC_MASTER, ASYNC_MASTER or SLAVE; empty when it did not say. */
  readonly role: string;
  /** Those that are used. */
  readonly queues: number;
}

/** The topic a measurement works on. */
export interface BenchTopic {
  readonly topic: string;
  /** It was not there before. */
  readonly made: boolean;
  readonly brokers: readonly BenchBroker[];
}

/** Which topic is wanted, and where. */
export interface TopicWanted {
  /** Without it one is made of a name that nobody has. */
  readonly name: string | undefined;
  readonly target: Target;
  /** Queues on each broker; of a topic that exists the first so many. */
  readonly queues: number | undefined;
  readonly use: "read" | "write";
}

type Place = Omit<BenchBroker, "role">;

/**
 * The topic, made where it is not there. Only a topic that was named is ever another's.
 *
 * @throws {UsageError} {AnswerError} {CallError} {FieldError}
 */
export async function openTopic(
  lines: Lines,
  wanted: TopicWanted,
  random: Runtime["random"],
): Promise<BenchTopic> {
  const { name, queues, use } = wanted;
  if (name !== undefined && use === "write" && kindOf(name, new Set()) !== "user") {
    throw new UsageError(`topic "${name}" is one that brokers keep for themselves`);
  }
  const topic = name ?? `pocketmq-bench-${randomName(random)}`;
  const found = name === undefined ? [] : await placesOf(lines, topic, wanted);
  if (found.length > 0) return { topic, made: false, brokers: await withRoles(lines, found, use) };
  if (name !== undefined && use === "read") {
    throw new AnswerError(ResponseCode.TOPIC_NOT_EXIST, `No broker here has topic "${name}"`);
  }
  const masters = await mastersFor(lines, wanted.target);
  const places = masters.map((address) => ({ name: "", address, queues: queues ?? QUEUES }));
  const brokers = await withRoles(lines, places, "write");
  const opened = { topic, made: true, brokers };
  try {
    for (const { address, queues } of brokers) await makeTopic(lines, address, topic, queues);
  } catch (error) {
    await dropTopic(lines, opened).catch(() => {}); // what failed first is what counts
    throw error;
  }
  return opened;
}

/** Deletes what `openTopic` made; gives why it is still there, undefined when it is gone. */
export async function leftOf(lines: Lines, topic: BenchTopic): Promise<string | undefined> {
  try {
    await dropTopic(lines, topic);
    return undefined;
  } catch (error) {
    return `topic ${topic.topic} was not deleted: ${reasonOf(error)}`;
  }
}

async function dropTopic(lines: Lines, { topic, brokers }: BenchTopic): Promise<void> {
  const masters = brokers.map(({ address }) => address);
  const namesrvs = await namesrvsOf(lines, masters);
  try {
    await deleteTopic({ ...lines, namesrvs }, topic, masters);
  } catch (error) {
    const gone = await Promise.all(masters.map((address) => isGone(lines, address, topic)));
    // a broker of -b may have no name server, and one that it has may not be reached from here
    if (error instanceof CallError && gone.every(Boolean)) return;
    throw error;
  }
}

/** All that may have its route: ours, and those that the brokers register with. */
async function namesrvsOf(lines: Lines, masters: readonly string[]): Promise<string[]> {
  const theirs = masters.map(async (address) => {
    const named = (await brokerConfig(lines, address)).get("namesrvAddr") ?? "";
    return named === "" ? [] : nameServersIn(named);
  });
  const all = (await Promise.allSettled(theirs)).map((one) =>
    one.status === "fulfilled" ? one.value : []
  );
  return [...new Set([...lines.namesrvs, ...all.flat()])];
}

async function isGone(lines: Lines, address: string, topic: string): Promise<boolean> {
  return (await topicStats(lines, address, topic)).length === 0;
}

async function makeTopic(
  lines: Lines,
  address: string,
  topicName: string,
  queues: number,
): Promise<void> {
  await putTopic(lines, address, {
    topicName,
    order: false,
    topicFilterType: "SINGLE_TAG",
    topicSysFlag: 0,
    perm: READ | WRITE,
    readQueueNums: queues,
    writeQueueNums: queues,
  });
}

/** Brokers that have the topic already, with as many of its queues as are wanted. */
async function placesOf(
  lines: Lines,
  topic: string,
  { target: { broker, cluster }, queues, use }: TopicWanted,
): Promise<Place[]> {
  const places = broker === undefined
    ? await routed(lines, topic, cluster, use)
    : await heldBy(lines, addressOf(broker), topic);
  return places.map((place) => ({ ...place, queues: fewer(topic, place, queues) }));
}

function fewer(topic: string, { name, address, queues }: Place, wanted = queues): number {
  if (wanted <= queues) return wanted;
  throw new UsageError(
    `--queues is ${wanted}, topic "${topic}" has ${queues} on ${name || address}`,
  );
}

async function heldBy(lines: Lines, address: string, topic: string): Promise<Place[]> {
  const queues = await topicStats(lines, address, topic);
  return queues.length === 0
    ? []
    : [{ name: queues[0].brokerName, address, queues: queues.length }];
}

async function routed(
  lines: Lines,
  topic: string,
  cluster: string | undefined,
  use: "read" | "write",
): Promise<Place[]> {
  const route = await topicRoute(lines, topic).catch((error) => {
    if (error instanceof AnswerError && error.code === ResponseCode.TOPIC_NOT_EXIST) return;
    throw error;
  });
  if (route === undefined) return [];
  const places = route.queues.flatMap(({ brokerName: name, perm, ...data }) => {
    const broker = route.brokers.find(({ brokerName }) => brokerName === name);
    const address = broker?.brokerAddrs.get(0);
    if (address === undefined || (cluster !== undefined && broker?.cluster !== cluster)) return [];
    if ((perm & (use === "read" ? READ : WRITE)) === 0) return [];
    const queues = use === "read" ? data.readQueueNums : data.writeQueueNums;
    return queues > 0 ? [{ name, address, queues }] : [];
  });
  if (places.length > 0) return places;
  const may = use === "read" ? "read" : "written";
  throw new AnswerError(
    ResponseCode.NO_PERMISSION,
    `No master${cluster === undefined ? "" : ` of cluster "${cluster}"`} has a queue of topic ` +
      `"${topic}" that may be ${may}`,
  );
}

async function withRoles(
  lines: Lines,
  places: readonly Place[],
  use: "read" | "write",
): Promise<BenchBroker[]> {
  return await Promise.all(places.map(async (place) => {
    const settings = await brokerConfig(lines, place.address);
    const role = settings.get("brokerRole") ?? "";
    if (use === "write" && role === "SLAVE") {
      throw new UsageError(`${place.address} is a slave, it takes no messages`);
    }
    return { ...place, name: place.name || settings.get("brokerName") || place.address, role };
  }));
}

function randomName(random: Runtime["random"]): string {
  const bytes = new Uint8Array(4);
  random(bytes);
  return hexOf(bytes);
}

/** Which brokers, as a person reads it: broker-a (SYNC_MASTER, 127.0.0.1:10911). */
export function brokersText(brokers: readonly BenchBroker[]): string {
  return brokers.map(({ name, role, address }) =>
    `${name} (${role === "" ? "" : `${role}, `}${address})`
  ).join(", ");
}
