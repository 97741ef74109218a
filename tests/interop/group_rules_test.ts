/**
 * The rules of pulls, offsets, groups and locks, asked of a Java broker and of ours in the same words: each
 * answer's code, fields and body must be the same. Remarks are for people, but those of pulls name the status.
 */
import { assertEquals } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { textOf, utf8 } from "../../src/base/bytes.ts";
import { silentLog } from "../../src/base/log.ts";
import { Redial } from "../../src/rpc/redial.ts";
import type { Command, ExtFields, Request } from "../../src/wire/command.ts";
import { plainGroup } from "../../src/wire/group.ts";
import { decodeRecords } from "../../src/wire/message.ts";
import { parseProperties } from "../../src/wire/properties.ts";
import { test } from "../harness.ts";
import { sendRequest } from "../support/cluster.ts";
import { runtime } from "../support/runtime.ts";
import { prepareJava } from "./java.ts";
import { BrokerNode, type By, startNamesrv } from "./matrix/nodes.ts";
import { freePorts } from "../support/free_ports.ts";

const CALL_MS = 10_000;
/** Until notices of a change are there, on a busy machine. */
const NOTICE_MS = 800;

/** One connection to one broker; it keeps the groups that notices (40) name. */
class Line {
  readonly #calls: Redial;
  readonly #address: string;
  readonly notices: string[] = [];

  constructor(port: number) {
    this.#address = `127.0.0.1:${port}`;
    const handlers = new Map([[40, ({ ext }: Command) => {
      this.notices.push(ext.consumerGroup);
      return { code: 0 };
    }]]);
    this.#calls = new Redial(runtime, silentLog, { handlers });
  }

  ask(request: Request): Promise<Command> {
    return this.#calls.call(this.#address, request, CALL_MS);
  }

  close(): void {
    this.#calls.close();
  }
}

/** A broker with lines `a`, `b` and `c` to it. */
class Asked implements AsyncDisposable {
  readonly by: By;
  readonly #node: BrokerNode;
  readonly #end: () => Promise<unknown>;
  readonly lines: Record<string, Line>;

  private constructor(by: By, node: BrokerNode, end: () => Promise<unknown>) {
    this.by = by;
    this.#node = node;
    this.#end = end;
    const line = () => new Line(node.port);
    this.lines = { a: line(), b: line(), c: line() };
  }

