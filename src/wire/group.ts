import { JsonBody } from "./json_body.ts";
import { type DataVersion, formatJson, readDataVersion } from "./tables.ts";

/** A consumer group's settings, named as in their JSON. Source: SubscriptionGroupConfig. */
export interface GroupConfig {
  /** Which node consumers read from, and which one when they are far behind. */
  readonly brokerId: number;
  /** Its members may each read everything. */
  readonly consumeBroadcastEnable: boolean;
  /** Its members may read at all. */
  readonly consumeEnable: boolean;
  /** Kept for Java; nothing looks at it. */
  readonly consumeFromMinEnable: boolean;
  /** What its members call it. */
  readonly groupName: string;
  /** Members hear at once when others come or go. */
  readonly notifyConsumerIdsChangedEnable: boolean;
  /** A message that failed more often is a dead letter. */
  readonly retryMaxTimes: number;
  /** Queues of its retry topic. */
  readonly retryQueueNums: number;
  /** Node that members far behind are sent to. */
  readonly whichBrokerWhenConsumeSlowly: number;
}

/** All groups of a broker: body of 201, subscriptionGroup.json. Source: SubscriptionGroupWrapper. */
export interface GroupTable {
  readonly dataVersion: DataVersion;
  readonly groups: ReadonlyMap<string, GroupConfig>;
}

/** A group with Java's defaults. */
export function plainGroup(groupName: string): GroupConfig {
  return {
    brokerId: 0,
    consumeBroadcastEnable: true,
    consumeEnable: true,
    consumeFromMinEnable: true,
    groupName,
    notifyConsumerIdsChangedEnable: true,
    retryMaxTimes: 16,
    retryQueueNums: 1,
    whichBrokerWhenConsumeSlowly: 1,
  };
}

/** The settings in a body of request 200. @throws {FieldError} */
export function parseGroup(body: Uint8Array): GroupConfig {
  const config = JsonBody.parse(body);
  return readGroup(config.text("groupName"), config);
}

/** @throws {FieldError} */
export function parseGroupTable(body: Uint8Array | string): GroupTable {
  const table = JsonBody.parse(body);
  const groups = new Map<string, GroupConfig>();
  for (const [name, value, path] of table.each("subscriptionGroupTable")) {
    groups.set(name, readGroup(name, JsonBody.of(value, path)));
  }
  return { dataVersion: readDataVersion(table.object("dataVersion")), groups };
}

/** The JSON of the table. */
export function formatGroupTable({ dataVersion, groups }: GroupTable, pretty = false): string {
  return formatJson({ dataVersion, subscriptionGroupTable: Object.fromEntries(groups) }, pretty);
}

function readGroup(name: string, config: JsonBody): GroupConfig {
  const plain = plainGroup(name);
  const flag = (key: keyof GroupConfig) => config.flag(key, plain[key] as boolean);
  return {
    brokerId: config.whole("brokerId", plain.brokerId),
    consumeBroadcastEnable: flag("consumeBroadcastEnable"),
    consumeEnable: flag("consumeEnable"),
    consumeFromMinEnable: flag("consumeFromMinEnable"),
    groupName: name,
    notifyConsumerIdsChangedEnable: flag("notifyConsumerIdsChangedEnable"),
    retryMaxTimes: config.whole("retryMaxTimes", plain.retryMaxTimes),
    retryQueueNums: config.whole("retryQueueNums", plain.retryQueueNums),
    whichBrokerWhenConsumeSlowly: config.whole(
      "whichBrokerWhenConsumeSlowly",
      plain.whichBrokerWhenConsumeSlowly,
    ),
  };
}
