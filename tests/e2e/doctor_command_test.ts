/** `pocketmq doctor` and real faults: each is made, found, and where it can be, put right by what it says. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { silentLog } from "../../src/base/log.ts";
import type { Finding } from "../../src/cli/doctor/facts.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { RequestCode } from "../../src/wire/codes.ts";
import { type ConsumerData, formatHeartbeat } from "../../src/wire/heartbeat.ts";
import { formatWritePerm } from "../../src/wire/write_perm.ts";
import { test } from "../harness.ts";
import { runPocketmq, startPocketmq } from "../support/binary.ts";
import { sendRequest, startBrokerNode, startCluster } from "../support/cluster.ts";
import { patiently } from "../support/patience.ts";
import { runtime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const text = ({ host, port }: { host: string; port: number }) => `${host}:${port}`;
const LOCAL = ["--listenPort", "0", "--bindAddress", "127.0.0.1"];

/** What it finds; the exit code must say the same. */
async function doctor(...args: string[]): Promise<Finding[]> {
  const exit = await runPocketmq(["doctor", ...args, "--json"]);
  const found: Finding[] = exit.stdout.trim().split("\n").filter((line) => line !== "")
    .map((line) => JSON.parse(line));
  const code = found.some(({ level }) => level === "wrong") ? 3 : 0;
  assertEquals(exit.code, code, `doctor ${args.join(" ")}\n${exit.stdout}${exit.stderr}`);
  return found;
}

/** The finding of that cause; a change takes a moment to be seen. */
async function finds(cause: string, ...args: string[]): Promise<Finding> {
  let found: Finding[] = [];
  await patiently(`doctor finds ${cause}`, async () => {
    found = await doctor(...args);
    return found.some((one) => one.cause === cause);
  }).catch((error) => {
    throw new Error(`${error.message}, but ${JSON.stringify(found)}`);
  });
  return found.find((one) => one.cause === cause)!;
}

/** Nothing is wrong in the end. */
async function isWell(...args: string[]): Promise<void> {
  let found: Finding[] = [];
  await patiently("doctor finds nothing wrong", async () => {
    found = await doctor(...args);
    return found.every(({ level }) => level === "note");
  }).catch((error) => {
    throw new Error(`${error.message}, but ${JSON.stringify(found)}`);
  });
}

test("doctor finds a slave that one name server lacks, that is stuck, and that has another history", async () => {
  await using cluster = await startCluster({ slaves: 1 });
  const { master, slaves: [slave] } = cluster;
  const [one, m, s] = [cluster.namesrv, master.broker, slave.broker].map(text);
  await isWell("-n", one);
  await isWell("ClusterIsUp", "-n", one);

  await using second = await startPocketmq(["--namesrv", "--namesrvPort", "0"]);
  const both = `${one};${second.ready.namesrv}`;
  const missing = await finds("broker-missing-at-namesrv", "-n", both);
  assertStringIncludes(
    missing.text,
    `was not told of ${second.ready.namesrv} (its namesrvAddr is ${one})`,
  );
  assertStringIncludes(missing.next[0], `--namesrvAddr '${both}'`);

  slave.process.kill("SIGSTOP");
  const stuck = await finds("broker-silent", "-n", one);
  assertEquals([stuck.where, stuck.next], [s, [`pocketmq health -b ${s} --timeout 20`]]);
  slave.process.kill("SIGCONT");

  await master.process.kill("SIGKILL"); // and its disk is lost
  const dir = `${master.dir}-empty`;
  const flags = master.flags.map((flag) => flag === master.dir ? dir : flag);
  const again = await startBrokerNode("empty master", flags, dir);
  cluster.nodes.push(again);
  assertEquals(text(again.broker), m);
  const ahead = await finds("slave-ahead", "-n", one);
  assertEquals(ahead.where, s);
});

