/** Asks a Java broker and ours the same, and compares what they answer. */
import { assertEquals } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { silentLog } from "../../../src/base/log.ts";
import { Redial } from "../../../src/rpc/redial.ts";
import type { Command, ExtFields, Request } from "../../../src/wire/command.ts";
import { plainGroup } from "../../../src/wire/group.ts";
import { decodeRecords } from "../../../src/wire/message.ts";
import { parseProperties } from "../../../src/wire/properties.ts";
import { test } from "../../harness.ts";
import { sendRequest } from "../../support/cluster.ts";
import { runtime } from "../../support/runtime.ts";
import { prepareJava } from "../java.ts";
import { BrokerNode, type By, startNamesrv } from "../matrix/nodes.ts";
import { freePorts } from "../../support/free_ports.ts";

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

export const ends: (() => Promise<unknown>)[] = [];

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

export function alike(name: string, ...steps: Step[]): void {
  test(`Java and ours answer alike: ${name}`, async () => {
    const [java, ours] = await both();
    const [theirs, own] = await Promise.all([answersOf(java, steps), answersOf(ours, steps)]);
    assertEquals(own, theirs, ours.said());
  });
}

export function topic(name: string, perm = 6): Step {
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

export function group(name: string, settings: Record<string, unknown>): Step {
  return ["a", { code: 200, body: utf8(JSON.stringify({ ...plainGroup(name), ...settings })) }];
}

export function send(name: string, tag: string, body: string): Step {
  const { code, ext, body: bytes } = sendRequest(name, body, `TAGS\x01${tag}`);
  return ["a", { code, ext, body: bytes }];
}

export function pull(fields: ExtFields, line = "a"): Step {
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

export function beat(
  line: string,
  { group, topics = [], model = "CLUSTERING", producer }: Beat,
): Step {
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

export function ask(line: string, code: number, ext: ExtFields): Step {
  return [line, { code, ext }];
}

export function queues(line: string, code: 41 | 42, group: string, ...queueIds: number[]): Step {
  const mqSet = queueIds.map((queueId) => ({ brokerName: "broker-a", queueId, topic: "Rules" }));
  const body = { clientId: `client-${line}`, consumerGroup: group, mqSet };
  return [line, { code, body: utf8(JSON.stringify(body)) }];
}
