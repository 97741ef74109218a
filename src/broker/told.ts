import type { MasterOptions } from "../ha/master.ts";
import type { SlaveOptions } from "../ha/slave.ts";
import type { Dir, Fs } from "../ports/fs.ts";
import type { StoreOptions } from "../store/options.ts";
import type { RetentionOptions } from "../store/retention/retention_options.ts";
import { oneDir } from "../store/opening/several_dirs.ts";
import { FRAME_BYTES_MAX } from "../wire/frame.ts";
import type { BrokerConfig } from "./config.ts";
import type { PullLimits } from "./pull.ts";

// What the parts of a broker are told, taken from its configuration: the one place where RocketMQ's keys
// become the parts' own options.

/** What a frame holds beside its header. */
export const ANSWER_BYTES_MAX = FRAME_BYTES_MAX - 64 * 1024;

/** Where the log lies; several folders on several disks are one to whoever uses it. */
export function logDir(fs: Fs, config: BrokerConfig): Dir {
  const paths = config.storePathCommitLog.split(",").map((path) => path.trim());
  return oneDir(paths.map((path) => fs.dir(path)), config.mappedFileSizeCommitLog);
}

/** What the store is told. */
export function storeOptions({ fs }: { fs: Fs }, config: BrokerConfig): StoreOptions {
  return {
    logFileBytes: config.mappedFileSizeCommitLog,
    queueFileBytes: config.mappedFileSizeConsumeQueue,
    maxMessageBytes: config.maxMessageSize,
    flush: config.flushDiskType === "SYNC_FLUSH" ? "sync" : "async",
    flushIntervalMs: config.flushIntervalCommitLog,
    flushLeastPages: config.flushCommitLogLeastPages,
    flushThoroughMs: config.flushCommitLogThoroughInterval,
    syncFlushTimeoutMs: config.syncFlushTimeout,
    logDir: logDir(fs, config),
    logDamage: config.logDamage,
    delayLevelsMs: config.messageDelayLevel,
    retention: retentionOptions(config),
    indexEnabled: config.messageIndexEnable,
    indexSlots: config.maxHashSlotNum,
    indexItems: config.maxIndexNum,
  };
}

/** How long messages stay, and how full a disk may get. A slave takes what its master took. */
function retentionOptions(config: BrokerConfig): RetentionOptions {
  return {
    get reservedMs() { // these may change
      return config.fileReservedTime * 3_600_000;
    },
    get hours() {
      return config.deleteWhen;
    },
    get forces() {
      return config.cleanFileForciblyEnable;
    },
    intervalMs: config.cleanResourceInterval,
    pauseMs: config.deleteCommitLogFilesInterval,
    disk: {
      get expirePercent() { // these may change, too
        return Math.min(95, Math.max(10, config.diskMaxUsedSpaceRatio)); // so does Java
      },
      get forcePercent() {
        return config.diskSpaceCleanForciblyRatio;
      },
      get refusePercent() {
        return config.brokerRole === "SLAVE" ? Infinity : config.diskSpaceWarningLevelRatio;
      },
      get enoughBytes() {
        return config.diskSpaceEnough;
      },
      minBytes: config.diskSpaceMin,
    },
  };
}

/** What a node tells its HA port: slaves have one too, and serve their log there. */
export function masterOptions(config: BrokerConfig): MasterOptions {
  return {
    transferBytes: config.haTransferBatchSize,
    heartbeatMs: config.haSendHeartbeatInterval,
    silenceMs: config.haHousekeepingInterval,
    syncFrom: config.haSyncFrom,
    slaveTimeoutMs: config.slaveTimeout,
  };
}

/** What a slave's copying of the log is told. */
export function slaveOptions(config: BrokerConfig): SlaveOptions {
  return {
    heartbeatMs: config.haSendHeartbeatInterval,
    silenceMs: config.haHousekeepingInterval,
    onlyDurable: config.flushDiskType === "SYNC_FLUSH",
    proof: config.haProof,
    syncFrom: config.haSyncFrom,
  };
}

/** Bounds of pulls, and who may read what. `memoryBytes` behind the log's end is what memory holds. */
export function pullLimits(config: BrokerConfig, memoryBytes: number): PullLimits {
  return {
    brokerPermission: config.brokerPermission,
    longPolling: config.longPollingEnable,
    shortPollingMs: config.shortPollingTimeMills,
    slaveReadEnable: config.slaveReadEnable,
    offsetCheckInSlave: config.offsetCheckInSlave,
    limits: {
      bytes: Math.min(config.maxTransferBytesOnMessageInMemory, ANSWER_BYTES_MAX),
      messages: config.maxTransferCountOnMessageInMemory,
      diskBytes: Math.min(config.maxTransferBytesOnMessageInDisk, ANSWER_BYTES_MAX),
      diskMessages: config.maxTransferCountOnMessageInDisk,
      memoryBytes,
    },
  };
}
