/**
 * Commands of `pocketmq admin` that look at clients and messages, on Java's cluster and on ours, while a Java
 * producer and consumer are online. What mqadmin prints of the same cluster is the same but for spaces and order.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runJava } from "../java.ts";
import { within } from "../processes.ts";
import { type Lab, onBoth } from "./clusters.ts";
import { admin, adminOut, HOME, mqadmin } from "./mqadmin_run.ts";

const TOPIC = "cli-clients";
const GROUP = "CliClients";
const CLIENT = "127.0.0.1@online-consumer";

/** What the Java clients sent, by number; the second failed once, the last one went in a transaction. */
interface Sent {
  readonly messageId: string;
  readonly offsetMessageId: string;
}

const online = new Map<Lab["by"], Promise<readonly Sent[]>>();

/** Java clients on that cluster, once they have sent and consumed. They end with this process. */
function clientsOn(lab: Lab): Promise<readonly Sent[]> {
  const known = online.get(lab.by) ?? start(lab);
  online.set(lab.by, known);
  return known;
}

async function start(lab: Lab): Promise<readonly Sent[]> {
  await adminOut(lab, `updateTopic -c DefaultCluster -t ${TOPIC} -r 1 -w 1`);
  // a Java client takes a transaction back when its first half is stored with less than is configured
  await eventually("the slave", async () => {
    const { status } = await lab.client().producer().send({ topic: "broker-a", body: "x" });
    return status === "SEND_OK";
  });
  const sent: Sent[] = [];
  const home = join(HOME, lab.by);
  const args = [lab.namesrv, TOPIC, GROUP];
  const clients = runJava(home, ["-Xmx128m"], "pocketmq.interop.Online", args, (line) => {
    const [word, , messageId, offsetMessageId] = line.split(" ");
    if (word === "sent") sent.push({ messageId, offsetMessageId });
  });
  await within(90, "Java clients", clients.line(/^ready$/));
  await eventually("the group's offsets", async () => {
    const text = (await admin(lab, ["consumerProgress", "-g", GROUP])).stdout;
    return /\nDiff Total: 0\n/.test(text) && new RegExp(`\n${TOPIC} +broker-a +0 +5 `).test(text);
  });
  return sent;
}

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !await holds();) {
    if (Date.now() > end) throw new Error(`${what}: not within 20 s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A command that changes nothing. */
interface Look {
  readonly words: string;
  /** Lines that count; all unless told. */
  readonly keep?: RegExp;
  /** What only one of the two prints, or what moves. */
  readonly masks?: readonly RegExp[];
}

const QUEUE_ENDS = [/MIN_OFFSET=\d+, /, /MAX_OFFSET=\d+, /];

const LOOKS: readonly Look[] = [
  { words: "getConsumerConfig -g GROUP" },
  { words: "consumerProgress -g GROUP", masks: [/TPS: .*/] },
  { words: "consumerProgress -g GROUP -s true", masks: [/TPS: .*/] },
  { words: "consumerProgress", keep: /^(#|GROUP )/, masks: [/ \d+ \d+$/] },
  { words: "brokerConsumeStats -b MASTER", keep: /^#|GROUP/ },
  { words: "brokerConsumeStats -b MASTER -l 1000000", keep: /^#/ },
  { words: "consumerConnection -g GROUP" },
  { words: "consumerConnection -g GROUP -b MASTER" },
  { words: `consumerStatus -g GROUP -i ${CLIENT}`, masks: [/Timestamp=\d+/g, / \d+\.\d\d/g] },
  { words: "producerConnection -g GROUPProducers -t TOPIC" },
  { words: "producer -b MASTER", keep: /\(GROUP/, masks: [/lastUpdateTimestamp=\d+/] },
  { words: "queryMsgById -i OFFSETID1" },
  { words: "queryMsgByUniqueKey -t TOPIC -i ID1" },
  { words: "queryMsgByKey -t TOPIC -k key-1" },
  { words: "queryMsgByOffset -t TOPIC -b broker-a -i 0 -o 1", masks: QUEUE_ENDS },
  { words: "queryMsgTraceById -i ID1" },
  { words: "queryMsgTraceById -i ID4" },
  { words: "printMsg -t TOPIC", masks: QUEUE_ENDS },
  { words: "printMsg -t TOPIC -s A -d false", masks: QUEUE_ENDS },
  { words: "printMsgByQueue -t TOPIC -a broker-a -i 0 -p true -d true", masks: QUEUE_ENDS },
  { words: "printMsgByQueue -t TOPIC -a broker-a -i 0 -f true" },
  {
    words: "consumeMessage -t TOPIC -b broker-a -i 0 -o 1 -c 2",
    keep: /^MSGID/,
    masks: QUEUE_ENDS,
  },
  {
    words: "queryCq -t TOPIC -q 0 -i 0 -c 3 -g GROUP -b MASTER",
    masks: [/bitMap='\w+', /, /extendDataJson='\w+', /, /msg='\w+', /],
  },
  { words: "statsAll -t TOPIC", masks: [/ \d+\.\d\d/g, / \d+ \d+$/] },
];

/** Compared on our cluster, too; how mqadmin looks at one of ours is tested elsewhere. */
const ON_OURS =
  /^(consumerProgress -g|consumerConnection|producerConnection|queryMsgBy(Id|Offset)|brokerConsumeStats)/;

onBoth("pocketmq admin shows clients and messages as mqadmin does", async (lab) => {
  const sent = await clientsOn(lab);
  for (const { words, ...look } of LOOKS) {
    const told = filled(lab, words, sent);
    const ours = seen(lab, await adminOut(lab, told), look);
    assert(ours.length > 0, told);
    if (lab.by === "ours" && !ON_OURS.test(words)) continue;
    assertEquals(ours, seen(lab, await mqadmin(lab, told), look), told);
  }
});

onBoth("pocketmq admin NAME --json has a whole object for each row", async (lab) => {
  const sent = await clientsOn(lab);
  for (
    const { words, has } of [
      { words: "consumerProgress -g GROUP", has: { group: GROUP, topic: TOPIC, diff: 0 } },
      { words: "consumerProgress", has: { group: GROUP, count: 1, version: "V4_9_7" } },
      { words: "consumerConnection -g GROUP", has: { group: GROUP, messageModel: "CLUSTERING" } },
      { words: "producerConnection -g GROUPProducers -t TOPIC", has: { language: "JAVA" } },
      { words: "brokerConsumeStats -b MASTER", has: { group: GROUP, topic: TOPIC } },
      { words: "queryMsgById -i OFFSETID1", has: { messageId: sent[1].messageId, body: "body 1" } },
      { words: "queryMsgTraceById -i ID1", has: { kind: "SubAfter", group: GROUP, ok: false } },
      { words: "printMsg -t TOPIC", has: { tag: "A", queueOffset: 4, sysFlag: 8 } },
      { words: "queryCq -t TOPIC -q 0 -i 0", has: { index: 1, tagsCode: 66 } },
      { words: "consumerStatus -g GROUP", has: { clientId: CLIENT, sameSubscription: true } },
      { words: "statsAll -t TOPIC", has: { topic: TOPIC, group: GROUP } },
    ]
  ) {
    const text = await adminOut(lab, `${filled(lab, words, sent)} --json`);
    const rows = text.trim().split("\n").map((line) => JSON.parse(line));
    const fits = rows.some((row) =>
      Object.entries(has).every(([name, value]) => row[name] === value)
    );
    assert(fits, `${words}: ${text}`);
  }
});

onBoth("pocketmq admin makes, moves and deletes a group as mqadmin does", async (lab) => {
  await clientsOn(lab);
  for (
    const words of [
      "-b MASTER -g CliMade -r 5 -q 2 -d true",
      "-c DefaultCluster -g CliMade -s false",
    ]
  ) {
    const told = filled(lab, `updateSubGroup ${words}`, []);
    const ours = await adminOut(lab, told);
    const lines = (text: string) =>
      text.replace(/success\.(?=\S)/, "success.\n").trim().split("\n");
    assertEquals(lines(ours), lines(await mqadmin(lab, told)));
  }
  await adminOut(lab, `cloneGroupOffset -s ${GROUP} -d CliMade -t ${TOPIC}`);
  const positions = async () => {
    const { stdout } = await admin(lab, ["consumerProgress", "-g", "CliMade", "--json"]);
    const rows = stdout.trim().split("\n").map((line) => JSON.parse(line));
    return rows.map(({ queueId, consumerOffset }) => [queueId, consumerOffset]);
  };
  const [[, at]] = await positions();
  assert(at >= 5, `cloned to ${at}`);

  const reset = await adminOut(lab, `resetOffsetByTime -g CliMade -t ${TOPIC} -s 1000`);
  assertMatch(reset, new RegExp(`\nbroker-a +0 +${at} +${at} +0 +0\n`));
  assertEquals((await positions())[0], [0, 0]);
  const kept = await adminOut(lab, `skipAccumulatedMessage -g CliMade -t ${TOPIC} -f false`);
  assertMatch(kept, new RegExp(`\nbroker-a +0 +${at} +0 +${at} +0\n`));
  await adminOut(lab, `skipAccumulatedMessage -g CliMade -t ${TOPIC}`);
  assertEquals((await positions())[0], [0, at]);

  const told = await adminOut(lab, `resetOffsetByTime -g ${GROUP} -t ${TOPIC} -s now`);
  assertMatch(
    told,
    new RegExp(`timestamp\\(long\\)\\[-1\\]\n#brokerName .*\nbroker-a +0 +${at}\n`),
  );

  const deleted = await adminOut(lab, "deleteSubGroup -c DefaultCluster -g CliMade -r true");
  const theirs = await mqadmin(lab, "deleteSubGroup -c DefaultCluster -g CliMade -r true");
  assertEquals(deleted.trim(), theirs.trim());
  const { code } = await admin(lab, ["getConsumerConfig", "-g", "CliMade"]);
  assertEquals(code, 1);
});

