import { utf8 } from "../base/bytes.ts";
import { doubleText } from "./broker_stats.ts";
import { readSubscription, type Subscription, subscriptionJson } from "./heartbeat.ts";
import { JsonBody, textItem } from "./json_body.ts";
import { type ByQueue, formatByQueue, readByQueue } from "./queue_map.ts";

/** What a member holds of one queue; Java's names in its order. Times are ms since 1970. Source: ProcessQueueInfo. */
export interface QueueHeld {
  readonly cachedMsgCount: number;
  readonly cachedMsgMaxOffset: number;
  readonly cachedMsgMinOffset: number;
  readonly cachedMsgSizeInMiB: number;
  readonly commitOffset: number;
  readonly droped: boolean;
  readonly lastConsumeTimestamp: number;
  readonly lastLockTimestamp: number;
  readonly lastPullTimestamp: number;
  readonly locked: boolean;
  readonly transactionMsgCount: number;
  readonly transactionMsgMaxOffset: number;
  readonly transactionMsgMinOffset: number;
  readonly tryUnlockTimes: number;
}

/** How fast a member reads one topic. Source: ConsumeStatus. */
export interface TopicPace {
  /** Over the last hour. */
  readonly consumeFailedMsgs: number;
  readonly consumeFailedTPS: number;
  readonly consumeOKTPS: number;
  /** ms. */
  readonly consumeRT: number;
  readonly pullRT: number;
  readonly pullTPS: number;
}

/** What a member of a group does at the moment: the body of answer 307. Source: ConsumerRunningInfo. */
export interface RunningInfo {
  /** Stacks of its threads, when they were asked for. */
  readonly jstack?: string;
  readonly queues: ByQueue<QueueHeld>;
  /** Its settings, in its own words. */
  readonly properties: ReadonlyMap<string, string>;
  /** By topic. */
  readonly paces: ReadonlyMap<string, TopicPace>;
  readonly subscriptions: readonly Subscription[];
}

/** @throws {FieldError} */
export function parseRunningInfo(body: Uint8Array): RunningInfo {
  const info = JsonBody.parse(body);
  const properties = new Map<string, string>();
  for (const [name, value, path] of info.each("properties")) {
    if (value !== null) properties.set(name, textItem(value, path));
  }
  const paces = new Map<string, TopicPace>();
  for (const [topic, value, path] of info.each("statusTable")) {
    paces.set(topic, readPace(JsonBody.of(value, path)));
  }
  const jstack = info.textOr("jstack", undefined);
  return {
    ...jstack !== undefined && { jstack },
    queues: readByQueue(info, "mqTable", (value, path) => readHeld(JsonBody.of(value, path))),
    properties,
    paces,
    subscriptions: info.list(
      "subscriptionSet",
      (item, path) => readSubscription(JsonBody.of(item, path)),
    ),
  };
}

/** The body of a member's answer to 307. */
export function formatRunningInfo(info: RunningInfo): Uint8Array {
  const { jstack, queues, properties, paces, subscriptions } = info;
  const stacks = jstack === undefined ? "" : `"jstack":${JSON.stringify(jstack)},`;
  const held = formatByQueue(queues, (queue) => JSON.stringify(queue));
  const settings = JSON.stringify(Object.fromEntries(properties));
  const status = Array.from(paces, ([topic, pace]) => `${JSON.stringify(topic)}:${paceText(pace)}`);
  const reads = JSON.stringify(subscriptions.map(subscriptionJson));
  return utf8(
    `{${stacks}"mqTable":${held},"properties":${settings},"statusTable":{${status.join(",")}},` +
      `"subscriptionSet":${reads}}`,
  );
}

function readHeld(queue: JsonBody): QueueHeld {
  const number = (name: string) => queue.long(name, 0);
  return {
    cachedMsgCount: number("cachedMsgCount"),
    cachedMsgMaxOffset: number("cachedMsgMaxOffset"),
    cachedMsgMinOffset: number("cachedMsgMinOffset"),
    cachedMsgSizeInMiB: number("cachedMsgSizeInMiB"),
    commitOffset: number("commitOffset"),
    droped: queue.flag("droped", false),
    lastConsumeTimestamp: number("lastConsumeTimestamp"),
    lastLockTimestamp: number("lastLockTimestamp"),
    lastPullTimestamp: number("lastPullTimestamp"),
    locked: queue.flag("locked", false),
    transactionMsgCount: number("transactionMsgCount"),
    transactionMsgMaxOffset: number("transactionMsgMaxOffset"),
    transactionMsgMinOffset: number("transactionMsgMinOffset"),
    tryUnlockTimes: number("tryUnlockTimes"),
  };
}

function readPace(pace: JsonBody): TopicPace {
  return {
    consumeFailedMsgs: pace.long("consumeFailedMsgs", 0),
    consumeFailedTPS: pace.real("consumeFailedTPS", 0),
    consumeOKTPS: pace.real("consumeOKTPS", 0),
    consumeRT: pace.real("consumeRT", 0),
    pullRT: pace.real("pullRT", 0),
    pullTPS: pace.real("pullTPS", 0),
  };
}

function paceText(pace: TopicPace): string {
  const { consumeFailedMsgs, consumeFailedTPS, consumeOKTPS, consumeRT, pullRT, pullTPS } = pace;
  const reals = Object.entries({ consumeFailedTPS, consumeOKTPS, consumeRT, pullRT, pullTPS });
  const texts = reals.map(([name, value]) => `"${name}":${doubleText(value)}`);
  return `{"consumeFailedMsgs":${consumeFailedMsgs},${texts.join(",")}}`;
}
