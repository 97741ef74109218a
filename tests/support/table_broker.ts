import { assert } from "@std/assert";
import { utf8 } from "../../src/base/bytes.ts";
import { silentLog } from "../../src/base/log.ts";
import { clientHandlers } from "../../src/broker/client_handlers.ts";
import { Clients } from "../../src/broker/clients.ts";
import { DelayProgress } from "../../src/broker/delay_progress.ts";
import { Filters } from "../../src/broker/filter/filters.ts";
import { groupHandlers } from "../../src/broker/group_handlers.ts";
import { Groups } from "../../src/broker/groups.ts";
import { lockHandlers } from "../../src/broker/lock_handlers.ts";
import { Locks } from "../../src/broker/locks.ts";
import { offsetHandlers } from "../../src/broker/offset_handlers.ts";
import { Offsets } from "../../src/broker/offsets.ts";
import { topicHandlers } from "../../src/broker/topic_handlers.ts";
import { type TopicOptions, Topics } from "../../src/broker/topics.ts";
import type { Handler, Peer } from "../../src/rpc/peer.ts";
import type { Command, ExtFields, Reply } from "../../src/wire/command.ts";
import { VirtualClock } from "./clock.ts";
import { MemFs } from "./mem_fs.ts";

/** Options about topics as a broker has them by default. */
export const TOPIC_OPTIONS: TopicOptions = {
  brokerClusterName: "DefaultCluster",
  brokerName: "broker-a",
  autoCreateTopicEnable: true,
  clusterTopicEnable: true,
  brokerTopicEnable: true,
  traceTopicEnable: false,
  defaultTopicQueueNums: 8,
};

/** A broker's tables, registries and their requests, over a file system in memory. */
export function tableBroker({ isSlave = false } = {}) {
  const clock = new VirtualClock();
  const fs = new MemFs();
  const dir = fs.dir("/config");
  const table = { dir, clock, log: silentLog, follows: isSlave };
  const topics = new Topics(TOPIC_OPTIONS, table);
  const groups = new Groups({ autoCreateSubscriptionGroup: true }, table);
  const offsets = new Offsets({ dir, clock, log: silentLog, flushConsumerOffsetInterval: 5000 });
  const delay = new DelayProgress({
    ...table,
    flushDelayOffsetInterval: 10_000,
    position: () => 0,
    safe: () => Promise.resolve(),
  });
  delay.advance(1, 7);
  topics.load();
  groups.load();
  const clients = new Clients({ clock, log: silentLog, notifies: () => true });
  const commitLog = { readAt: () => 0 };
  const filters = new Filters({ ...table, enablePropertyFilter: true, commitLog });
  const deleted: string[] = [];
  const queues = { min: 0, start: 0, onDisk: false };
  const handlers = new Map<number, Handler>([
    ...topicHandlers({
      topics,
      isSlave,
      erasing: {
        erase: (topics) => Promise.resolve(void deleted.push(...topics)),
        floors: () => new Map(),
      },
      known: () => Promise.resolve(),
    }),
    ...groupHandlers({ groups, offsets, isSlave }),
    ...offsetHandlers({
      offsets,
      queueOf: () => ({ minOffset: queues.min, start: queues.start }),
      startsOnDisk: () => queues.onDisk,
      delay,
    }),
    ...clientHandlers({ clients, filters, groups, topics }),
    ...lockHandlers(new Locks(clock)),
  ]);
  const peer = { tell() {}, close() {}, remote: { host: "127.0.0.1", port: 1 } } as unknown as Peer;
  const answer = async (command: Command): Promise<Reply> => {
    const reply = await handlers.get(command.code)!(command, peer);
    assert(reply !== undefined);
    return reply;
  };
  const ask = (code: number, ext: ExtFields = {}, body: unknown = "") =>
    answer(request(code, ext, body));
  return {
    clock,
    fs,
    topics,
    groups,
    offsets,
    clients,
    filters,
    deleted,
    queues,
    handlers,
    peer,
    answer,
    ask,
  };
}

/** A request as it comes from a Java client. */
export function request(code: number, ext: ExtFields = {}, body: unknown = ""): Command {
  return {
    form: "json",
    code,
    language: "JAVA",
    version: 407,
    opaque: 1,
    flag: 0,
    remark: undefined,
    ext,
    body: utf8(typeof body === "string" ? body : JSON.stringify(body)),
  };
}
