import { assert } from "@std/assert";
import { silentLog } from "../../../src/base/log.ts";
import { type Topic, type TopicOptions, Topics } from "../../../src/broker/topics.ts";
import type { Reply } from "../../../src/wire/command.ts";
import { VirtualClock } from "../../support/clock.ts";
import type { MemFs } from "../../support/mem_fs.ts";
import { TOPIC_OPTIONS } from "../../support/table_broker.ts";

export function topicsOn(fs: MemFs, options: Partial<TopicOptions> = {}, follows = false) {
  const clock = new VirtualClock();
  const topics = new Topics(
    { ...TOPIC_OPTIONS, ...options },
    { dir: fs.dir("/config"), clock, log: silentLog, follows },
  );
  topics.load();
  return { topics, clock };
}

export const send = (topic: string, more = {}) => ({
  topic,
  defaultTopic: "TBW102",
  defaultTopicQueueNums: 4,
  unitMode: false,
  ...more,
});

export function made(result: Topic | Reply): Topic {
  assert("bytes" in result, JSON.stringify(result));
  return result;
}

export function refused(result: Topic | Reply): Reply {
  assert("code" in result, "a topic came");
  return result;
}

export const shape = ({ perm, readQueueNums, writeQueueNums }: Topic) => [
  readQueueNums,
  writeQueueNums,
  perm,
];
