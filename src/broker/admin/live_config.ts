import { TEMPLATE_TOPIC } from "../topic_rules.ts";
import type { Topics } from "../topics.ts";
import { type BrokerConfig, type ConfigKey, options } from "../config.ts";
import { settingText } from "../config_handlers.ts";
import { javaKeys, lackingWhenTrue, refusedWhenTrue } from "../java_keys.ts";
import type { Listeners } from "../listeners.ts";
import type { Option } from "../option.ts";
import { ResponseCode } from "../../wire/codes.ts";
import { refuse, type Reply } from "../../wire/command.ts";

/** Keys whose values are read where they are used, so that a change counts at once. All others are taken at the start. */
export const LIVE_KEYS = [
  "brokerPermission",
  "autoCreateTopicEnable",
  "autoCreateSubscriptionGroup",
  "notifyConsumerIdsChangedEnable",
  "longPollingEnable",
  "slaveReadEnable",
  "enablePropertyFilter",
  "fileReservedTime",
  "deleteWhen",
  "cleanFileForciblyEnable",
  "diskMaxUsedSpaceRatio",
  "diskSpaceCleanForciblyRatio",
  "diskSpaceWarningLevelRatio",
  "diskSpaceEnough",
  "haSlaveFallbehindMax",
  "rejectTransactionMessage",
  "transactionTimeOut",
  "transactionCheckMax",
  "transactionCheckInterval",
] as const satisfies readonly ConfigKey[];

/** One change that was found fit. */
export interface Change {
  readonly key: ConfigKey;
  readonly text: string;
  readonly value: unknown;
}

/** What a node was told, as it is now: its live keys may change. Nobody but this file writes into it. */
export function liveConfig(config: BrokerConfig): BrokerConfig {
  return { ...config };
}

/** Says which ports were picked, where that was left to us. */
export function notePorts(config: BrokerConfig, { broker, ha }: Listeners): void {
  const values = config as { listenPort: number; haListenPort: number };
  values.listenPort = broker.address.port;
  values.haListenPort = ha.address.port;
}

/** Makes the changes count. */
export function apply(config: BrokerConfig, changes: readonly Change[]): void {
  const values = config as unknown as Record<string, unknown>;
  for (const { key, value } of changes) values[key] = value;
}

/** The changes that settings ask for, without those that change nothing; or why one of them may not be. */
export function changesOf(
  config: BrokerConfig,
  topics: Pick<Topics, "get">,
  settings: ReadonlyMap<string, string>,
): Change[] | Reply {
  const changes: Change[] = [];
  for (const [key, given] of settings) {
    const text = given.trim();
    if (isPathKey(key)) {
      // whoever may say where files lie may write anywhere
      return refuse(ResponseCode.NO_PERMISSION, `Cannot change ${key}: paths are set at the start`);
    }
    const option = optionOf(key);
    if (option === undefined) {
      const problem = unknownProblem(key, text);
      if (problem !== undefined) return problem;
      continue;
    }
    const value = option.parse(text);
    if (value === undefined) {
      return cannot(`Cannot use ${key} = ${text}: it must be ${option.wanted}`);
    }
    const now = settingText(key, config[key as ConfigKey]);
    if (settingText(key, value) === now) continue;
    if (!isLive(key) || lacksTemplate(key, value, topics)) {
      return cannot(
        `Cannot change ${key} from ${now} to ${text} while the broker runs: restart it with that`,
      );
    }
    changes.push({ key, text, value });
  }
  return changes;
}

/** Keys of Java's broker that change nothing here are taken without a word, as in a file; so are unknown ones. */
function unknownProblem(key: string, text: string): Reply | undefined {
  const means = refusedWhenTrue.get(key) ?? lackingWhenTrue.get(key);
  if (means === undefined || text.toLowerCase() !== "true") return undefined;
  return cannot(`Cannot use ${key} = true: ${means}`);
}

/** The topic that others are made after is made at the start, and only then. */
function lacksTemplate(key: string, value: unknown, topics: Pick<Topics, "get">): boolean {
  return key === "autoCreateTopicEnable" && value === true &&
    topics.get(TEMPLATE_TOPIC) === undefined;
}

/** True for keys, ours and Java's, that name a place in the file system. */
export function isPathKey(key: string): boolean {
  return /path|dir$|home|blacklist/i.test(key);
}

/** True for keys that `javaKeys` or the table of options knows. */
export function isKnown(key: string): boolean {
  return Object.hasOwn(options, key) || javaKeys.has(key) || refusedWhenTrue.has(key) ||
    lackingWhenTrue.has(key);
}

function isLive(key: string): key is typeof LIVE_KEYS[number] {
  return (LIVE_KEYS as readonly string[]).includes(key);
}

function optionOf(key: string): Option<unknown> | undefined {
  return Object.hasOwn(options, key) ? options[key as ConfigKey] : undefined;
}

function cannot(remark: string): Reply {
  return refuse(ResponseCode.SYSTEM_ERROR, remark);
}
