import { utf8 } from "../base/bytes.ts";
import type { Dir } from "../ports/fs.ts";
import type { Runtime } from "../ports/host.ts";
import type { Handler } from "../rpc/peer.ts";
import { SCHEDULE_TOPIC } from "../store/delay.ts";
import { usedPercent } from "../store/retention/disk_space.ts";
import { earliestStoreTime } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import { OUR_VERSION } from "../wire/command.ts";
import type { DelayProgress } from "./delay_progress.ts";
import { doubleText } from "../wire/broker_stats.ts";
import { sizeText } from "../wire/size_text.ts";
import { PARKED_MAX } from "./parked.ts";
import { WAITING_MAX } from "./puts.ts";
import { type Meter, ratesText, stallsText, type Stats } from "./stats.ts";

/** What runtime info tells of. */
export interface RuntimeInfoContext {
  readonly runtime: Pick<Runtime, "clock" | "memory">;
  readonly store: Store;
  readonly disk: Dir;
  readonly queueDisk: Dir;
  readonly stats: Stats;
  readonly delay: Pick<DelayProgress, "levels">;
  /** ms since 1970. */
  readonly startedAt: number;
  /** Pulls that wait for a message. */
  readonly parked: () => number;
  /** Messages that wait for a slave or the disk. */
  readonly waiting: () => number;
}

const OUR_VERSION_NAME = "V4_9_7";

/**
 * Requests are handled in the turn that reads them, and no lock guards the log: there is nothing that these
 * could wait in. Only a send waits, for a slave or the disk; a pull that is parked waits for a message.
 */
const NO_QUEUES = {
  sendThreadPoolQueueHeadWaitTimeMills: 0,
  pullThreadPoolQueueSize: 0,
  pullThreadPoolQueueCapacity: 0,
  pullThreadPoolQueueHeadWaitTimeMills: 0,
  queryThreadPoolQueueSize: 0,
  queryThreadPoolQueueCapacity: 0,
  queryThreadPoolQueueHeadWaitTimeMills: 0,
  EndTransactionQueueSize: 0,
  EndTransactionThreadPoolQueueCapacity: 0,
  pageCacheLockTimeMills: 0,
};

/** Handler of 28: name and value pairs, all text, by the names tools look for. Source: AdminBrokerProcessor. */
export function runtimeInfoHandler(context: RuntimeInfoContext): [number, Handler] {
  return [RequestCode.GET_BROKER_RUNTIME_INFO, () => ({
    code: ResponseCode.SUCCESS,
    body: utf8(JSON.stringify({ table: tableOf(context) })),
  })];
}

function tableOf(context: RuntimeInfoContext): Record<string, string> {
  const { runtime, store, disk, queueDisk, stats, startedAt, parked, waiting } = context;
  const { log } = store;
  const now = runtime.clock.now();
  const { usedBytes, freeBytes } = disk.space();
  const totalBytes = usedBytes + freeBytes;
  const values: Record<string, string | number> = {
    brokerVersionDesc: OUR_VERSION_NAME,
    brokerVersion: OUR_VERSION,
    brokerActive: "true",
    bootTimestamp: startedAt,
    startAcceptSendRequestTimeStamp: 0, // the time before which sends are refused: there is none
    runtime: durationText(now - startedAt),
    putTps: ratesText(stats.put),
    getFoundTps: ratesText(stats.found),
    getMissTps: ratesText(stats.missed),
    getTotalTps: ratesText(stats.found, stats.missed),
    getTransferedTps: ratesText(stats.got),
    getTransferredTps: ratesText(stats.got),
    ...totalsOf("msgPut", stats.put),
    ...totalsOf("msgGet", stats.got),
    ...putsOf(context),
    getMessageEntireTimeMax: Math.round(stats.longestReadMs),
    commitLogMinOffset: log.minOffset,
    commitLogMaxOffset: log.tail,
    commitLogDiskRatio: usedPercent({ usedBytes, freeBytes }) / 100,
    [`commitLogDiskRatio_${disk.path}`]: usedPercent({ usedBytes, freeBytes }) / 100,
    consumeQueueDiskRatio: usedPercent(queueDisk.space()) / 100,
    commitLogDirCapacity: `Total : ${sizeText(totalBytes)}, Free : ${sizeText(freeBytes)}.`,
    dispatchBehindBytes: log.tail - store.dispatch.position,
    remainHowManyDataToFlush: sizeText(log.tail - log.durable),
    sendThreadPoolQueueSize: waiting(),
    sendThreadPoolQueueCapacity: WAITING_MAX,
    parkedPulls: parked(),
    parkedPullsMax: PARKED_MAX,
    ...NO_QUEUES,
    dispatchMaxBuffer: 0,
    remainTransientStoreBufferNumbs: 2 ** 31 - 1, // there is no such pool
    eventLoopStallMills: stallsText(stats.stalls.all),
    eventLoopOwnStallMills: stallsText(stats.stalls.own),
    eventLoopStallsOver50Mills: stats.stalls.all.long,
    eventLoopOwnStallsOver50Mills: stats.stalls.own.long,
    earliestMessageTimeStamp: earliestStoreTime(log),
    residentBytes: runtime.memory().residentBytes,
    ...heldOf(context),
    ...delayedOf(context),
  };
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value)]));
}

/** What went into the log since the start, and how long its writes took. */
function putsOf(
  { store, stats: { put, putTimes } }: RuntimeInfoContext,
): Record<string, string | number> {
  const bytes = Math.max(0, store.log.tail - store.born);
  return {
    putMessageTimesTotal: put.total,
    putMessageSizeTotal: bytes,
    putMessageAverageSize: doubleText(put.total === 0 ? 0 : bytes / put.total),
    putMessageFailedTimes: putTimes.failed,
    putMessageDistributeTime: putTimes.text,
    putMessageEntireTimeMax: Math.round(putTimes.longestMs),
    putLatency99: putTimes.withinMs(990).toFixed(2),
    putLatency999: putTimes.withinMs(999).toFixed(2),
  };
}

/** Why nothing is stored now; no such key while messages are. */
function heldOf({ store }: RuntimeInfoContext): Record<string, string> {
  const { refusal } = store.log.gate;
  return refusal === undefined ? {} : { storeHeld: refusal };
}

/** How far delayed messages are delivered: of each level the next one and the end of its queue. */
function delayedOf({ store, delay }: RuntimeInfoContext): Record<string, string> {
  const done: Record<string, string> = {};
  for (const [level, next] of delay.levels) {
    const end = store.queues.get(SCHEDULE_TOPIC, level - 1)?.maxOffset ?? 0;
    done[`scheduleMessageOffset_${level}`] = `${next},${end}`;
  }
  return done;
}

/** Three totals since the start: tools subtract one from the next, and fail when one is missing. */
function totalsOf(name: string, meter: Meter): Record<string, number> {
  return {
    [`${name}TotalYesterdayMorning`]: meter.yesterdayMorning,
    [`${name}TotalTodayMorning`]: meter.todayMorning,
    [`${name}TotalTodayNow`]: meter.total,
  };
}

function durationText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const [days, hours, minutes] = [86_400, 3_600, 60].map((unit) => Math.floor(seconds / unit));
  return `[ ${days} days, ${hours % 24} hours, ${minutes % 60} minutes, ${seconds % 60} seconds ]`;
}