onBoth("pocketmq admin sends a message again, and has a client consume one", async (lab) => {
  const [, second] = await clientsOn(lab);
  const again = await adminOut(lab, `queryMsgById -i ${second.offsetMessageId} -s true -u unit`);
  assertMatch(
    again,
    new RegExp(`\\[sendStatus=SEND_OK, msgId=${second.messageId}, offsetMsgId=\\w{32}`),
  );
  const consumed = await admin(lab, [
    ...["queryMsgByUniqueKey", "-t", TOPIC, "-i", second.messageId, "-g", GROUP, "-d", CLIENT],
  ]);
  // it has failed for the first time again
  assertEquals([consumed.code, consumed.stderr], [1, ""]);
  assertMatch(
    consumed.stdout,
    /^ConsumeMessageDirectlyResult \[order=false, autoCommit=true, consumeResult=CR_LATER, remark=null, spentTimeMills=\d+\]\n$/,
  );
  const [first] = await clientsOn(lab);
  const fine = await adminOut(
    lab,
    `queryMsgById -i ${first.offsetMessageId} -g ${GROUP} -d ${CLIENT}`,
  );
  assertStringIncludes(fine, "consumeResult=CR_SUCCESS");

  await adminOut(lab, `queryMsgById -i ${second.offsetMessageId}`);
  const body = readFileSync(`/tmp/rocketmq/msgbodys/${second.messageId}`, "utf8");
  assertEquals(body, "body 1");
  const listed = await adminOut(lab, `consumerStatus -g ${GROUP}`);
  assertMatch(listed, /\n\n\nSame subscription in the same group of consumer\n\nRebalance OK\n$/);
  const [, file] = listed.match(/ (\d+\/\S+)\n/) ?? [];
  assert(existsSync(join(HOME, file)), listed);
});

