import type { RunningInfo } from "../../admin/members.ts";
import type { QueueHeld } from "../../wire/running_info.ts";
import { tableOf } from "../table.ts";
import { localTime } from "./print.ts";

const MINUTE_MS = 60_000;

/** All that a client tells of itself, as mqadmin prints it. */
export function infoText(info: RunningInfo): string {
  const settings = [...info.properties].map(([name, value]) => `${name.padEnd(40)}: ${value}\n`);
  const reads = [...info.subscriptions].sort((a, b) => a.topic < b.topic ? -1 : 1)
    .map(({ topic, classFilterMode, subString }, at) => [
      `${String(at + 1).padStart(3, "0")} Topic: ${topic}`,
      `ClassFilter: ${classFilterMode}`,
      `SubExpression: ${subString}`,
    ]);
  const queues = [...info.queues].sort(([a], [b]) =>
    a.topic === b.topic ? a.queueId - b.queueId : a.topic < b.topic ? -1 : 1
  );
  const place = ["#Topic", "#Broker Name", "#QID"];
  const offsets = queues.map(([{ topic, brokerName, queueId }, { commitOffset }]) => [
    ...[topic, brokerName, String(queueId), String(commitOffset)],
  ]);
  const held = queues.map(([{ topic, brokerName, queueId }, queue]) => [
    ...[topic, brokerName, String(queueId), heldText(queue)],
  ]);
  return `#Consumer Properties#\n${settings.join("")}` +
    `\n\n#Consumer Subscription#\n${tableOf(reads)}` +
    `\n\n#Consumer Offset#\n${tableOf([[...place, "#Consumer Offset"], ...offsets])}` +
    `\n\n#Consumer MQ Detail#\n${tableOf([[...place, "#ProcessQueueInfo"], ...held])}` +
    `\n\n#Consumer RT&TPS#\n${pacesText(info)}` +
    (info.jstack === undefined ? "" : `\n\n#Consumer jstack#\n${info.jstack}\n`);
}

/** The same, for a line of JSON. */
export function infoJson(info: RunningInfo): Record<string, unknown> {
  const { queues, properties, paces, subscriptions, jstack } = info;
  return {
    properties: Object.fromEntries(properties),
    subscriptions: subscriptions.map(({ topic, subString, expressionType }) => ({
      ...{ topic, subString, expressionType },
    })),
    queues: queues.map(([queue, held]) => ({ ...queue, ...held })),
    paces: Object.fromEntries(paces),
    jstack,
  };
}

/** Whether clients that have had two minutes to settle read the same; those that pull may differ. */
export function sameSubscriptions(clients: readonly RunningInfo[], now: number): boolean {
  const texts = clients
    .filter((info) => isPushed(info) && now - startOf(info) > 2 * MINUTE_MS)
    .map(({ subscriptions }) =>
      subscriptions.map(({ topic, subString }) => `${topic}\n${subString}`).sort().join("\n\n")
    );
  return new Set(texts).size <= 1;
}

/** Queues of a client that do not get on, a line each. */
export function stuckQueues(clientId: string, info: RunningInfo, now: number): string[] {
  if (!isPushed(info)) return [];
  const inOrder = info.properties.get("PROP_CONSUMEORDERLY") === "true";
  return info.queues.flatMap(([{ topic, brokerName, queueId }, held]) => {
    const who =
      `${clientId} MessageQueue [topic=${topic}, brokerName=${brokerName}, queueId=${queueId}]`;
    const idle = now - held.lastConsumeTimestamp;
    if (!inOrder) {
      if (idle <= MINUTE_MS || held.cachedMsgCount === 0) return [];
      return [`${who} can't consume for a while, maybe blocked, ${idle}ms`];
    }
    if (held.droped) {
      return held.tryUnlockTimes > 0
        ? [`${who} unlock ${held.tryUnlockTimes} times, still failed`]
        : [];
    }
    return held.locked ? [] : [`${who} can't lock for a while, ${now - held.lastLockTimestamp}ms`];
  });
}

function isPushed({ properties }: RunningInfo): boolean {
  return properties.get("PROP_CONSUME_TYPE") === "CONSUME_PASSIVELY";
}

function startOf({ properties }: RunningInfo): number {
  return Number(properties.get("PROP_CONSUMER_START_TIMESTAMP") ?? 0);
}

/** What Java prints of the object: its names, times without separators. */
function heldText(held: QueueHeld): string {
  const fields = {
    commitOffset: held.commitOffset,
    cachedMsgMinOffset: held.cachedMsgMinOffset,
    cachedMsgMaxOffset: held.cachedMsgMaxOffset,
    cachedMsgCount: held.cachedMsgCount,
    cachedMsgSizeInMiB: held.cachedMsgSizeInMiB,
    transactionMsgMinOffset: held.transactionMsgMinOffset,
    transactionMsgMaxOffset: held.transactionMsgMaxOffset,
    transactionMsgCount: held.transactionMsgCount,
    locked: held.locked,
    tryUnlockTimes: held.tryUnlockTimes,
    lastLockTimestamp: digits(held.lastLockTimestamp),
    droped: held.droped,
    lastPullTimestamp: digits(held.lastPullTimestamp),
    lastConsumeTimestamp: digits(held.lastConsumeTimestamp),
  };
  const texts = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
  return `ProcessQueueInfo [${texts.join(", ")}]`;
}

function pacesText({ paces }: RunningInfo): string {
  const titles = [
    ...["#Topic", "#Pull RT", "#Pull TPS", "#Consume RT", "#ConsumeOK TPS"],
    ...["#ConsumeFailed TPS", "#ConsumeFailedMsgsInHour"],
  ];
  const rows = [...paces].sort(([a], [b]) => a < b ? -1 : 1).map(([topic, pace]) => [
    topic,
    ...[pace.pullRT, pace.pullTPS, pace.consumeRT, pace.consumeOKTPS, pace.consumeFailedTPS]
      .map((rate) => rate.toFixed(2)),
    String(pace.consumeFailedMsgs),
  ]);
  return tableOf([titles, ...rows]);
}

/** A moment on this machine's clock as 20260131120000123. */
function digits(ms: number): string {
  return localTime(ms).replace(/\D/g, "");
}