test("doctor tells apart why a topic cannot be used", async () => {
  const flags = ["--autoCreateTopicEnable", "false"];
  await using cluster = await startCluster({ slaves: 0, role: "ASYNC_MASTER", flags });
  const [n, m] = [cluster.namesrv, cluster.master.broker].map(text);
  const run = async (next: string) => {
    const [, ...words] = next.replaceAll("'", "").split(" ");
    const exit = await runPocketmq(words);
    assertEquals(exit.code, 0, `${next}\n${exit.stdout}${exit.stderr}`);
  };

  const off = await finds("auto-create-off", "orders", "-n", n);
  assertEquals(off.next, [`pocketmq topic create orders -n '${n}'`]);
  await run(off.next[0]);
  await isWell("orders", "-n", n);
  const misspelt = await finds("auto-create-off", "order", "-n", n);
  assertStringIncludes(misspelt.text, 'did you mean "orders"?');

  await run(`pocketmq topic perm orders R -n ${n}`);
  const forbidden = await finds("topic-permission", "orders", "-n", n);
  await run(forbidden.next[0]);
  await isWell("orders", "-n", n);

  await cluster.ask(cluster.namesrv, formatWritePerm("wipe", "broker-a"));
  for (const args of [["orders"], []]) {
    const wiped = await finds("write-perm-wiped", ...args, "-n", n);
    assertEquals(wiped.next, [`pocketmq admin addWritePerm -b broker-a -n '${n}'`]);
  }
  await run((await finds("write-perm-wiped", "-n", n)).next[0]);
  await isWell("orders", "-n", n);

  const unknown = await runPocketmq(["doctor", "-c", "DefaultClustre", "-n", n]);
  assertEquals(unknown.code, 2);
  assertStringIncludes(unknown.stderr, "did you mean DefaultCluster?");

  const broker = await finds("namesrv-is-broker", "-n", `${n};${m}`);
  assertStringIncludes(broker.text, `was told the name servers ${n}`);
  await cluster.master.process.kill("SIGKILL");
  await finds("no-broker", "-n", n);
});

test("doctor finds an address that nobody reaches, and a disk that takes nothing", async () => {
  using folder = tempDir();
  await using namesrv = await startPocketmq([
    "--namesrv",
    "--namesrvPort",
    "0",
    "--bindAddress",
    "127.0.0.1",
  ]);
  const n = namesrv.ready.namesrv!;
  const full = ["--diskSpaceWarningLevelRatio", "1", "--diskSpaceEnough", String(2 ** 52)];
  const dir = join(folder.path, "store");
  const flags = ["--master", ...LOCAL, "--brokerIP1", "127.0.0.9", "--namesrvAddr", n, ...full];
  const node = await startBrokerNode("master", [...flags, "--storePathRootDir", dir], dir);
  await using _ = node.process;
  const there = text(node.broker);

  const wrong = await finds("advertised-address", "-n", n);
  assertEquals(wrong.where, `127.0.0.9:${node.broker.port}`);
  assertStringIncludes(wrong.text, `it does answer at ${there}: its brokerIP1 is wrong`);
  assertEquals(wrong.next, ["restart broker-a with --brokerIP1 127.0.0.1"]);
  const held = await finds("stores-nothing", "-n", n, "-b", there);
  assertStringIncludes(held.text, "sends are answered with code 14: the disk of");
});

test("doctor finds two brokers that take turns at one name", async () => {
  await using cluster = await startCluster({ slaves: 0, role: "ASYNC_MASTER" });
  const n = text(cluster.namesrv);
  const dir = `${cluster.master.dir}-other`;
  const flags = ["--master", ...LOCAL, "--brokerIP1", "127.0.0.1", "--namesrvAddr", n];
  const other = await startBrokerNode("other", [...flags, "--storePathRootDir", dir], dir);
  cluster.nodes.push(other);
  const addresses = [cluster.master, other].map(({ broker }) => text(broker));
  const found = finds("two-brokers-one-name", "-n", n, "--seconds", "4");
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await runPocketmq(["topic", "create", "orders", "-n", n, "-b", addresses[0]]); // it registers at once
  const { text: said } = await found;
  for (const address of addresses) assertStringIncludes(said, address);
});