onBoth("pocketmq admin sends, and tells how long that takes", async (lab) => {
  await adminOut(lab, "updateTopic -c DefaultCluster -t cli-sends -r 2 -w 2");
  const sent = await adminOut(
    lab,
    "sendMessage -t cli-sends -p hello -k k1 -c new -b broker-a -i 1 -m true",
  );
  const [, id] =
    sent.match(/^#Broker Name +#QID +#Send Result +#MsgId\nbroker-a +1 +SEND_OK +(\w{32})\n$/) ??
      [];
  assert(id, sent);
  await eventually(
    "the message's key",
    async () => (await admin(lab, ["queryMsgByKey", "-t", "cli-sends", "-k", "k1"])).code === 0,
  );
  await eventually(
    "its trace",
    async () => (await mqadmin(lab, `queryMsgTraceById -i ${id}`)).includes("success"),
  );
  assertMatch(
    await adminOut(lab, "sendMsgStatus -b broker-a -c 2 -s 10"),
    /^(rt=\d+ms, SendResult=SendResult \[sendStatus=SEND_OK, .*queueOffset=\d+\]\n){2}$/,
  );
  assertMatch(
    await adminOut(lab, "checkMsgSendRT -t cli-sends -a 3 -s 10"),
    /^#Broker .*\nbroker-a +0 +true +\d+\nbroker-a +1 +true +\d+\nbroker-a +0 +true +\d+\nAvg RT: \d+\.\d\d\n$/,
  );
  const rounds = await admin(lab, ["clusterRT", "-a", "2", "-i", "1"], /(DefaultCluster[^]*){2}/);
  assertMatch(rounds.stdout, /^(#Cluster .*\nDefaultCluster +broker-a +\d+\.\d\d +2 +0\n){2}$/);
  const words = ["clusterRT", "-a", "1", "-p", "true", "-m", "room"];
  const log = await admin(lab, words, /room/);
  assertMatch(log.stdout, /^\d{4}-\d\d-\d\d [\d:]{8}\|room\|DefaultCluster\|broker-a\|\d+\n$/);

  await adminOut(lab, `cloneGroupOffset -s ${GROUP} -d ${GROUP} -t ${TOPIC} -o true`);
  const monitored = await admin(lab, ["startMonitoring"], /endRound/);
  assertEquals(monitored.code, 0, monitored.stderr);
  assertMatch(monitored.stdout, /^\[MONITOR\] =+beginRound\n/);
});

onBoth("pocketmq admin tells what is not there, where mqadmin ends with 0", async (lab) => {
  await clientsOn(lab);
  const id = "7F000001000000000000000000000000";
  for (
    const { words, ends, says } of [
      { words: "getConsumerConfig -g CliNone", ends: 1, says: 'settings of group "CliNone"' },
      { words: "consumerProgress -g CliNone", ends: 1, says: 'group "CliNone" is in no queue' },
      { words: "consumerConnection -g CliNone", ends: 1, says: 'nobody of group "CliNone"' },
      { words: "consumerStatus -g GROUP -i nobody", ends: 1, says: "no client nobody of group" },
      { words: "producerConnection -g CliNone -t TOPIC", ends: 1, says: "nobody produces" },
      {
        words: "resetOffsetByTime -g CliNone -t TOPIC -s now",
        ends: 1,
        says: "Cannot reset group",
      },
      {
        words: "resetOffsetByTime -g GROUP -t TOPIC -s soon",
        ends: 2,
        says: "it must be ms since",
      },
      { words: "resetOffsetByTime -g GROUP -t TOPIC -s now -c", ends: 2, says: "not supported" },
      { words: "skipAccumulatedMessage -g GROUP -t cli-client", ends: 1, says: '"cli-clients"?' },
      { words: `queryMsgByUniqueKey -t TOPIC -i ${id}`, ends: 1, says: "no message" },
      { words: "queryMsgById -i 4711", ends: 1, says: "Cannot find message 4711" },
      { words: "queryMsgByKey -t TOPIC -k none", ends: 1, says: 'has key "none"' },
      { words: "queryMsgByOffset -t TOPIC -b broker-a -i 0 -o 999", ends: 1, says: "at 999" },
      { words: "queryMsgByOffset -t TOPIC -b broker-a -i 9 -o 0", ends: 1, says: "no queue 9" },
      { words: `queryMsgTraceById -i ${id}`, ends: 1, says: "no client noted anything" },
      { words: "sendMessage -t TOPIC -p x -b broker-b", ends: 1, says: 'no queue on "broker-b"' },
      { words: "sendMessage -t TOPIC -p x -i 0", ends: 2, says: "-i needs -b" },
      { words: "queryCq -t TOPIC -q 9 -i 0", ends: 1, says: "Cannot read the entries" },
      { words: "clusterRT -c NoCluster", ends: 1, says: 'cluster "NoCluster" has no master' },
    ]
  ) {
    const { code, stdout, stderr } = await admin(lab, filled(lab, words, []).split(" "));
    assertEquals([code, stdout], [ends, ""], `${words}: ${stderr}`);
    assertStringIncludes(stderr, says, words);
  }
});

function filled({ master }: Lab, words: string, sent: readonly Sent[]): string {
  return words.replaceAll("TOPIC", TOPIC).replace("MASTER", master).replaceAll("GROUP", GROUP)
    .replace(/OFFSETID(\d)/, (_, n) => sent[n].offsetMessageId)
    .replace(/\bID(\d)/, (_, n) => sent[n].messageId);
}

/** The lines that count, in one order and with one space between words. */
function seen({ master }: Lab, text: string, { keep, masks = [] }: Omit<Look, "words">): string[] {
  const named = text.replaceAll(master, "MASTER").replaceAll(GROUP, "GROUP");
  return named.split("\n")
    .map((line) => line.trim().replace(/\s+/g, " ").replace(/(":) /g, "$1"))
    .map((line) => line.replace(/\{[^{}]*=[^{}]*\}/, inOrder))
    .map((line) => masks.reduce((text, mask) => text.replace(mask, ""), line))
    .filter((line) => line !== "" && (keep === undefined || keep.test(line))).sort();
}

/** Java goes through a hash table. */
function inOrder(properties: string): string {
  return `{${properties.slice(1, -1).split(", ").sort().join(", ")}}`;
}