  static async start(by: By, home: string, namesrv: string): Promise<Asked> {
    const calls = new Redial(runtime, silentLog);
    const at = { port: await freePorts(), folder: join(home, by) };
    const node = new BrokerNode("master", by, at, {
      brokerClusterName: "DefaultCluster",
      brokerName: "broker-a",
      brokerIP1: "127.0.0.1",
      brokerId: 0,
      brokerRole: "ASYNC_MASTER",
      namesrvAddr: namesrv,
      mappedFileSizeCommitLog: 1024 * 1024,
      maxMessageSize: 64 * 1024,
      mappedFileSizeConsumeQueue: 2_000 * 20,
      accessMessageInMemoryMaxRatio: 0, // all that is read counts as read from disk
      slaveReadEnable: "true",
    }, calls);
    await node.start();
    return new Asked(by, node, async () => {
      await node.end("SIGKILL");
      calls.close();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const line of Object.values(this.lines)) line.close();
    await this.#end();
  }

  said(): string {
    return this.#node.said();
  }
}

/** Starts both once for all tests of this file. */
const both = (() => {
  let started: Promise<Asked[]> | undefined;
  return () => started ??= start();
})();

async function start(): Promise<Asked[]> {
  await prepareJava();
  const home = mkdtempSync(join(tmpdir(), "pocketmq-rules-"));
  process.on("exit", () => rmSync(home, { recursive: true, force: true }));
  const namesrv = await startNamesrv(home);
  ends.push(() => namesrv.end("SIGKILL"));
  const all = await Promise.all(
    (["java", "ours"] as const).map((by) => Asked.start(by, home, namesrv.address)),
  );
  for (const one of all) ends.unshift(() => one[Symbol.asyncDispose]());
  return all;
}

const ends: (() => Promise<unknown>)[] = [];

/** A request on one of the lines, or its end. */
type Step = readonly [line: string, request: Request | "closes" | "hears"];

/** What a broker answered, as far as it must be alike. */
async function answersOf(asked: Asked, steps: readonly Step[]): Promise<string[]> {
  const said: string[] = [];
  for (const [name, step] of steps) {
    const line = asked.lines[name];
    if (step === "closes") line.close();
    else if (step === "hears") {
      await new Promise((resolve) => setTimeout(resolve, NOTICE_MS));
      said.push(`${name} hears ${[...new Set(line.notices.splice(0))].sort().join(" ")}`);
    } else said.push(`${name} ${step.code}: ${answerText(step, await line.ask(step))}`);
  }
  return said;
}

function answerText(request: Request, { code, ext, remark, body }: Command): string {
  const fields = Object.entries(ext).sort().map(([key, value]) => `${key}=${value}`);
  const isPull = request.code === 11;
  return [
    code,
    ...fields.filter((field) => !/^(msgId|MSG_REGION|TRACE_ON|transactionId)=/.test(field)),
    ...(isPull && "nextBeginOffset" in ext ? [remark] : []),
    ...(body.length === 0 ? [] : isPull ? decodeRecords(body).map(recordText) : [sorted(body)]),
  ].join(" ");
}

function recordText({ topic, queueOffset, body, flag, sysFlag, properties }: Record_): string {
  const pairs = [...parseProperties(properties)].sort().map(([key, value]) => `${key}=${value}`);
  return `[${topic} ${queueOffset} ${flag} ${sysFlag} ${pairs.join(" ")} ${textOf(body)}]`;
}
type Record_ = ReturnType<typeof decodeRecords>[number];

/** The items of a list may stand in any order. */
function sorted(body: Uint8Array): string {
  return JSON.stringify(JSON.parse(textOf(body)), (_, value) => {
    return Array.isArray(value) ? value.map((each) => JSON.stringify(each)).sort() : value;
  });
}

function alike(name: string, ...steps: Step[]): void {
  test(`Java and ours answer alike: ${name}`, async () => {
    const [java, ours] = await both();
    const [theirs, own] = await Promise.all([answersOf(java, steps), answersOf(ours, steps)]);
    assertEquals(own, theirs, ours.said());
  });
}

function topic(name: string, perm = 6): Step {
  return ["a", {
    code: 17,
    ext: {
      topic: name,
      defaultTopic: "TBW102",
      readQueueNums: "2",
      writeQueueNums: "2",
      perm: String(perm),
      topicFilterType: "SINGLE_TAG",
      topicSysFlag: "0",
      order: "false",
    },
  }];
}

function group(name: string, settings: Record<string, unknown>): Step {
  return ["a", { code: 200, body: utf8(JSON.stringify({ ...plainGroup(name), ...settings })) }];
}

function send(name: string, tag: string, body: string): Step {
  const { code, ext, body: bytes } = sendRequest(name, body, `TAGS\x01${tag}`);
  return ["a", { code, ext, body: bytes }];
}

function pull(fields: ExtFields, line = "a"): Step {
  return [line, {
    code: 11,
    ext: {
      consumerGroup: "G",
      topic: "Rules",
      queueId: "0",
      queueOffset: "0",
      maxMsgNums: "32",
      sysFlag: "4",
      commitOffset: "0",
      suspendTimeoutMillis: "100",
      subscription: "*",
      subVersion: "0",
      ...fields,
    },
  }];
}

interface Beat {
  readonly group?: string;
  readonly topics?: readonly [topic: string, version: number][];
  readonly model?: string;
  readonly producer?: string;
}

function beat(line: string, { group, topics = [], model = "CLUSTERING", producer }: Beat): Step {
  const subscriptionDataSet = topics.map(([topic, subVersion]) => ({
    classFilterMode: false,
    codeSet: [],
    expressionType: "TAG",
    subString: "*",
    subVersion,
    tagsSet: [],
    topic,
  }));
  const consumer = {
    consumeFromWhere: "CONSUME_FROM_LAST_OFFSET",
    consumeType: "CONSUME_PASSIVELY",
    groupName: group,
    messageModel: model,
    subscriptionDataSet,
    unitMode: false,
  };
  const body = {
    clientID: `client-${line}`,
    consumerDataSet: group === undefined ? [] : [consumer],
    producerDataSet: producer === undefined ? [] : [{ groupName: producer }],
  };
  return [line, { code: 34, body: utf8(JSON.stringify(body)) }];
}

function ask(line: string, code: number, ext: ExtFields): Step {
  return [line, { code, ext }];
}

function queues(line: string, code: 41 | 42, group: string, ...queueIds: number[]): Step {
  const mqSet = queueIds.map((queueId) => ({ brokerName: "broker-a", queueId, topic: "Rules" }));
  const body = { clientId: `client-${line}`, consumerGroup: group, mqSet };
  return [line, { code, body: utf8(JSON.stringify(body)) }];
}

const ABC = ["a", "b", "a", "c"].map((tag, i) => send("Rules", tag, `body ${i}`));

alike(
  "what a pull finds, and how an offset is corrected",
  topic("Rules"),
  ...ABC,
  ["a", "hears"], // until the queue has them
  pull({}),
  pull({ queueOffset: "2", maxMsgNums: "1" }),
  pull({ maxMsgNums: "0" }),
  pull({ queueOffset: "-1" }),
  pull({ queueOffset: "4" }),
  pull({ queueOffset: "5" }),
  pull({ queueId: "1" }),
  pull({ queueId: "1", queueOffset: "9" }),
  pull({ subscription: "a || c" }),
  pull({ subscription: "b", queueOffset: "1" }),
  pull({ subscription: "nobody" }),
  pull({ queueOffset: "4", sysFlag: "6" }), // parked for a moment
  pull({ topic: "OFFSET_MOVED_EVENT" }),
);

alike(
  "why a pull is refused",
  topic("Rules"),
  topic("Unreadable", 2),
  group("Disabled", { consumeEnable: false }),
  group("Alone", { consumeBroadcastEnable: false }),
  pull({ consumerGroup: "Disabled", topic: "Nothing" }),
  pull({ topic: "Nothing", queueId: "7" }),
  pull({ topic: "Unreadable", queueId: "7" }),
  pull({ queueId: "2" }),
  pull({ queueId: "-1" }),
  pull({ sysFlag: "0", consumerGroup: "Nobody" }),
  beat("b", { group: "Sub", topics: [["Rules", 5]] }),
  pull({ sysFlag: "0", consumerGroup: "Sub", subVersion: "5", queueId: "1" }),
  pull({ sysFlag: "0", consumerGroup: "Sub", subVersion: "4", queueId: "1" }),
  pull({ sysFlag: "0", consumerGroup: "Sub", subVersion: "6" }),
  pull({ sysFlag: "0", consumerGroup: "Sub", topic: "Unsubscribed" }),
  topic("Unsubscribed"),
  pull({ sysFlag: "0", consumerGroup: "Sub", topic: "Unsubscribed" }),
  beat("b", { group: "Alone", topics: [["Rules", 5]], model: "BROADCASTING" }),
  pull({ sysFlag: "0", consumerGroup: "Alone", subVersion: "9" }),
  pull({ sysFlag: "0", consumerGroup: "Alone", topic: "Unsubscribed" }),
  pull({ sysFlag: "4", consumerGroup: "Alone", queueId: "1" }), // its own expression: nobody asks
);

alike(
  "where a group goes on",
  topic("Young"),
  ask("a", 14, { consumerGroup: "New", topic: "Young", queueId: "0" }),
  ask("a", 14, { consumerGroup: "New", topic: "Rules", queueId: "0" }), // its first message is on disk
  ask("a", 14, { consumerGroup: "New", topic: "Nothing", queueId: "0" }),
  ask("a", 15, { consumerGroup: "New", topic: "Rules", queueId: "0", commitOffset: "3" }),
  ask("a", 14, { consumerGroup: "New", topic: "Rules", queueId: "0" }),
  ask("a", 15, { consumerGroup: "New", topic: "Rules", queueId: "0", commitOffset: "1" }),
  ask("a", 14, { consumerGroup: "New", topic: "Rules", queueId: "0" }), // it may go back
  ask("a", 14, { consumerGroup: "New", topic: "Rules", queueId: "1" }),
  pull({ consumerGroup: "New", sysFlag: "5", commitOffset: "2" }),
  ask("a", 14, { consumerGroup: "New", topic: "Rules", queueId: "0" }),
  pull({ consumerGroup: "New", sysFlag: "4", commitOffset: "4" }), // no flag, no commit
  ask("a", 14, { consumerGroup: "New", topic: "Rules", queueId: "0" }),
  ask("a", 207, { groupName: "New" }),
  ask("a", 14, { consumerGroup: "New", topic: "Rules", queueId: "0" }),
  ask("a", 207, { groupName: "New", removeOffset: "true" }),
  ask("a", 14, { consumerGroup: "New", topic: "Rules", queueId: "0" }),
  ...[30, 31].flatMap((code) => [
    ask("a", code, { topic: "Rules", queueId: "0" }),
    ask("a", code, { topic: "Young", queueId: "0" }),
  ]),
  ask("a", 29, { topic: "Rules", queueId: "0", timestamp: "0" }),
  ask("a", 29, { topic: "Rules", queueId: "0", timestamp: "99999999999999" }),
  ask("a", 29, { topic: "Young", queueId: "0", timestamp: "0" }),
);

alike(
  "who has which queue to itself",
  queues("a", 41, "Ordered", 0, 1),
  queues("b", 41, "Ordered", 0, 1),
  queues("b", 41, "Other", 1),
  queues("a", 41, "Ordered", 1),
  queues("b", 42, "Ordered", 0, 1), // not its own
  queues("b", 41, "Ordered", 0, 1),
  queues("a", 42, "Ordered", 1),
  queues("b", 41, "Ordered", 0, 1),
  queues("a", 41, "Ordered", 0, 1),
  queues("a", 42, "Nobody", 0),
);

alike(
  "who is in a group, and who hears that it changed",
  ask("a", 38, { consumerGroup: "Members" }),
  beat("a", { group: "Members", topics: [["Rules", 1]], producer: "P" }),
  ask("b", 38, { consumerGroup: "Members" }),
  ["a", "hears"],
  beat("b", { group: "Members", topics: [["Rules", 1]] }),
  ask("a", 38, { consumerGroup: "Members" }),
  ["a", "hears"],
  ["b", "hears"],
  beat("b", { group: "Members", topics: [["Rules", 2]] }), // another expression, the same topics
  ["a", "hears"],
  beat("b", { group: "Members", topics: [["Rules", 2], ["Young", 1]] }),
  ["a", "hears"],
  group("Quiet", { notifyConsumerIdsChangedEnable: false }),
  beat("a", { group: "Quiet", topics: [["Rules", 1]] }),
  beat("b", { group: "Quiet", topics: [["Rules", 1]] }),
  ["a", "hears"],
  beat("c", { group: "Members", topics: [["Rules", 2]] }), // and without Young
  ["b", "hears"],
  ["c", "closes"],
  ["a", "hears"],
  ask("b", 38, { consumerGroup: "Members" }),
  ask("b", 35, { clientID: "client-b", consumerGroup: "Members" }),
  ["a", "hears"],
  ["b", "hears"],
  ask("a", 38, { consumerGroup: "Members" }),
  ask("a", 35, { clientID: "client-a", consumerGroup: "Members", producerGroup: "P" }),
  ask("a", 38, { consumerGroup: "Members" }),
);

test("Java and ours answer alike: both end", async () => {
  for (const end of ends) await end();
});
