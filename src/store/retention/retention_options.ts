/** How full a disk may get. Names in brackets are configuration keys; where RocketMQ has them, its own. */
export interface DiskLimits {
  /** Above this many percent expired files go at any hour [diskMaxUsedSpaceRatio]. */
  readonly expirePercent: number;
  /** Above this the oldest files go before their time [diskSpaceCleanForciblyRatio]. */
  readonly forcePercent: number;
  /** Above this nothing is stored [diskSpaceWarningLevelRatio]. Infinity: a slave stores what its master did. */
  readonly refusePercent: number;
  /** With as many bytes free the two before do not count [diskSpaceEnough]. */
  readonly enoughBytes: number;
  /** With fewer free nothing is stored; 5 percent of the disk if that is less [diskSpaceMin]. */
  readonly minBytes: number;
}

/** When files of the log may go. */
export interface RetentionOptions {
  /** A file whose last record is older is expired [fileReservedTime]. */
  readonly reservedMs: number;
  /** Hours of the day, local time, at which expired files go [deleteWhen]. */
  readonly hours: readonly number[];
  /** Between two looks for files that may go [cleanResourceInterval]. */
  readonly intervalMs: number;
  /** Between two files [deleteCommitLogFilesInterval]. */
  readonly pauseMs: number;
  /** Whether a full disk takes files that are not expired [cleanFileForciblyEnable]. */
  readonly forces: boolean;
  readonly disk: DiskLimits;
}

const GIB = 1024 ** 3;

/** RocketMQ's defaults, but for the last two limits, which it has not. Source: MessageStoreConfig. */
export const RETENTION_DEFAULTS: RetentionOptions = {
  reservedMs: 72 * 3_600_000,
  hours: [4],
  intervalMs: 10_000,
  pauseMs: 100,
  forces: true,
  disk: {
    expirePercent: 75,
    forcePercent: 85,
    refusePercent: 90,
    enoughBytes: 10 * GIB,
    minBytes: GIB / 4,
  },
};
