import type { Lines } from "../../admin/lines.ts";
import {
  deleteTopic,
  type NamedTopic,
  putTopic,
  type QueueEnds,
  topicRoute,
  topics,
  topicStats,
} from "../../admin/topics.ts";
import { AnswerError } from "../../client/errors.ts";
import { ResponseCode } from "../../wire/codes.ts";
import type { TopicRoute } from "../../wire/route.ts";
import { CLUSTER_FLAGS, CLUSTER_HELP, TOPIC } from "../cluster.ts";
import type { Command } from "../command.ts";
import { confirmed, YES_FLAG, YES_HELP } from "../confirm.ts";
import { Exit } from "../exit.ts";
import { tableOf } from "../table.ts";
import { countText } from "../units.ts";
import { verb } from "../verb.ts";
import { WATCH_FLAG } from "../watch.ts";
import { permOf, permText } from "./perm.ts";
import { jsonLine, mastersFor, reaching, TARGET_FLAGS, TARGET_HELP, viewing } from "./reach.ts";

/** Routes asked for at a time. */
const ROUTES_AT_A_TIME = 32;
/** As mqadmin's. */
const QUEUES = 8;
const READ_WRITE = 6;

const list = verb({
  flags: { ...CLUSTER_FLAGS, all: { kind: "switch" } },
  words: [],
  run: (context, { flags }) =>
    reaching(context, flags, async (lines) => {
      const wanted = (await topics(lines)).filter(({ kind }) => flags.all || kind === "user");
      const rows = await withRoutes(lines, wanted);
      context.terminal.stdout(flags.json ? rows.map(jsonLine).join("") : listText(rows));
      return Exit.OK;
    }),
});

const route = verb({
  flags: CLUSTER_FLAGS,
  words: [TOPIC],
  run: (context, { flags, words: [name] }) =>
    reaching(context, flags, async (lines) => {
      const rows = routeRows(await topicRoute(lines, name));
      context.terminal.stdout(flags.json ? rows.map(jsonLine).join("") : routeText(rows));
      return Exit.OK;
    }),
});

const status = verb({
  flags: { ...CLUSTER_FLAGS, ...WATCH_FLAG },
  words: [TOPIC],
  run: (context, { flags, words: [name] }) =>
    viewing(context, flags, async (lines) => {
      const { brokers } = await topicRoute(lines, name);
      const rows = (await Promise.all(brokers.map(({ brokerAddrs }) =>
        topicStats(lines, brokerAddrs.get(Math.min(...brokerAddrs.keys()))!, name)
      ))).flat();
      const text = flags.json ? rows.map(jsonLine).join("") : statusText(name, rows);
      return { text, exit: Exit.OK };
    }),
});

const create = verb({
  flags: {
    ...CLUSTER_FLAGS,
    ...TARGET_FLAGS,
    queues: { kind: "count" },
    perm: { kind: "text" },
  },
  words: [TOPIC],
  run(context, { flags, words: [name] }) {
    const perm = flags.perm === undefined ? undefined : permOf(flags.perm);
    return reaching(context, flags, async (lines) => {
      const masters = await mastersFor(lines, flags);
      const before = await routeOrNone(lines, name);
      for (const address of masters) {
        await putTopic(lines, address, changed(before, name, address, flags.queues, perm));
        const done = flags.json
          ? jsonLine({ topic: name, broker: address })
          : `${name} is on ${address}\n`;
        context.terminal.stdout(done);
      }
      return Exit.OK;
    });
  },
});

const perm = verb({
  flags: { ...CLUSTER_FLAGS, broker: TARGET_FLAGS.broker },
  words: [TOPIC, { what: "a permission: RW, R, W", choices: ["RW", "R", "W", "none"] }],
  run(context, { flags, words: [name, text] }) {
    const perm = permOf(text);
    return reaching(context, flags, async (lines) => {
      const before = await topicRoute(lines, name);
      const masters = flags.broker === undefined
        ? mastersOf(before)
        : await mastersFor(lines, { broker: flags.broker, cluster: undefined });
      for (const address of masters) {
        await putTopic(lines, address, changed(before, name, address, undefined, perm));
        const done = flags.json
          ? jsonLine({ topic: name, broker: address, perm: permText(perm) })
          : `${name} is ${permText(perm)} on ${address}\n`;
        context.terminal.stdout(done);
      }
      return Exit.OK;
    });
  },
});

