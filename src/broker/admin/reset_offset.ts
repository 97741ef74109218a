import type { Handler } from "../../rpc/peer.ts";
import { offsetAt } from "../../store/records.ts";
import type { Store } from "../../store/store.ts";
import { RequestCode, ResponseCode } from "../../wire/codes.ts";
import { refuse, type Reply } from "../../wire/command.ts";
import { formatOffsetsBody, type QueueNumber } from "../../wire/queue_numbers.ts";
import {
  formatResetOrder,
  parseResetOffset,
  type ResetOffset,
  TO_THE_END,
} from "../../wire/reset_offset.ts";
import type { Clients } from "../clients.ts";
import type { Offsets } from "../offsets.ts";
import type { Topics } from "../topics.ts";

/** What a reset needs of its broker. */
export interface ResetContext {
  readonly brokerName: string;
  readonly store: Pick<Store, "log" | "queues" | "nextQueueOffset">;
  readonly topics: Pick<Topics, "get">;
  readonly offsets: Pick<Offsets, "of">;
  readonly clients: Pick<Clients, "consumerGroup">;
}

/**
 * Handler of 222: a group goes on where the queues were at a time. Only its members can change their minds, so
 * each is told, and each commits the new offset itself. Source: Broker2Client.resetOffset.
 */
export function resetOffsetHandler(context: ResetContext): [number, Handler] {
  const reset: Handler = ({ ext }) => {
    const asked = parseResetOffset(ext);
    const found = newOffsets(context, asked);
    return Array.isArray(found) ? tellMembers(context, asked, found) : found as Reply;
  };
  return [RequestCode.INVOKE_BROKER_TO_RESET_OFFSET, reset];
}

/** Where the group shall go on in each queue, or why it cannot. */
function newOffsets(context: ResetContext, asked: ResetOffset): QueueNumber[] | Reply {
  const { topics, offsets, brokerName } = context;
  const { topic, group } = asked;
  const config = topics.get(topic);
  if (config === undefined) return cannot(asked, "there is no such topic");
  const found: QueueNumber[] = [];
  const queues = asked.only === undefined ? config.writeQueueNums : config.readQueueNums;
  for (let queueId = 0; queueId < queues; queueId++) {
    if (asked.only !== undefined && asked.only.queueId !== queueId) continue;
    const now = offsets.of(group, topic, queueId);
    if (now === undefined) return cannot(asked, `the group has no offset yet in queue ${queueId}`);
    const wanted = wantedOffset(context, asked, queueId);
    const offset = asked.isForced || wanted < now ? wanted : now;
    found.push([{ brokerName, topic, queueId }, offset]);
  }
  if (found.length === 0) return cannot(asked, `the topic has no queue ${asked.only?.queueId}`);
  return found;
}

function wantedOffset({ store }: ResetContext, asked: ResetOffset, queueId: number): number {
  const { topic, timestamp, only } = asked;
  const end = store.nextQueueOffset(topic, queueId);
  const queue = store.queues.get(topic, queueId);
  if (only !== undefined) return Math.min(end, Math.max(only.queueOffset, queue?.minOffset ?? 0));
  return timestamp === TO_THE_END ? end : offsetAt(store.log, queue, timestamp);
}

function tellMembers(
  { clients }: ResetContext,
  asked: ResetOffset,
  offsets: readonly QueueNumber[],
): Reply {
  const members = clients.consumerGroup(asked.group)?.members;
  if (members === undefined) {
    return refuse(
      ResponseCode.CONSUMER_NOT_ONLINE,
      `Cannot reset "${asked.group}" in "${asked.topic}": no member is online, commit its offsets`,
    );
  }
  const [map, list] = (["map", "list"] as const).map((form) =>
    formatResetOrder(asked, offsets, form)
  );
  for (const [peer, { language }] of members) peer.tell(language === "CPP" ? list : map);
  return { code: ResponseCode.SUCCESS, body: formatOffsetsBody(offsets) };
}

function cannot({ group, topic }: ResetOffset, reason: string): Reply {
  return refuse(ResponseCode.SYSTEM_ERROR, `Cannot reset "${group}" in "${topic}": ${reason}`);
}
