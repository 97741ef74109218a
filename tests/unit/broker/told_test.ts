import { assertEquals } from "@std/assert";
import { configOf } from "../../../src/broker/configure.ts";
import { masterOptions, pullLimits, slaveOptions, storeOptions } from "../../../src/broker/told.ts";
import { RETENTION_DEFAULTS } from "../../../src/store/retention/retention_options.ts";
import { test } from "../../harness.ts";
import { MemFs } from "../../support/mem_fs.ts";

function configWith(flags: Record<string, string>) {
  return configOf({ roles: { namesrv: false, broker: "master" }, flags }).config;
}

test("storeOptions() are RocketMQ's keys", () => {
  const told = storeOptions(
    { fs: new MemFs() },
    configWith({
      mappedFileSizeCommitLog: "8192",
      mappedFileSizeConsumeQueue: "2001",
      maxMessageSize: "77",
      flushDiskType: "SYNC_FLUSH",
      flushIntervalCommitLog: "11",
      flushCommitLogLeastPages: "3",
      flushCommitLogThoroughInterval: "12",
      syncFlushTimeout: "13",
      storePathCommitLog: "/elsewhere/log",
      logDamage: "cut",
      messageDelayLevel: "1s 2m",
      messageIndexEnable: "false",
      maxHashSlotNum: "500",
      maxIndexNum: "400",
    }),
  );
  assertEquals({ ...told, logDir: told.logDir?.path, retention: 0 }, {
    retention: 0, // below
    logFileBytes: 8192,
    queueFileBytes: 2020,
    maxMessageBytes: 77,
    flush: "sync",
    flushIntervalMs: 11,
    flushLeastPages: 3,
    flushThoroughMs: 12,
    syncFlushTimeoutMs: 13,
    logDir: "/elsewhere/log",
    logDamage: "cut",
    delayLevelsMs: [1000, 120_000],
    indexEnabled: false,
    indexSlots: 500,
    indexItems: 400,
  });
  assertEquals(storeOptions({ fs: new MemFs() }, configWith({})).flush, "async");
});

test("storeOptions() tell how long messages stay, and how full a disk may get", () => {
  const told = (flags: Record<string, string>) =>
    storeOptions({ fs: new MemFs() }, configWith(flags)).retention;
  assertEquals(told({}), RETENTION_DEFAULTS);
  const given = told({
    fileReservedTime: "48",
    deleteWhen: "04;16",
    cleanResourceInterval: "500",
    deleteCommitLogFilesInterval: "0",
    cleanFileForciblyEnable: "false",
    diskMaxUsedSpaceRatio: "60",
    diskSpaceCleanForciblyRatio: "70",
    diskSpaceWarningLevelRatio: "80",
    diskSpaceEnough: "20000000000",
    diskSpaceMin: "0",
  });
  assertEquals(given, {
    reservedMs: 48 * 3_600_000,
    hours: [4, 16],
    intervalMs: 500,
    pauseMs: 0,
    forces: false,
    disk: {
      expirePercent: 60,
      forcePercent: 70,
      refusePercent: 80,
      enoughBytes: 20_000_000_000,
      minBytes: 0,
    },
  });
  assertEquals(told({ diskMaxUsedSpaceRatio: "99" })?.disk.expirePercent, 95);
  const slave = configOf({ roles: { namesrv: false, broker: "slave" } }).config;
  assertEquals(storeOptions({ fs: new MemFs() }, slave).retention?.disk.refusePercent, Infinity);
});

test("storeOptions() take a log in several folders for one", () => {
  const { logDir } = storeOptions(
    { fs: new MemFs() },
    configWith({ storePathCommitLog: "/a/log, /b/log" }),
  );
  assertEquals(logDir?.path, "{/a/log,/b/log}");
});

test("masterOptions() and slaveOptions() are RocketMQ's keys", () => {
  const config = configWith({
    haTransferBatchSize: "2048",
    haSendHeartbeatInterval: "101",
    haHousekeepingInterval: "202",
    haSyncFrom: "last",
    slaveTimeout: "303",
    flushDiskType: "SYNC_FLUSH",
  });
  assertEquals(masterOptions(config), {
    transferBytes: 2048,
    heartbeatMs: 101,
    silenceMs: 202,
    syncFrom: "last",
    slaveTimeoutMs: 303,
  });
  assertEquals(slaveOptions(config), {
    heartbeatMs: 101,
    silenceMs: 202,
    onlyDurable: true,
    proof: "requests",
    syncFrom: "last",
  });
  assertEquals(slaveOptions(configWith({})).onlyDurable, false);
  assertEquals(slaveOptions(configWith({ haProof: "stream" })).proof, "stream");
});

test("pullLimits() are RocketMQ's keys, and no larger than a frame", () => {
  const flags = {
    brokerPermission: "4",
    longPollingEnable: "false",
    shortPollingTimeMills: "5",
    slaveReadEnable: "false",
    offsetCheckInSlave: "true",
    maxTransferBytesOnMessageInMemory: "1001",
    maxTransferCountOnMessageInMemory: "1002",
    maxTransferBytesOnMessageInDisk: "1003",
    maxTransferCountOnMessageInDisk: "1004",
  };
  const told = pullLimits(configWith(flags), 12345);
  assertEquals(told, {
    brokerPermission: 4,
    longPolling: false,
    shortPollingMs: 5,
    slaveReadEnable: false,
    offsetCheckInSlave: true,
    limits: {
      bytes: 1001,
      messages: 1002,
      diskBytes: 1003,
      diskMessages: 1004,
      memoryBytes: 12345,
    },
  });
  const large = pullLimits(
    configWith({
      maxTransferBytesOnMessageInMemory: "999999999",
      maxTransferBytesOnMessageInDisk: "999999999",
    }),
    1,
  ).limits;
  assertEquals([large.bytes, large.diskBytes], [16_711_680, 16_711_680]);
});