const remove = verb({
  flags: { ...CLUSTER_FLAGS, cluster: TARGET_FLAGS.cluster, ...YES_FLAG },
  words: [TOPIC],
  run: (context, { flags, words: [name] }) =>
    reaching(context, flags, async (lines) => {
      await topicRoute(lines, name); // says so when there is none
      const masters = await mastersFor(lines, { cluster: flags.cluster, broker: undefined });
      const question = `Delete topic "${name}" and its messages on ${masters.join(", ")}?`;
      if (!await confirmed(context, flags, question)) return Exit.FAILED;
      await deleteTopic(lines, name, masters, flags.cluster);
      const done = flags.json
        ? jsonLine({ topic: name, deleted: true, brokers: masters })
        : `${name} is deleted on ${masters.join(", ")}\n`;
      context.terminal.stdout(done);
      return Exit.OK;
    }),
});

/** `pocketmq topic` */
export const topic: Command = {
  name: "topic",
  usage: "list | route TOPIC | status TOPIC | create TOPIC | delete TOPIC | perm TOPIC RW|R|W",
  summary: "List topics, make, change and delete them",
  help: `
  list              topics that the name servers know
    --all           those of brokers too, retries and dead letters of groups
  route TOPIC       which brokers have it, and where they are
  status TOPIC      where each of its queues begins and ends
    --watch         again every 2 s, until Ctrl-C
  create TOPIC      make it on every master of the cluster; what it has already stays
                    but for what flags say
    --queues N      queues on each broker (${QUEUES})
    --perm RW|R|W   what clients may do (RW)
  delete TOPIC      delete it and its messages, on every master of the cluster; asks before
  perm TOPIC PERM   change what clients may do: RW, R, W or none

${TARGET_HELP}${YES_HELP}${CLUSTER_HELP}
Exit codes: 0 done, 1 refused or no such topic, 2 the command line is wrong, 124 no
answer in time.

Examples:
  pocketmq topic list
  pocketmq topic create orders --queues 16
  pocketmq topic route orders --json
  pocketmq topic perm orders R -n 10.0.0.1:9876
  pocketmq topic delete orders -c DefaultCluster
`,
  verbs: { list, route, status, create, delete: remove, perm },
};

async function routeOrNone(lines: Lines, name: string): Promise<TopicRoute | undefined> {
  try {
    return await topicRoute(lines, name);
  } catch (error) {
    if (error instanceof AnswerError && error.code === ResponseCode.TOPIC_NOT_EXIST) {
      return undefined;
    }
    throw error;
  }
}

function mastersOf({ brokers }: TopicRoute): string[] {
  return brokers.flatMap(({ brokerAddrs }) => brokerAddrs.get(0) ?? []);
}

/** The topic's settings on one master: those it has there, but for what is told. */
function changed(
  before: TopicRoute | undefined,
  topicName: string,
  address: string,
  queues: number | undefined,
  perm: number | undefined,
): Parameters<typeof putTopic>[2] {
  const name = before?.brokers.find(({ brokerAddrs }) => brokerAddrs.get(0) === address)
    ?.brokerName;
  const has = before?.queues.find(({ brokerName }) => brokerName === name);
  return {
    topicName,
    order: false,
    topicFilterType: "SINGLE_TAG",
    topicSysFlag: has?.topicSysFlag ?? 0,
    perm: perm ?? has?.perm ?? READ_WRITE,
    readQueueNums: queues ?? has?.readQueueNums ?? QUEUES,
    writeQueueNums: queues ?? has?.writeQueueNums ?? QUEUES,
  };
}

/** A topic in a list. */
export interface TopicRow {
  readonly topic: string;
  readonly kind: string;
  readonly clusters: readonly string[];
  readonly brokers: readonly string[];
  /** Of all brokers together. */
  readonly readQueues: number;
  readonly writeQueues: number;
  /** What all brokers together allow. */
  readonly perm: string;
}

