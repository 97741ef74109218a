/** What the Java program can show, as a reader of a test report wants it said. Order is the order of the run. */
export const SCENARIOS: Readonly<Record<string, string>> = {
  ready: "a send is answered SEND_OK once the slave is there",
  topicFromNothing: "a send to an unknown topic creates it, the name server knows both brokers",
  sendSync: "sync sends take consecutive places in all queues and can be viewed by id",
  sendAsync: "200 async sends are all answered",
  sendOneWay: "one-way sends arrive",
  sendBatch: "a batch takes consecutive places in one queue, an id each",
  selectQueue: "messages selected to one queue are in that queue",
  consumeAll: "a push consumer gets everything once: sync, async, batch and one-way",
  tagFilter: "TagA || TagB is filtered, equal hash codes too",
  newMessagesAtOnce: "a waiting consumer gets a new message at once",
  broadcast: "each consumer of a broadcasting group gets every message",
  newGroupOnYoungTopic: "a new group starts at 0 on a young topic",
  twoConsumersShare: "two consumers share the queues, a leaver's queues change hands",
  offsetsSurviveRestart: "a consumer that comes back goes on where it was",
  orderly: "orderly consumption keeps the order of each queue",
  orderlyTwoConsumers: "two orderly consumers share the queues in order",
  queueLocks: "a locked queue is nobody else's until it is let go",
  pullStatuses: "every pull status, with offsets to go on from",
  pullWaits: "a pull waits for a message, or for its time-out",
  litePullSubscribe: "a lite pull consumer gets everything it subscribed to",
  litePullAssignSeek: "a lite pull consumer assigns, seeks and commits",
  queueOffsets: "first, next and earliest offsets, and offsets by time",
  queryByKey: "messages are found by key, by unique key, by id, and by time",
  largeBodies: "bodies from 1 byte to 3.9 MiB come back as they were",
  compressedBodies: "compressed bodies stay compressed in the log",
  bodyTooLarge: "a body above 4 MiB is refused by code 13",
  unicode: "bodies, tags, keys and properties in any script",
  longestTopic: "a topic of 127 characters",
  topicNameRefused: "names that no topic may have are refused by code 1",
  propertiesTooLong: "properties above 32767 bytes are refused by code 13",
  soak: "50,000 async sends all arrive once at a push consumer",
  slaveRefusesSends: "the slave refuses sends by code 14",
};

/** The same client with ROCKETMQ binary headers: enough to meet every request code it uses. */
export const BINARY_SCENARIOS: readonly string[] = [
  "ready",
  "topicFromNothing",
  "sendSync",
  "sendAsync",
  "sendOneWay",
  "sendBatch",
  "consumeAll",
  "tagFilter",
  "orderly",
  "queueLocks",
  "twoConsumersShare",
  "pullStatuses",
  "queueOffsets",
  "queryByKey",
  "bodyTooLarge",
  "unicode",
];

/** What the slave must have before the master may die. */
export const BEFORE_DEATH: Readonly<Record<string, string>> = {
  ready: SCENARIOS.ready,
  stock: "the slave serves pulls and knows how far a group is",
};

/** What a client sees once it is dead. */
export const AFTER_DEATH: Readonly<Record<string, string>> = {
  slaveServes: "consumers find the slave, which has every message that was answered",
  queryOnSlave: "the slave finds messages by key",
  sendsFailWithoutMaster: "sends fail with no master",
};
