import { byTopic, type QueueTally, statStore, type StoreStat } from "../store/inspect/stat.ts";
import { StoredStore, type StorePlace } from "../store/inspect/stored.ts";
import type { Context } from "./command.ts";
import { Exit } from "./exit.ts";
import { timeText } from "./log_record.ts";
import { Progress } from "./progress.ts";
import { tableOf } from "./table.ts";
import { bytesText, countText } from "./units.ts";

const NONE = "-";

/** What the flags of `log stat` say. */
export interface StatFlags {
  readonly json: boolean;
  /** A line for each queue, not for each topic. */
  readonly queues: boolean;
}

/** `pocketmq log stat` */
export function stat(
  { runtime, terminal }: Pick<Context, "runtime" | "terminal">,
  place: StorePlace,
  flags: StatFlags,
): number {
  using store = new StoredStore(place);
  const progress = new Progress(terminal, store.log.length * store.log.fileBytes);
  let counted: StoreStat;
  try {
    counted = statStore(store, runtime.codecs, (done) => progress.at(done));
  } finally {
    progress.end();
  }
  const path = (place.root ?? place.logDirs[0]).path;
  terminal.stdout(flags.json ? statJson(path, counted) : statText(path, counted, flags.queues));
  return Exit.OK;
}

/** The store as one line of JSON, then each topic, then each queue. */
function statJson(path: string, { queues, ...store }: StoreStat): string {
  const topics = byTopic(queues);
  return [
    { kind: "store", store: path, topics: topics.length, queues: queues.length, ...store },
    ...topics.map((topic) => ({ kind: "topic", ...topic })),
    ...queues.map((queue) => ({ kind: "queue", ...queue })),
  ].map((line) => JSON.stringify(line) + "\n").join("");
}

function statText(path: string, counted: StoreStat, each: boolean): string {
  const { isOpen, queues } = counted;
  const head = `${path}${isOpen ? ", which a broker has open or did not close" : ""}\n`;
  const rows = each ? queueRows(queues) : topicRows(queues);
  return head + tableOf(storeRows(counted), "  ") + (rows.length > 1 ? `\n${tableOf(rows)}` : "");
}

function storeRows(counted: StoreStat): string[][] {
  const { log, all, halves, largest, queues, queueFiles, checkpoint, indexes } = counted;
  const { physicMs, logicsMs, indexMs } = checkpoint;
  const items = indexes.reduce((sum, { count }) => sum + count, 0);
  return [
    [
      "log",
      `${countText(log.files, "file")} of ${bytesText(log.fileBytes)}, ${log.min} to ${log.end}`,
    ],
    ["records", recordsText(all, halves)],
    ["stored", all.records > 0 ? spanText(all) : NONE],
    ["largest", largest ? `${bytesText(largest.size)} at ${largest.logOffset}` : NONE],
    ["filler", `${log.fillerBytes} bytes`],
    ...(log.damaged > 0 ? [["damaged", `${log.damaged} places, see pocketmq log verify`]] : []),
    [
      "queues",
      `${queues.length} of ${byTopic(queues).length} topics, ${countText(queueFiles, "file")}`,
    ],
    ["index", `${countText(indexes.length, "file")}, ${countText(items, "key")}`],
    ["checkpoint", `log ${time(physicMs)}, queues ${time(logicsMs)}, index ${time(indexMs)}`],
  ];
}

function recordsText({ records, bytes }: StoreStat["all"], halves: number): string {
  const mean = records > 0 ? `, ${bytesText(bytes / records)} on average` : "";
  return `${records}, ${bytesText(bytes)}${mean}${
    halves > 0 ? `; ${halves} prepared or rolled back` : ""
  }`;
}

function spanText({ oldestMs, newestMs }: StoreStat["all"]): string {
  return `${timeText(oldestMs)} to ${timeText(newestMs)}`;
}

function topicRows(queues: readonly QueueTally[]): string[][] {
  return [
    ["TOPIC", "QUEUES", "RECORDS", "BYTES", "OLDEST", "NEWEST"],
    ...byTopic(queues).sort((a, b) => b.bytes - a.bytes).map((topic) => [
      topic.topic,
      String(topic.queues),
      String(topic.records),
      bytesText(topic.bytes),
      time(topic.oldestMs),
      time(topic.newestMs),
    ]),
  ];
}

function queueRows(queues: readonly QueueTally[]): string[][] {
  return [
    ["TOPIC", "QUEUE", "MIN", "MAX", "RECORDS", "BYTES", "OLDEST", "NEWEST"],
    ...queues.map((queue) => [
      queue.topic,
      String(queue.queueId),
      String(queue.minOffset),
      String(queue.maxOffset),
      String(queue.records),
      bytesText(queue.bytes),
      time(queue.oldestMs),
      time(queue.newestMs),
    ]),
  ];
}

/** A time that may be unknown. */
function time(ms: number): string {
  return ms === 0 ? NONE : timeText(ms);
}
