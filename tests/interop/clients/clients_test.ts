/**
 * Official clients other than Java 4.9.7 on our name server, master and slave: each runs the scenarios it has the
 * features for, all of them side by side on one set of nodes.
 */
import { type ScenarioRun, startScenarios } from "../java.ts";
import { SCENARIOS } from "../scenarios.ts";
import { pick, type ScenarioClient, sharedTrio, testScenarios } from "../suite.ts";
import { HAS_GO, startGo } from "./go_client.ts";
import { type JavaClient, prepareJavaClient } from "./java_client.ts";
import { startNode } from "./node_client.ts";

const trio = sharedTrio({ namesrv: "deno", master: "deno", slave: "deno" });
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

function java(client: JavaClient): ScenarioClient {
  return async (order) => startScenarios(order, await prepareJavaClient(client));
}

const FAMILIES = [
  "Sending",
  "Consuming",
  "Groups",
  "Ordering",
  "Pulling",
  "Querying",
  "Limits",
  "Failover",
];

const JAVA_4_3: JavaClient = { version: "4.3.0", families: FAMILIES, renamed: [] };

const JAVA_5_3: JavaClient = {
  version: "5.3.3",
  families: [...FAMILIES, "LitePulling"],
  renamed: [["org.apache.rocketmq.common.protocol.", "org.apache.rocketmq.remoting.protocol."]],
};

const LATER = ["litePullSubscribe", "litePullAssignSeek"]; // than 4.3.0
const OLD = Object.keys(SCENARIOS).filter((name) => name !== "soak" && !LATER.includes(name));

testClient("Java client 4.3.0", "old", pick(OLD), java(JAVA_4_3));
testClient("Java client 5.3.3", "new", pick([...OLD, ...LATER]), java(JAVA_5_3));

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
  pollAndAck: "a pull consumer polls, acknowledges, and goes on behind that",
  adminTopics: "its admin makes, lists and deletes topics, and lists groups",
};

const NODE = {
  ...pick(ANY),
  createTopic: "a topic is made by request",
  selectQueue: "messages of one sharding key go to one queue",
};

if (HAS_GO) testClient("Go client 2.1.2", "go", GO, startGo);
else console.error("The Go client is left out, it needs go");
testClient("ali-ons 3.12.0 on Node", "node", NODE, startNode);
