import { isInQueue } from "../store/append.ts";
import { ResponseCode } from "../wire/codes.ts";
import { refuse, type Reply } from "../wire/command.ts";
import type { SendRequest } from "../wire/send.ts";
import type { SendHints } from "./send_hints.ts";
import type { Topic } from "./topics.ts";

/** Why a message cannot be stored as it is asked for, or undefined. */
export function notSendable(
  topic: Topic,
  request: Pick<SendRequest, "queueId" | "sysFlag"> & Partial<Pick<SendRequest, "batch">>,
  { prepares }: SendHints,
): Reply | undefined {
  if (!topic.sendable) {
    return refuse(
      ResponseCode.NO_PERMISSION,
      `cannot send to "${topic.topicName}": it is the broker's own`,
    );
  }
  const queues = Math.max(topic.writeQueueNums, topic.readQueueNums);
  if (request.queueId >= queues) {
    return refuse(
      ResponseCode.SYSTEM_ERROR,
      `cannot send to queue ${request.queueId} of "${topic.topicName}": it has ${queues} queues`,
    );
  }
  if (request.queueId < 0 && topic.writeQueueNums === 0) {
    return refuse(
      ResponseCode.SYSTEM_ERROR,
      `cannot send to "${topic.topicName}": it has no queue to write to`,
    );
  }
  if (prepares && request.batch) {
    return refuse(ResponseCode.MESSAGE_ILLEGAL, "cannot prepare a transaction: it is a batch");
  }
  // by its flag alone such a message would be in no queue, so it would be answered OK and never delivered
  if (!isInQueue(request.sysFlag) && !prepares) {
    return refuse(
      ResponseCode.MESSAGE_ILLEGAL,
      `cannot prepare a transaction: TRAN_MSG is not "true"`,
    );
  }
  return undefined;
}
