import type { Dir } from "../ports/fs.ts";
import type { IndexShape } from "./index/index_layout.ts";
import type { RetentionOptions } from "./retention/retention_options.ts";

/** How a store keeps and flushes. Names in brackets are RocketMQ's keys. */
export interface StoreOptions {
  /** [mappedFileSizeCommitLog] */
  readonly logFileBytes: number;
  /** [mappedFileSizeConsumeQueue] A multiple of 20. */
  readonly queueFileBytes: number;
  /** Longest body [maxMessageSize]. */
  readonly maxMessageBytes: number;
  /** [flushDiskType] */
  readonly flush: "async" | "sync";
  /** [flushIntervalCommitLog] */
  readonly flushIntervalMs: number;
  /** Dirty pages of 4096 bytes below which an interval is let pass [flushCommitLogLeastPages]. */
  readonly flushLeastPages: number;
  /** [flushCommitLogThoroughInterval] */
  readonly flushThoroughMs: number;
  /** How long a flush may take before those who wait for it hear "late" [syncFlushTimeout]. */
  readonly syncFlushTimeoutMs: number;
  /** Where the log lies, when not in `commitlog` below the store's folder [storePathCommitLog]. */
  readonly logDir?: Dir;
  /** Duration of delay level n at index n - 1 [messageDelayLevel]. */
  readonly delayLevelsMs?: readonly number[];
  /** Whether a log damaged where no crash can have torn it stops the start, or is cut there [logDamage]. */
  readonly logDamage?: "refuse" | "cut";
  /** Messages can be found by key [messageIndexEnable]. */
  readonly indexEnabled?: boolean;
  /** Slots of a file of the key index [maxHashSlotNum]. */
  readonly indexSlots?: number;
  /** Items of it [maxIndexNum]. */
  readonly indexItems?: number;
  /** When files of the log go, and when nothing is stored; RocketMQ's rules without it. */
  readonly retention?: RetentionOptions;
  /** Files of queues kept open at a time; the log has its own 64. */
  readonly openQueueFilesMax?: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Source: MessageStoreConfig.messageDelayLevel. */
export const DELAY_LEVELS_MS: readonly number[] = [
  ...[1, 5, 10, 30].map((n) => n * SECOND),
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30].map((n) => n * MINUTE),
  ...[1, 2].map((n) => n * HOUR),
];

/** RocketMQ's defaults. Source: MessageStoreConfig. */
export const STORE_DEFAULTS: StoreOptions = {
  logFileBytes: 1024 * 1024 * 1024,
  queueFileBytes: 300_000 * 20,
  maxMessageBytes: 4 * 1024 * 1024,
  flush: "async",
  flushIntervalMs: 500,
  flushLeastPages: 4,
  flushThoroughMs: 10_000,
  syncFlushTimeoutMs: 5_000,
  delayLevelsMs: DELAY_LEVELS_MS,
  indexEnabled: true,
  indexSlots: 5_000_000,
  indexItems: 20_000_000,
  openQueueFilesMax: 256,
};

/** How large the files of the key index are. */
export function indexShape({ indexSlots, indexItems }: StoreOptions): IndexShape {
  const { indexSlots: slots, indexItems: items } = STORE_DEFAULTS;
  return { slots: indexSlots ?? slots!, items: indexItems ?? items! };
}