async function withRoutes(lines: Lines, wanted: readonly NamedTopic[]): Promise<TopicRow[]> {
  const rows: TopicRow[] = [];
  for (let at = 0; at < wanted.length; at += ROUTES_AT_A_TIME) {
    const some = wanted.slice(at, at + ROUTES_AT_A_TIME);
    rows.push(
      ...await Promise.all(
        some.map(async (named) => topicRow(named, await routeOrNone(lines, named.name))),
      ),
    );
  }
  return rows;
}

/** What a list shows of a topic; without a route, no broker that is alive has it. */
export function topicRow({ name, kind }: NamedTopic, route: TopicRoute | undefined): TopicRow {
  const { brokers = [], queues = [] } = route ?? {};
  return {
    topic: name,
    kind,
    clusters: [...new Set(brokers.map(({ cluster }) => cluster))].sort(),
    brokers: queues.map(({ brokerName }) => brokerName).sort(),
    readQueues: queues.reduce((sum, { readQueueNums }) => sum + readQueueNums, 0),
    writeQueues: queues.reduce((sum, { writeQueueNums }) => sum + writeQueueNums, 0),
    perm: permText(queues.reduce((all, { perm }) => all | perm, 0)),
  };
}

/** A table of topics. */
export function listText(rows: readonly TopicRow[]): string {
  if (rows.length === 0) return "No topic of a user; --all lists those of brokers too.\n";
  return tableOf([
    ["TOPIC", "KIND", "READ", "WRITE", "PERM", "CLUSTERS", "BROKERS"],
    ...rows.map((row) => [
      row.topic,
      row.kind,
      String(row.readQueues),
      String(row.writeQueues),
      row.perm,
      row.clusters.join(",") || "-",
      row.brokers.join(",") || "-",
    ]),
  ]);
}

/** A table of queues, the sum below. */
export function statusText(name: string, rows: readonly QueueEnds[]): string {
  const table = tableOf([
    ["BROKER", "QUEUE", "FIRST", "END", "MESSAGES", "LAST STORED"],
    ...rows.map((row) => [
      row.brokerName,
      String(row.queueId),
      String(row.minOffset),
      String(row.maxOffset),
      String(row.maxOffset - row.minOffset),
      row.lastUpdateTimestamp > 0 ? new Date(row.lastUpdateTimestamp).toISOString() : "-",
    ]),
  ]);
  const all = rows.reduce((sum, { minOffset, maxOffset }) => sum + maxOffset - minOffset, 0);
  return `${table}\n${name} holds ${countText(all, "message")}.\n`;
}

/** One broker of a route. */
export interface RouteRow {
  readonly broker: string;
  readonly cluster: string;
  readonly readQueues: number;
  readonly writeQueues: number;
  readonly perm: string;
  /** By broker id; 0 is the master. */
  readonly addresses: Readonly<Record<string, string>>;
}

/** A route by broker. */
export function routeRows({ brokers, queues }: TopicRoute): RouteRow[] {
  return queues.map((data) => {
    const broker = brokers.find(({ brokerName }) => brokerName === data.brokerName);
    return {
      broker: data.brokerName,
      cluster: broker?.cluster ?? "",
      readQueues: data.readQueueNums,
      writeQueues: data.writeQueueNums,
      perm: permText(data.perm),
      addresses: Object.fromEntries(broker?.brokerAddrs ?? []),
    };
  });
}

/** A table of a route. */
export function routeText(rows: readonly RouteRow[]): string {
  return tableOf([
    ["BROKER", "CLUSTER", "READ", "WRITE", "PERM", "ADDRESSES (0 IS THE MASTER)"],
    ...rows.map((row) => [
      row.broker,
      row.cluster,
      String(row.readQueues),
      String(row.writeQueues),
      row.perm,
      Object.entries(row.addresses).map(([id, address]) => `${id} ${address}`).join(", "),
    ]),
  ]);
}
