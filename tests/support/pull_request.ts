import type { Request } from "../../src/wire/command.ts";
import { formatPull, PULL_FLAG } from "../../src/wire/pull.ts";

/** A pull of up to 32 messages that does not wait; it wants everything, or what an SQL92 expression wants. */
export function pullRequest(
  topic: string,
  queueId: number,
  queueOffset: number,
  sql?: string,
): Request {
  return formatPull({
    consumerGroup: "CID_RMQ_SYS_test",
    topic,
    queueId,
    queueOffset,
    maxMessages: 32,
    sysFlag: PULL_FLAG.subscription,
    commitOffset: 0,
    holdMs: 0,
    subscription: sql ?? "*",
    subVersion: 0,
    expressionType: sql === undefined ? "TAG" : "SQL92",
  });
}
