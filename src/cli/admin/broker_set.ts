import { putBrokerConfig } from "../../admin/broker_changes.ts";
import { brokerConfig } from "../../admin/brokers.ts";
import type { Lines } from "../../admin/lines.ts";
import { nearest } from "../../base/nearest.ts";
import type { Context } from "../command.ts";
import { Exit, UsageError } from "../exit.ts";
import { jsonLine } from "./reach.ts";

/**
 * Keys that a Java broker takes, keeps in its file and reads only when it starts. Ours refuses those it reads
 * only then.
 */
const AT_START =
  /Port$|ThreadPool|ThreadNums$|QueueCapacity$|^storePath|^mappedFileSize|^broker(Name|Id|Role|ClusterName|IP[12])$|^(flushDiskType|maxHashSlotNum|maxIndexNum|messageDelayLevel|haMasterAddress|aclEnable|duplicationEnable|enableDLegerCommitLog)$|^transientStorePool|^rocketmqHome$|Worker/i;

/** What --set says. @throws {UsageError} */
export function settingsOf(given: readonly string[]): Map<string, string> {
  return new Map(given.map((text) => {
    const at = text.indexOf("=");
    if (at > 0) return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
    throw new UsageError(`--set is "${text}", it must be KEY=VALUE`);
  }));
}

/** A setting that was changed. */
export interface Changed {
  readonly key: string;
  readonly value: string;
  readonly before: string;
  /** Whether it counts from now on, or only when the broker has started again. */
  readonly counts: "now" | "after a restart";
}

/** Changes settings of a broker, all or none, and says from when on each of them counts. */
export async function setConfig(
  { terminal }: Pick<Context, "terminal">,
  lines: Pick<Lines, "calls">,
  address: string,
  { settings, json }: { readonly settings: ReadonlyMap<string, string>; readonly json: boolean },
): Promise<number> {
  const before = await brokerConfig(lines, address);
  const unknown = [...settings.keys()].find((key) => !before.has(key));
  if (unknown !== undefined) {
    const meant = nearest(unknown, before.keys());
    const hint = meant ? `, did you mean ${meant}?` : ".";
    terminal.stderr(`pocketmq: ${address} has no key ${unknown}${hint} Nothing was changed\n`);
    return Exit.FAILED;
  }
  const remark = await putBrokerConfig(lines, address, settings);
  const after = await brokerConfig(lines, address);
  const ignored = new Map(
    [...settings].filter(([key, value]) => {
      const has = after.get(key);
      return has !== value && has === before.get(key); // it may write the value in another way
    }),
  );
  const changed = [...settings.keys()].filter((key) => !ignored.has(key))
    .map((key) => changeOf(key, before.get(key) ?? "", after.get(key) ?? ""));
  terminal.stdout(
    changed.map((one) => json ? jsonLine({ broker: address, ...one }) : changedText(one)).join(""),
  );
  if (remark !== "") terminal.stderr(`pocketmq: ${address} says: ${remark}\n`);
  for (const [key, value] of ignored) {
    const has = after.get(key);
    terminal.stderr(`pocketmq: ${address} took ${key} = ${value} and has ${has} nevertheless\n`);
  }
  return ignored.size > 0 ? Exit.FAILED : Exit.OK;
}

function changeOf(key: string, before: string, value: string): Changed {
  const later = before !== value && AT_START.test(key);
  return { key, value, before, counts: later ? "after a restart" : "now" };
}

/** A change in a line. */
export function changedText({ key, value, before, counts }: Changed): string {
  if (before === value) return `${key} is ${value} already\n`;
  return `${key}: ${before === "" ? "(empty)" : before} -> ${value}, ${
    counts === "now" ? "at once" : "when the broker has started again"
  }\n`;
}