test("doctor finds what is wrong with the groups of a topic", async () => {
  await using cluster = await startCluster({ slaves: 0, role: "ASYNC_MASTER" });
  const [n, m] = [cluster.namesrv, cluster.master.broker].map(text);
  const { code } = await cluster.ask(cluster.master.broker, sendRequest("orders", "hello"));
  assertEquals(code, 0);
  const consumed = await runPocketmq(
    ["consume", "orders", "--group", "billing", "--from", "first", "--max", "1", "-n", n],
  );
  assertEquals(consumed.code, 0, consumed.stderr);
  await cluster.ask(cluster.master.broker, sendRequest("orders", "again"));
  const empty = await finds("group-empty", "orders", "-n", n);
  assertStringIncludes(empty.text, 'nobody is in group "billing", 1 message of "orders" before it');

  await runPocketmq(["group", "create", "billing", "--consume", "no", "-n", n]);
  const disabled = await finds("group-disabled", "orders", "-n", n);
  assertEquals(disabled.next, [`pocketmq group create billing --consume yes -b ${m}`]);

  using _ = await joined(m, "billing", { a: "red", b: "blue" });
  const differ = await finds("subscriptions-differ", "orders", "-n", n);
  assertStringIncludes(differ.text, '"billing" do not want the same of "orders"');
  assert(/a "red" and b "blue"|b "blue" and a "red"/.test(differ.text), differ.text);

  await cluster.ask(cluster.master.broker, sendRequest("%DLQ%billing", "failed"));
  const dead = await finds("dead-letters", "orders", "-n", n);
  assertStringIncludes(dead.text, "%DLQ%billing holds 1 message");
});

/** Members of a group that read `orders` with these tags, and say so when they are asked. */
async function joined(
  broker: string,
  group: string,
  tags: Readonly<Record<string, string>>,
): Promise<Disposable> {
  const lines: Redial[] = [];
  for (const [clientId, subString] of Object.entries(tags)) {
    const subscription = {
      ...{ topic: "orders", subString, subVersion: 1, expressionType: "TAG" },
      ...{ codes: new Set<number>(), tags: [subString], classFilterMode: false },
    };
    const consumer: ConsumerData = {
      ...{ groupName: group, consumeType: "CONSUME_PASSIVELY", messageModel: "CLUSTERING" },
      ...{ consumeFromWhere: "CONSUME_FROM_FIRST_OFFSET", unitMode: false },
      subscriptions: [subscription],
    };
    const said = {
      mqTable: {},
      properties: {},
      statusTable: {},
      subscriptionSet: [{ topic: "orders", subString }],
    };
    const body = new TextEncoder().encode(JSON.stringify(said));
    const handlers = new Map([[
      RequestCode.GET_CONSUMER_RUNNING_INFO as number,
      () => ({ code: 0, body }),
    ]]);
    const line = new Redial(runtime, silentLog, { handlers });
    lines.push(line);
    const beat = formatHeartbeat({ clientId, producerGroups: [], consumers: [consumer] });
    assertEquals((await line.call(broker, beat, 5000)).code, 0);
  }
  return { [Symbol.dispose]: () => lines.forEach((line) => line.close()) };
}

test("doctor without a name server cannot look", async () => {
  const exit = await runPocketmq(["doctor", "-n", "127.0.0.1:1"]);
  assertEquals(exit.code, 1, exit.stderr);
  assertEquals(
    exit.stdout.replace(/-> .* health/, "-> pocketmq health"),
    "Looked at 1 name server, 0 brokers.\n\n" +
      "1. name server 127.0.0.1:1 is not there: cannot reach 127.0.0.1:1: nobody listens there\n" +
      "   -> pocketmq health -b 127.0.0.1:1\n\n1 thing is wrong.\n",
  );
  assertEquals((await runPocketmq(["doctor", "-b", "x"])).code, 2);
  assertEquals((await runPocketmq(["doctor", "A", "B"])).code, 2);
});
