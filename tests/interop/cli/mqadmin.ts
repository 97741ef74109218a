/**
 * `pocketmq admin NAME` beside mqadmin on the same cluster of Java's: both print the same. Then on a cluster of
 * ours, where it prints what it printed there.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes, equal } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseJson } from "../../../src/wire/json_body.ts";
import { type Lab, onBoth } from "./clusters.ts";
import { admin as runAdmin, type Done, HOME, mqadmin } from "./mqadmin_run.ts";

/** A command and how to read what it prints. MASTER and TOPIC stand for what differs between clusters and runs. */
interface Step {
  readonly words: string;
  /** Lines that count; all unless told. */
  readonly keep?: RegExp;
  /** What differs from one moment to the next. */
  readonly masks?: readonly RegExp[];
  /** What differs from one cluster to the next. */
  readonly masksBetween?: readonly RegExp[];
  /** Only on Java's: what it prints is of that cluster alone. */
  readonly ofJava?: true;
}

/** A queue's end and when it got there: a message is sent again while a slave is late. */
const END = /\d+ \d{4}-\d\d-\d\d [\d:,]+/;

/** mqadmin forgets that a topic has an order; ours does not. */
const FORGOTTEN = /order=\w+/;

const STEPS: readonly Step[] = [
  { words: "updateTopic -c DefaultCluster -t TOPIC -r 3 -w 1" },
  { words: "updateTopic -b MASTER --topic=TOPIC -r 3 -w 1 -o true -u false" },
  { words: "topicRoute -t TOPIC" },
  { words: "topicRoute -t TOPIC -l" },
  { words: "topicStatus -t TOPIC", masks: [END] },
  { words: "topicClusterList -tTOPIC" },
  { words: "topicList", keep: /^(TOPIC|broker-a|DefaultCluster|TBW102|SELF_TEST_TOPIC)$/ },
  { words: "topicList -c", keep: /^#|^DefaultCluster (TOPIC|TBW102)/ },
  { words: "allocateMQ -t TOPIC -i 10.0.0.7" },
  { words: "updateTopicPerm -c DefaultCluster -t TOPIC -p 4" },
  { words: "updateTopicPerm -b MASTER -t TOPIC -p 6", masks: [FORGOTTEN] },
  { words: "updateTopicPerm -b MASTER -t TOPIC -p 6" },
  { words: "updateOrderConf -t TOPIC -m put -v broker-a:4" },
  { words: "updateOrderConf -t TOPIC -m get" },
  { words: "updateOrderConf -t TOPIC -m delete" },
  { words: "updateKvConfig -s CLI -k TOPIC -v x=y" },
  { words: "deleteKvConfig -s CLI -k TOPIC" },
  { words: "wipeWritePerm -b broker-a", masksBetween: [/\d+$/] },
  { words: "addWritePerm -b broker-a", masksBetween: [/\d+$/] },
  { words: "clusterList", masks: [/ [\d.]+\([\d,]+ms\) .*/] },
  { words: "clusterList -m", masksBetween: [/( \d+){4}$/] },
  { words: "brokerStatus -b MASTER", keep: /^(brokerV|boot|commitLogM)/, ofJava: true },
  { words: "brokerStatus -c DefaultCluster", keep: /(brokerV|boot|commitLogM)/, ofJava: true },
  { words: "getBrokerConfig -b MASTER", ofJava: true },
  { words: "getBrokerConfig -c DefaultCluster", ofJava: true },
  { words: "updateBrokerConfig -b MASTER -k fileReservedTime -v 71" },
  { words: "updateBrokerConfig -c DefaultCluster -k fileReservedTime -v 72" },
  { words: "getNamesrvConfig", ofJava: true },
  { words: "updateNamesrvConfig -k orderMessageEnable -v false" },
  { words: "cleanExpiredCQ -b MASTER" },
  { words: "deleteExpiredCommitLog -c DefaultCluster" },
  { words: "cleanUnusedTopic" },
  { words: "deleteTopic -c DefaultCluster -t TOPIC" },
];

/** What each of our commands printed on Java's cluster. */
const onJava = new Map<number, readonly string[]>();

onBoth("pocketmq admin prints what mqadmin prints", async (lab) => {
  for (const [nth, { words, ...step }] of STEPS.entries()) {
    if (step.ofJava && lab.by === "ours") continue;
    if (words.startsWith("topicStatus")) await sendTo(lab, "cli-mq-ours", "cli-mq-theirs");
    const { code, stdout, stderr } = await admin(lab, filled(lab, words, "cli-mq-ours"));
    assertEquals([code, stderr], [0, ""], words);
    const ours = seen(lab, stdout, "cli-mq-ours", step);
    assert(ours.length > 0, words);
    if (lab.by === "Java") {
      const theirs = await mqadmin(lab, filled(lab, words, "cli-mq-theirs"));
      assertEquals(ours, seen(lab, theirs, "cli-mq-theirs", step), words);
    }
    const between = ours.map((line) => masked(line, step.masksBetween));
    if (lab.by === "Java") onJava.set(nth, between);
    else assertEquals(between, onJava.get(nth), words);
  }
});

onBoth("pocketmq admin exports what mqadmin exports", async (lab) => {
  await admin(lab, "updateTopic -c DefaultCluster -t cli-mq-exported -r 5");
  for (
    const { words, name } of [
      { words: "exportMetadata -c DefaultCluster", name: "metadata" },
      { words: `exportMetadata -b ${lab.master} -t -s`, name: "topic" },
      { words: `exportMetadata -b ${lab.master} -g`, name: "subscriptionGroup" },
      { words: "exportConfigs -c DefaultCluster", name: "configs" },
      { words: "exportMetrics -c DefaultCluster", name: "metrics" },
    ]
  ) {
    const folder = join(HOME, lab.by);
    for (let tries = 1;; tries++) {
      const { code, stdout } = await admin(lab, `${words} -f ${folder}`);
      assertEquals([code, stdout], [0, `export ${folder}/${name}.json success\n`]);
      const ours = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
      if (name === "metadata") {
        assertEquals(ours.topicConfigTable["cli-mq-exported"].readQueueNums, 5);
      }
      if (lab.by === "ours") break;
      await mqadmin(lab, `${words} -f ${join(HOME, "theirs")}`);
      const theirs = parseJson(readFileSync(join(HOME, "theirs", `${name}.json`), "utf8"));
      if (equal(timeless(ours), timeless(theirs))) break;
      if (tries === 3) assertEquals(timeless(ours), timeless(theirs), words); // counts move every 10 s
    }
  }
});

onBoth("pocketmq admin fails where mqadmin says that all is well", async (lab) => {
  for (
    const { words, ends, says } of [
      { words: "topicRoute -t cli-mq-none", ends: 1, says: "No broker that is alive has topic" },
      { words: "deleteTopic -c DefaultCluster -t cli-mq-none", ends: 1, says: "cli-mq-none" },
      { words: "updateTopic -c NoCluster -t T", ends: 2, says: "there is DefaultCluster" },
      { words: "updateTopic -b MASTER -t bad*name", ends: 1, says: "answers 1" },
      {
        words: "updateBrokerConfig -b MASTER -k fileReservedTme -v 1",
        ends: 1,
        says: "did you mean fileReservedTime?",
      },
      { words: "updateBrokerConfig -b MASTER -k fileReservedTime -v long", ends: 1, says: "long" },
      { words: "updateNamesrvConfig -k kvConfigPath -v /tmp/x", ends: 1, says: "" },
      { words: "wipeWritePerm -b brokera", ends: 1, says: 'did you mean "broker-a"?' },
      { words: "updateOrderConf -t cli-mq-none -m get", ends: 1, says: "cli-mq-none" },
      { words: "cleanUnusedTopic -c NoCluster", ends: 2, says: "there is DefaultCluster" },
      { words: "brokerStatus -b 127.0.0.1:1", ends: 1, says: "cannot reach 127.0.0.1:1" },
      { words: "topicList -n 127.0.0.1:1", ends: 1, says: "no name server answers" },
    ]
  ) {
    const { code, stdout, stderr } = await admin(lab, filled(lab, words, "T"));
    assertEquals([code, stdout], [ends, ""], `${words}: ${stderr}`);
    assertStringIncludes(stderr, says);
  }
});

onBoth(
  "pocketmq admin NAME --json is one object a line, and a process of its own does it",
  async (lab) => {
    const nodes = (await lab.out("admin clusterList --json")).trim().split("\n").map((line) =>
      JSON.parse(line)
    );
    const ids = nodes.map(({ id, address }) => [id, address]);
    assertEquals(ids, [[0, lab.master], [1, lab.slave]]);
    assertMatch(nodes[0].runtime.brokerVersionDesc, /^V4_9_7$/);
    for (const words of ["topicList", "topicList -c", "getBrokerConfig -c DefaultCluster"]) {
      const { stdout } = await admin(lab, `${words} --json`);
      for (const line of stdout.trim().split("\n")) assertEquals(typeof JSON.parse(line), "object");
    }
  },
);

function admin(lab: Lab, words: string): Promise<Done> {
  return runAdmin(lab, words.split(" "));
}

/** A message into each, as the topic of either program must have the same. */
async function sendTo(lab: Lab, ...topics: string[]): Promise<void> {
  for (const topic of topics) {
    if (topic.endsWith("theirs") && lab.by === "ours") continue;
    await lab.client().producer().send({ topic, body: new Uint8Array(3) });
  }
}

function filled({ master }: Lab, words: string, topic: string): string {
  return words.replaceAll("TOPIC", topic).replace("MASTER", master);
}

/** The lines that count, in one order, without what differs: names, addresses, moments, the width of columns. */
function seen(
  { master, slave, namesrv }: Lab,
  text: string,
  topic: string,
  { keep, masks }: Omit<Step, "words">,
): string[] {
  const named = text.replaceAll(topic, "TOPIC").replaceAll(master, "MASTER")
    .replaceAll(slave, "SLAVE").replaceAll(namesrv, "NAMESRV");
  if (named.startsWith("{")) return [JSON.stringify(sorted(parseJson(named)))];
  return named.replace(/(\]|\.)(?=(TopicConfig|set|create) )/g, "$1\n").split("\n")
    .map((line) => masked(line.trim().replace(/\s+/g, " "), masks))
    .filter((line) => !/^-*$/.test(line) && (keep === undefined || keep.test(line))).sort();
}

function masked(line: string, masks: readonly RegExp[] = []): string {
  return masks.reduce((text, mask) => text.replace(mask, " *"), line);
}

/** With keys and lists in order: mqadmin goes through hash tables. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => JSON.stringify(sorted(item))).sort().map((text) => JSON.parse(text));
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([key, item]) => [
      key,
      sorted(item),
    ]),
  );
}

/** Without what differs from one moment to the next. */
function timeless(value: unknown): unknown {
  const moving = /^(exportTime|.*Tps|.*DiskRatio|messageAverageSize)$/;
  return JSON.parse(JSON.stringify(value, (key, item) => moving.test(key) ? "*" : item));
}
