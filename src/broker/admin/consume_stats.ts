import type { Handler } from "../../rpc/peer.ts";
import { storeTimeOf } from "../../store/records.ts";
import type { Store } from "../../store/store.ts";
import { Turn } from "../../store/turn.ts";
import type { Clock } from "../../ports/host.ts";
import type { Address } from "../../ports/net.ts";
import { RequestCode, ResponseCode } from "../../wire/codes.ts";
import { refuse, type Reply } from "../../wire/command.ts";
import {
  type ConsumeStats,
  formatConsumeStats,
  formatConsumeStatsList,
  type QueueProgress,
  totalDiff,
} from "../../wire/consume_stats.ts";
import { Fields } from "../../wire/fields.ts";
import { addressText } from "../../wire/host_address.ts";
import type { MessageQueue } from "../../wire/message_queue.ts";
import type { Clients } from "../clients.ts";
import type { BrokerConfig } from "../config.ts";
import type { Counts } from "../counts.ts";
import type { Groups } from "../groups.ts";
import type { Offsets } from "../offsets.ts";
import type { Topics } from "../topics.ts";

/** What these requests are answered from. */
export interface ConsumeStatsContext {
  readonly runtime: { readonly clock: Clock };
  readonly config: Pick<BrokerConfig, "brokerName">;
  /** Where clients reach it. */
  readonly address: Address;
  readonly store: Store;
  readonly topics: Topics;
  readonly groups: Groups;
  readonly offsets: Offsets;
  readonly clients: Clients;
  readonly stats: { readonly counts: Pick<Counts, "getTps"> };
}

type Progress = [MessageQueue, QueueProgress][];

/** In one answer: more would not fit into a frame that clients take. */
const QUEUES_MAX = 100_000;

/** Handlers of 208 and 317: how far groups are. Source: AdminBrokerProcessor. */
export function consumeStatsHandlers(context: ConsumeStatsContext): [number, Handler][] {
  const one: Handler = async ({ ext }) => {
    const fields = new Fields(ext);
    const stats = await statsOf(context, fields.text("consumerGroup"), fields.optional("topic"));
    return stats === undefined
      ? tooMany("ask for one topic of the group")
      : { code: ResponseCode.SUCCESS, body: formatConsumeStats(stats) };
  };

  // One after the other: each looks at every queue of every group, and holds what it found.
  let last: Promise<unknown> = Promise.resolve();
  const all: Handler = ({ ext }) => {
    const fields = new Fields(ext);
    fields.text("isOrder");
    const answer = last.then(() => allStats(context, fields.flag("isOrder")));
    last = answer.catch(() => {});
    return answer.then((body) =>
      body === undefined
        ? tooMany("ask for one group after the other (208)")
        : { code: ResponseCode.SUCCESS, body }
    );
  };

  return [[RequestCode.GET_CONSUME_STATS, one], [RequestCode.GET_BROKER_CONSUME_STATS, all]];
}

function tooMany(instead: string): Reply {
  const reason = `they are in more than ${QUEUES_MAX} queues, ${instead}`;
  return refuse(ResponseCode.SYSTEM_ERROR, `Cannot tell how far groups are: ${reason}`);
}

/** Of one topic, or of all that the group has an offset in; undefined when these are too many. */
async function statsOf(
  context: ConsumeStatsContext,
  group: string,
  topic: string | undefined,
): Promise<ConsumeStats | undefined> {
  const turn = new Turn(context.runtime.clock);
  const queues: Progress = [];
  let consumeTps = 0;
  for (const each of topic === undefined ? context.offsets.topicsOf(group) : [topic]) {
    if (!reads(context, group, each)) continue;
    await addProgress(context, group, each, turn, queues);
    if (queues.length > QUEUES_MAX) return undefined;
    consumeTps += context.stats.counts.getTps(each, group);
  }
  return { consumeTps, queues };
}

/** Of all groups; undefined when these are too many. */
async function allStats(
  context: ConsumeStatsContext,
  isOrder: boolean,
): Promise<Uint8Array | undefined> {
  const { groups, offsets, topics, address, runtime } = context;
  const turn = new Turn(runtime.clock);
  const list: [string, ConsumeStats[]][] = [];
  let sum = 0;
  let count = 0;
  for (const group of [...groups.all().keys()]) {
    const all: ConsumeStats[] = [];
    for (const topic of offsets.topicsOf(group)) {
      if (!reads(context, group, topic) || (isOrder && !topics.get(topic)?.order)) continue;
      const queues: Progress = [];
      await addProgress(context, group, topic, turn, queues);
      if ((count += queues.length) > QUEUES_MAX) return undefined;
      const stats = { consumeTps: context.stats.counts.getTps(topic, group), queues };
      sum += totalDiff(stats);
      all.push(stats);
    }
    list.push([group, all]);
  }
  const brokerAddr = addressText(address);
  return formatConsumeStatsList({ brokerAddr, groups: list, totalDiff: sum });
}

/** False for a topic that is gone, and for one that a group which is online reads no more. */
function reads({ topics, clients }: ConsumeStatsContext, group: string, topic: string): boolean {
  if (topics.get(topic) === undefined) return false;
  const online = clients.consumerGroup(group);
  return online === undefined || online.subscriptions.size === 0 || online.subscriptions.has(topic);
}

async function addProgress(
  { config, store, topics, offsets }: ConsumeStatsContext,
  group: string,
  topic: string,
  turn: Turn,
  into: Progress,
): Promise<void> {
  const { brokerName } = config;
  const count = topics.get(topic)?.readQueueNums ?? 0;
  for (let queueId = 0; queueId < count; queueId++) {
    if (turn.isOver()) await turn.next();
    const queue = store.queues.get(topic, queueId);
    const brokerOffset = queue?.maxOffset ?? 0;
    const start = queue?.start ?? 0;
    const stored = offsets.of(group, topic, queueId) ?? 0;
    const consumerOffset = start > 0 ? Math.max(start, stored) : stored;
    const time = queue && consumerOffset > start
      ? storeTimeOf(store.log, queue, consumerOffset - 1)
      : 0;
    const lastTimestamp = Math.max(0, time);
    into.push([{ brokerName, queueId, topic }, { brokerOffset, consumerOffset, lastTimestamp }]);
  }
}
