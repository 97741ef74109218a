import { assertEquals, assertLess } from "@std/assert";
import { existsSync, readdirSync } from "node:fs";
import { silentLog } from "../../src/base/log.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { encodeBatch } from "../../src/wire/batch.ts";
import { RequestCode } from "../../src/wire/codes.ts";
import { addressText } from "../../src/wire/host_address.ts";
import { decodeRecords } from "../../src/wire/message.ts";
import { test } from "../harness.ts";
import { type BrokerNode, sendRequest, startBrokerNode } from "../support/cluster.ts";
import { pullRequest } from "../support/pull_request.ts";
import { runtime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const TOPICS = 50;
const QUEUES_A_TOPIC = 100;
/** Sent to each queue, half of them and later the other half. */
const MESSAGES = 10;
const IN_FLIGHT = 64;
/** What a broker may hold of the machine's memory. */
const RESIDENT_BYTES_MAX = 300e6;
/** 256 of queues, 64 of the log, and what connections and the runtime need. */
const OPEN_FILES_MAX = 400;
const CALL_MS = 30_000;

interface Queue {
  readonly topic: string;
  readonly queueId: number;
}

const queues: readonly Queue[] = Array.from({ length: TOPICS * QUEUES_A_TOPIC }, (_, i) => ({
  topic: `Many${i % TOPICS}`,
  queueId: Math.floor(i / TOPICS),
}));

/** Does something for each queue over one connection, some at a time. */
async function forEach(
  { broker }: BrokerNode,
  work: (calls: Redial, address: string, queue: Queue) => Promise<void>,
): Promise<void> {
  const calls = new Redial(runtime, silentLog);
  let next = 0;
  const lane = async () => {
    while (next < queues.length) await work(calls, addressText(broker), queues[next++]);
  };
  try {
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  } finally {
    calls.close();
  }
}

async function makeTopics(node: BrokerNode): Promise<void> {
  const calls = new Redial(runtime, silentLog);
  try {
    for (let i = 0; i < TOPICS; i++) {
      const ext = {
        topic: `Many${i}`,
        defaultTopic: "TBW102",
        readQueueNums: String(QUEUES_A_TOPIC),
        writeQueueNums: String(QUEUES_A_TOPIC),
        perm: "6",
        topicFilterType: "SINGLE_TAG",
        topicSysFlag: "0",
        order: "false",
      };
      const request = { code: RequestCode.UPDATE_AND_CREATE_TOPIC, ext };
      assertEquals((await calls.call(addressText(node.broker), request, CALL_MS)).code, 0);
    }
  } finally {
    calls.close();
  }
}

/** Sends messages `from` to `to` of each queue. */
async function fill(node: BrokerNode, from: number, to: number): Promise<void> {
  await forEach(node, async (calls, address, { topic, queueId }) => {
    const entries = Array.from({ length: to - from }, (_, i) => ({
      flag: 0,
      body: new TextEncoder().encode(bodyOf(topic, queueId, from + i)),
      properties: "",
    }));
    const { ext } = sendRequest(topic, "", "", queueId);
    const answer = await calls.call(address, {
      code: RequestCode.SEND_BATCH_MESSAGE,
      ext: { ...ext, m: "true" },
      body: encodeBatch(entries),
    }, CALL_MS);
    assertEquals([answer.code, Number(answer.ext.queueOffset)], [0, from], answer.remark);
  });
}

async function holdsAll(node: BrokerNode): Promise<void> {
  const text = new TextDecoder();
  await forEach(node, async (calls, address, { topic, queueId }) => {
    const answer = await calls.call(address, pullRequest(topic, queueId, 0), CALL_MS);
    assertEquals(
      decodeRecords(answer.body).map(({ body }) => text.decode(body)),
      Array.from({ length: MESSAGES }, (_, i) => bodyOf(topic, queueId, i)),
    );
  });
}

/** Where there is a file system in memory: to remove ten thousand files takes some disks half a minute. */
function memoryFolder(): string | undefined {
  return existsSync("/dev/shm") ? "/dev/shm" : undefined;
}

function bodyOf(topic: string, queueId: number, n: number): string {
  return `${topic}-${queueId}-${n} ${"x".repeat(100)}`;
}

/** Bounded whatever the number of queues. */
function isModest(node: BrokerNode): void {
  const open = readdirSync(`/proc/${node.process.pid}/fd`).length;
  assertLess(open, OPEN_FILES_MAX, "open files");
  assertLess(node.residentBytes(), RESIDENT_BYTES_MAX, "bytes of memory");
}

test("5,000 queues are kept in little memory and few files, and start after a stop and a kill", async () => {
  using folder = tempDir(memoryFolder());
  const flags = [
    ...["--namesrv", "--master", "--namesrvPort", "0", "--listenPort", "0"],
    ...["--brokerIP1", "127.0.0.1", "--storePathRootDir", folder.path],
  ];
  const start = () => startBrokerNode("broker", flags, folder.path);
  let node = await start();
  try {
    await makeTopics(node);
    await fill(node, 0, MESSAGES / 2);
    await fill(node, MESSAGES / 2, MESSAGES);
    await holdsAll(node);
    isModest(node);
    assertEquals(await node.process.stop(), 0);

    node = await start();
    isModest(node);
    await holdsAll(node);
    isModest(node);
    await node.process.kill("SIGKILL");

    node = await start();
    await holdsAll(node);
    isModest(node);
  } finally {
    await node.process[Symbol.asyncDispose]();
  }
});
