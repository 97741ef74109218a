import {
  address,
  addresses,
  bool,
  delays,
  fileNamed,
  host,
  hours,
  ms,
  name,
  oneOf,
  port,
} from "./option.ts";
import { type Option, text, unlikeJava, whole, wordOrOffset } from "./option.ts";

/**
 * Every option of a node, in one place. Keys are RocketMQ's own, so that a file written for Java's mqbroker
 * works here. Defaults are those of RocketMQ 4.9.7 (BrokerConfig, MessageStoreConfig, NettyServerConfig);
 * where ours differs, the row says why. What an option's text must be, its limits and its unit stand in
 * its row; a derived default (an empty text or 0 here) is worked out in configure.ts.
 */
export const options = {
  // Who this node is
  brokerClusterName: name("DefaultCluster", "Cluster this broker belongs to."),
  brokerName: unlikeJava(
    "The host name. A master and its slave must agree, and on two machines host names never do.",
    name("broker-a", "Name that a master and its slaves share."),
  ),
  brokerId: whole(0, { min: -1 }, "0 is the master, slaves are 1 and above."),
  brokerRole: oneOf(
    ["ASYNC_MASTER", "SYNC_MASTER", "SLAVE"],
    "ASYNC_MASTER",
    "SYNC_MASTER answers a send when enough slaves have it, ASYNC_MASTER does not wait for them.",
  ),
  regionId: name("DefaultRegion", "Region that producers and traces are told."),
  traceOn: bool(true, "Producers are told to trace their messages."),
  brokerPermission: whole(6, { max: 7 }, "What clients may do: 4 read + 2 write."),

  // Where it listens, and how others reach it
  listenPort: port(10911, "Port for clients; the fast port is 2 below. 0 picks free ones."),
  haListenPort: unlikeJava(
    "4.9 overwrites it with listenPort + 1; 5.x and we keep a given one.",
    port(0, "Port where slaves read the log; 0 is listenPort + 1."),
  ),
  namesrvPort: port(9876, "Port of a name server in this process."),
  bindAddress: host("0.0.0.0", "Local address that every port is opened on."),
  brokerIP1: host("", "Address clients are told; default: the first that is not loopback."),
  brokerIP2: host("", "Address slaves are told; default: as brokerIP1."),
  namesrvAddr: addresses("Name servers, host:port;host:port; default: 127.0.0.1:9876."),

  kvConfigPath: unlikeJava(
    "~/namesrv/kvConfig.json, one for all name servers of a machine.",
    fileNamed(
      "kvConfig.json",
      "Settings a name server keeps; default: in ./pocketmq-data/namesrv-<port>.",
    ),
  ),

  // Registration
  registerNameServerPeriod: ms(30_000, 10_000, 60_000, "Time between two registrations."),
  registerBrokerTimeoutMills: ms(6_000, 100, 60_000, "How long a name server may take to answer."),

  // Topics, groups, clients
  autoCreateTopicEnable: bool(true, "Sending to a topic that does not exist creates it."),
  autoCreateSubscriptionGroup: bool(true, "Consuming with an unknown group creates it."),
  defaultTopicQueueNums: whole(
    8,
    { min: 1, max: 1024 },
    "Queues of a topic made by sending, at most.",
  ),
  clusterTopicEnable: bool(true, "The topic named like the cluster may be sent to."),
  brokerTopicEnable: bool(true, "The topic named like the broker may be sent to."),
  traceTopicEnable: bool(false, "Makes the topic for message traces at start."),
  notifyConsumerIdsChangedEnable: bool(true, "Tells consumers at once when their group changes."),
  flushConsumerOffsetInterval: ms(5_000, 100, 3_600_000, "Time between two saves of the offsets."),

  // Reading
  longPollingEnable: bool(true, "A pull that finds nothing waits as long as its client asked."),
  shortPollingTimeMills: ms(1_000, 1, 60_000, "How long it waits with long polling off."),
  slaveReadEnable: unlikeJava(
    "false. A slave that may not be read is an idle machine.",
    bool(true, "Consumers far behind, or without a master, read from a slave."),
  ),
  enablePropertyFilter: unlikeJava(
    "false.",
    bool(true, "Consumers may filter by properties, with SQL92 expressions."),
  ),
  offsetCheckInSlave: bool(false, "A slave corrects offsets out of range by itself."),
  accessMessageInMemoryMaxRatio: whole(
    40,
    { max: 100, unit: "percent of the memory" },
    "A read further behind than this counts as a read from disk.",
  ),
  maxTransferBytesOnMessageInMemory: whole(
    262_144,
    { min: 1, unit: "bytes" },
    "One pull's answer, read from memory.",
  ),
  maxTransferCountOnMessageInMemory: whole(32, { min: 1 }, "Messages in it."),
  maxTransferBytesOnMessageInDisk: whole(
    65_536,
    { min: 1, unit: "bytes" },
    "One pull's answer, read from disk.",
  ),
  maxTransferCountOnMessageInDisk: whole(8, { min: 1 }, "Messages in it."),

  // Store
  storePathRootDir: unlikeJava(
    "~/store, where every node of a machine meets every other.",
    text("Folder of the store; default: ./pocketmq-data/<brokerName>-<brokerId>."),
  ),
  storePathCommitLog: text(
    "Folder of the log, several with , between; default: commitlog in storePathRootDir.",
  ),
  logDamage: unlikeJava(
    "Not there: Java cuts, or serves, whatever it finds.",
    oneOf(
      ["refuse", "cut"],
      "refuse",
      "Damage that no crash leaves stops the start, or is cut with all behind it, a copy kept aside.",
    ),
  ),
  mappedFileSizeCommitLog: whole(
    1_073_741_824,
    { min: 4096, max: 2 ** 31 - 1, unit: "bytes" },
    "Size of a log file (sparse); the same on master and slave.",
  ),
  mappedFileSizeConsumeQueue: whole(
    6_000_000,
    { min: 20, max: 2 ** 31 - 20, unit: "bytes" },
    "Size of a file of a consume queue, rounded up to whole entries of 20.",
  ),
  messageIndexEnable: bool(true, "Messages can be found by their keys."),
  maxHashSlotNum: whole(
    5_000_000,
    { min: 1, max: 100_000_000 },
    "Slots of a file of the key index; the same as whoever wrote the store.",
  ),
  maxIndexNum: whole(
    20_000_000,
    { min: 2, max: 80_000_000 },
    "Keys in a file of the key index; the same as whoever wrote the store.",
  ),
  maxMsgsNumBatch: whole(64, { min: 1, max: 1_000 }, "Messages in an answer to a query by key."),
  defaultQueryMaxNum: whole(
    32,
    { min: 1, max: 1_000 },
    "Messages in an answer to a query by unique key.",
  ),
  // Frames end at 16 MiB, and the record must leave room for topic and properties.
  maxMessageSize: whole(
    4_194_304,
    { min: 1, max: 16_000_000, unit: "bytes" },
    "Largest body of a message.",
  ),
  flushDiskType: oneOf(
    ["ASYNC_FLUSH", "SYNC_FLUSH"],
    "ASYNC_FLUSH",
    "SYNC_FLUSH answers a send when the disk has it.",
  ),
  flushIntervalCommitLog: ms(500, 1, 60_000, "Time between two flushes of the log."),
  flushCommitLogLeastPages: whole(
    4,
    { max: 1_000_000, unit: "pages of 4 KiB" },
    "Fewer than these wait for the thorough flush.",
  ),
  flushCommitLogThoroughInterval: ms(10_000, 1, 600_000, "Everything is flushed this often."),
  syncFlushTimeout: ms(
    5_000,
    1,
    600_000,
    "SYNC_FLUSH: after this the answer is FLUSH_DISK_TIMEOUT.",
  ),

  // How long messages stay, and how full a disk may get
  fileReservedTime: whole(
    72,
    { max: 1_000_000, unit: "hours" },
    "A log file whose newest message is older is expired.",
  ),
  deleteWhen: hours(4, "Hours of the day, local time, at which expired files are removed."),
  diskMaxUsedSpaceRatio: whole(
    75,
    { min: 1, max: 100, unit: "percent" },
    "A disk fuller than this has expired files removed at any hour; 10 to 95 count.",
  ),
  diskSpaceCleanForciblyRatio: whole(
    85,
    { min: 1, max: 100, unit: "percent" },
    "A disk fuller than this, with less free than diskSpaceEnough, has the oldest files removed.",
  ),
  diskSpaceWarningLevelRatio: whole(
    90,
    { min: 1, max: 100, unit: "percent" },
    "A disk fuller than this, with less free than diskSpaceEnough, stores no messages: code 14.",
  ),
  diskSpaceEnough: unlikeJava(
    "Not there: a large disk is not full with one file in ten left.",
    whole(
      10 * 1024 ** 3,
      { max: Number.MAX_SAFE_INTEGER, unit: "bytes" },
      "With as much free no ratio removes what is not expired or refuses a message.",
    ),
  ),
  diskSpaceMin: unlikeJava(
    "Not there: a small disk is full before it has no byte left.",
    whole(
      256 * 1024 ** 2,
      { max: Number.MAX_SAFE_INTEGER, unit: "bytes" },
      "With less free nothing is stored; on a small disk 5 percent of it.",
    ),
  ),
  cleanFileForciblyEnable: bool(true, "A full disk has files removed that are not expired."),
  cleanResourceInterval: ms(10_000, 100, 3_600_000, "Time between two looks for old files."),
  deleteCommitLogFilesInterval: ms(100, 0, 60_000, "Time between two files of the log."),

  flushDelayOffsetInterval: ms(
    10_000,
    100,
    3_600_000,
    "Time between two saves of how far delayed messages are delivered.",
  ),
  messageDelayLevel: delays(
    "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h",
    "How long each delay level holds a message back.",
  ),

  // Transactions and request-reply
  rejectTransactionMessage: bool(false, "Refuses the first half of a transaction."),
  transactionTimeOut: ms(
    6_000,
    0,
    86_400_000,
    "A transaction this old whose producer said nothing is asked for.",
  ),
  transactionCheckInterval: ms(60_000, 100, 86_400_000, "Time between two looks for such."),
  transactionCheckMax: whole(
    15,
    { min: 1, max: 100_000 },
    "Questions without an answer before a transaction goes to TRANS_CHECK_MAX_TIME_TOPIC.",
  ),
  storeReplyMessageEnable: bool(true, "Answers to requests are stored, too."),

  // Master and slave
  haMasterAddress: address("The master's HA address; default: what the name servers say."),
  haSendHeartbeatInterval: ms(5_000, 100, 60_000, "An idle HA connection speaks this often."),
  haHousekeepingInterval: ms(20_000, 200, 600_000, "An HA connection silent for longer is closed."),
  haTransferBatchSize: whole(
    32_768,
    { min: 1024, max: 4 * 1024 * 1024 - 12, unit: "bytes" },
    "Log bytes in one HA frame, at most.",
  ),
  haSlaveFallbehindMax: whole(
    268_435_456,
    { min: 1, unit: "bytes" },
    "A slave further behind does not count: SLAVE_NOT_AVAILABLE at once.",
  ),
  slaveTimeout: unlikeJava(
    "3000, the client's own time-out, so that it sends again before it hears.",
    ms(2_500, 1, 600_000, "SYNC_MASTER: after this the answer is FLUSH_SLAVE_TIMEOUT."),
  ),
  inSyncReplicas: unlikeJava(
    "Not in 4.9; 1 in 5.x, which counts the master, so that it waits for nobody.",
    whole(
      2,
      { min: 1, max: 100 },
      "SYNC_MASTER: nodes, itself too, that have a message when it is SEND_OK.",
    ),
  ),
  minInSyncReplicas: unlikeJava(
    "Not in 4.9.",
    whole(
      1,
      { min: 1, max: 100 },
      "SYNC_MASTER: with fewer nodes alive, itself too, nothing is stored.",
    ),
  ),
  haSyncFrom: unlikeJava(
    "Not there: an empty slave gets only the newest file.",
    wordOrOffset(["min", "last"], "min", "Where an empty slave starts to copy the log."),
  ),
  haProof: unlikeJava(
    "Not there: a slave's first report is an acknowledgement without any question.",
    oneOf(
      ["requests", "stream"],
      "requests",
      "How a slave proves its log before it reports: asks the master's broker port, or goes without.",
    ),
  ),
  haAutoResync: unlikeJava(
    "Not there.",
    bool(false, "A slave whose log differs cuts it by itself, within safe bounds."),
  ),
} as const;

/** The name of an option. */
export type ConfigKey = keyof typeof options;

/** The value type of each option in a table. */
export type ValuesOf<O> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

/**
 * What a node was told, typed and frozen. Here every value is final: ports derived, paths and addresses
 * filled in, `brokerId` fit for the role. Only 0 is left where a port is to be picked.
 */
export interface BrokerConfig extends ValuesOf<typeof options> {}

/** What a broker does in its group. */
export type BrokerRole = "ASYNC_MASTER" | "SYNC_MASTER" | "SLAVE";
