/**
 * Official clients other than Java 4.9.7 on our name server, master and slave: each runs the scenarios it has the
 * features for, all of them side by side on one set of nodes.
 */
import { type ScenarioRun, startScenarios } from "../java.ts";
import { SCENARIOS } from "../scenarios.ts";
import { pick, type ScenarioClient, sharedTrio, testScenarios } from "../suite.ts";
import { HAS_GO, startGo } from "./go_client.ts";
import { JAVA_4_3, JAVA_5_3, type JavaClient, prepareJavaClient } from "./java_client.ts";
import { startNode } from "./node_client.ts";

/** What takes minutes by default takes seconds here. */
const SOON = {
  messageDelayLevel: "1s 2s 1s 1s 1s",
  transactionTimeOut: 1_000,
  transactionCheckInterval: 2_000,
};

const trio = sharedTrio({ namesrv: "deno", master: "deno", slave: "deno" }, SOON);
const programs: (() => Promise<ScenarioRun>)[] = [];

/** The scenarios of a client; the first test of any client starts all of them. */
function testClient(
  name: string,
  run: string,
  scenarios: Record<string, string>,
  start: ScenarioClient,
): void {
  const client: ScenarioClient = (order) => {
    for (const other of programs) other().catch(() => {}); // its own tests tell
    return start(order);
  };
  programs.push(testScenarios(name, trio, run, scenarios, "JSON", client));
}

/** A client looks for queues of a topic that came after it, such as its retries, every 20 s unless told otherwise. */
const SETTINGS = ["-Drocketmq.client.rebalance.waitInterval=2000"];

function java(client: JavaClient): ScenarioClient {
  return async (order) =>
    startScenarios({ ...order, settings: SETTINGS }, await prepareJavaClient(client));
}

/** What every client with retries and delays shows. */
const AGAIN = {
  delayed: "delayed messages come at their time",
  retryToDeadLetters: "a message that fails comes again, counted, and ends in the dead letters",
};

const TRANSACTIONS = "transactions are committed, rolled back, or asked for and then ended";
const SQL = "a consumer gets what its SQL92 expression wants";
const REPLIES = "requests are answered by a consumer";

/** What Java's clients have, of any version. */
const JAVA = {
  ...AGAIN,
  retryWithLevel: "a listener says how long the next delivery waits",
  retryNever: "a message sent back with a level below 0 is a dead letter at once",
  retryOrderly: "an orderly listener that suspends gets the same message again",
  retryOrderlyToDeadLetters: "an orderly listener's message that failed too often is a dead letter",
  transactions: "what is committed comes once, what is rolled back never",
  transactionsAsked: "what its producer does not know yet is asked for",
  transactionsOtherProducer: "another producer of the group is asked when the first is gone",
  sqlPush: SQL,
  sqlRefused: "a consumer whose expression does not compile is refused by code 23",
  sqlTwoGroups: "each group has its own expression",
};

/** By a callback only: when 5.3.3's other way to ask gets the answer to its send, it waits for no reply to it. */
const JAVA_REQUESTS = { requestAsync: REPLIES };

const LATER = ["litePullSubscribe", "litePullAssignSeek"]; // than 4.3.0
const OLD = Object.keys(SCENARIOS).filter((name) => name !== "soak" && !LATER.includes(name));

testClient("Java client 4.3.0", "old", { ...pick(OLD), ...JAVA }, java(JAVA_4_3));
testClient(
  "Java client 5.3.3",
  "new",
  { ...pick([...OLD, ...LATER]), ...JAVA, ...JAVA_REQUESTS },
  java(JAVA_5_3),
);

/** What a client that is not Java's has of the scenarios, and some that only it has. */
const ANY = [
  "ready",
  "sendSync",
  "selectQueue",
  "consumeAll",
  "tagFilter",
  "newMessagesAtOnce",
  "broadcast",
  "newGroupOnYoungTopic",
  "twoConsumersShare",
  "offsetsSurviveRestart",
  "largeBodies",
  "compressedBodies",
  "unicode",
];

const GO = {
  ...pick([...ANY, "topicFromNothing", "sendAsync", "sendOneWay", "sendBatch", "orderly"]),
  ...pick(["bodyTooLarge", "pullStatuses"]),
  ...AGAIN,
  retryOrderly: JAVA.retryOrderly,
  transactions: TRANSACTIONS,
  requestReply: REPLIES,
  sqlFilter: SQL,
  pollAndAck: "a pull consumer polls, acknowledges, and goes on behind that",
  adminTopics: "its admin makes, lists and deletes topics, and lists groups",
  goesBack: "a consumer reads again when an operator resets its group",
};

const NODE = {
  ...pick(ANY),
  ...AGAIN,
  sqlFilter: SQL,
  createTopic: "a topic is made by request",
  selectQueue: "messages of one sharding key go to one queue",
};

if (HAS_GO) testClient("Go client 2.1.2", "go", GO, startGo);
else console.error("The Go client is left out, it needs go");
testClient("ali-ons 3.12.0 on Node", "node", NODE, startNode);
