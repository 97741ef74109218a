import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { silentLog } from "../../src/base/log.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { encodeBatch } from "../../src/wire/batch.ts";
import { RequestCode, ResponseCode } from "../../src/wire/codes.ts";
import type { Command, Request } from "../../src/wire/command.ts";
import { addressText } from "../../src/wire/host_address.ts";
import { decodeRecords, type StoredMessage } from "../../src/wire/message.ts";
import { formatBoundQuery, parseOffsetAnswer } from "../../src/wire/offset.ts";
import { formatView } from "../../src/wire/query.ts";
import { test } from "../harness.ts";
import { type BrokerNode, sendRequest, startBrokerNode } from "../support/cluster.ts";
import { patiently } from "../support/patience.ts";
import { pullRequest } from "../support/pull_request.ts";
import { runtime } from "../support/runtime.ts";
import { Random } from "../support/seeds.ts";
import { type TempDir, tempDir } from "../support/temp.ts";

const TOPIC = "Cold";
const QUEUES = 4;
/** Of each queue. With these sizes: 120 files of the log, twice as many as are kept open, and 8 of each queue. */
const MESSAGES = 750;
const BODY_BYTES = 2_500;
const LOG_FILE_BYTES = 65_536;
const QUEUE_FILE_BYTES = 2_000;
/** Removed by retention. */
const OLD_FILES = 15;
const BATCH = 5;
const IN_FLIGHT = 8;
const PULLS = 400;
const OPEN_FILES_MAX = 200;
const CALL_MS = 20_000;

function flagsOf({ path }: TempDir): string[] {
  return [
    ...["--namesrv", "--master", "--namesrvPort", "0", "--listenPort", "0"],
    ...["--brokerIP1", "127.0.0.1", "--storePathRootDir", path],
    ...["--mappedFileSizeCommitLog", String(LOG_FILE_BYTES)],
    ...["--mappedFileSizeConsumeQueue", String(QUEUE_FILE_BYTES)],
    ...["--cleanResourceInterval", "100", "--deleteCommitLogFilesInterval", "1"],
    ...[
      "--fileReservedTime",
      "1",
      "--deleteWhen",
      Array.from({ length: 24 }, (_, hour) => hour).join(";"),
    ],
  ];
}

/** A broker and a connection to it. */
class Reader implements AsyncDisposable {
  readonly node: BrokerNode;
  readonly #calls = new Redial(runtime, silentLog);

  private constructor(node: BrokerNode) {
    this.node = node;
  }

  static async start(folder: TempDir): Promise<Reader> {
    return new Reader(await startBrokerNode("broker", flagsOf(folder), folder.path));
  }

  ask(request: Request): Promise<Command> {
    return this.#calls.call(addressText(this.node.broker), request, CALL_MS);
  }

  pull(queueId: number, queueOffset: number): Promise<Command> {
    return this.ask(pullRequest(TOPIC, queueId, queueOffset));
  }

  async bound(which: "first" | "next", queueId: number): Promise<number> {
    return parseOffsetAnswer(await this.ask(formatBoundQuery(which, TOPIC, queueId)));
  }

  /** Sends the messages `from` and behind it to a queue, as one batch. */
  async send(queueId: number, from: number): Promise<void> {
    const entries = Array.from({ length: BATCH }, (_, i) => ({
      flag: 0,
      body: new TextEncoder().encode(bodyOf(queueId, from + i)),
      properties: "",
    }));
    const { ext } = sendRequest(TOPIC, "", "", queueId);
    const code = RequestCode.SEND_BATCH_MESSAGE;
    const answer = await this.ask({ code, ext: { ...ext, m: "true" }, body: encodeBatch(entries) });
    assertEquals([answer.code, Number(answer.ext.queueOffset)], [0, from], answer.remark);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#calls.close();
    await this.node.process[Symbol.asyncDispose]();
  }
}

function bodyOf(queueId: number, n: number): string {
  return `${queueId}-${n} `.padEnd(BODY_BYTES, String(n));
}

/** The messages of an answer are these of the queue, from `queueOffset` on. */
function areOf(queueId: number, queueOffset: number, answer: Command): StoredMessage[] {
  assertEquals(answer.code, 0, `queue ${queueId} at ${queueOffset}: ${answer.remark}`);
  const messages = decodeRecords(answer.body);
  assertGreater(messages.length, 0);
  for (const [i, { body, queueOffset: own }] of messages.entries()) {
    assertEquals(own, queueOffset + i);
    assertEquals(new TextDecoder().decode(body), bodyOf(queueId, own));
  }
  assertEquals(Number(answer.ext.nextBeginOffset), queueOffset + messages.length);
  return messages;
}

/** Does `count` things, some at a time. */
async function lanes(count: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}

async function fill(reader: Reader): Promise<void> {
  for (let n = 0; n < MESSAGES; n += BATCH) {
    await Promise.all(Array.from({ length: QUEUES }, (_, queueId) => reader.send(queueId, n)));
  }
}

/** Reads from everywhere while it goes on being sent to. */
async function readsAnywhere(reader: Reader): Promise<void> {
  const random = new Random(1);
  let [sent, stop] = [MESSAGES, false];
  const sending = (async () => {
    for (; !stop; sent += BATCH) await reader.send(0, sent);
  })();
  const edges = Array.from({ length: MESSAGES / 100 }, (_, file) => 100 * (file + 1) - 1);
  await lanes(PULLS, async (i) => {
    const queueId = i % QUEUES;
    const at = random.below(4) === 0 ? random.pick(edges) : random.below(MESSAGES);
    const messages = areOf(queueId, Math.min(at, MESSAGES - 1), await reader.pull(queueId, at));
    const { logOffset, queueOffset } = random.pick(messages);
    const [same] = decodeRecords((await reader.ask(formatView(logOffset))).body);
    assertEquals([same.queueId, same.queueOffset], [queueId, queueOffset]);
  }).finally(() => stop = true);
  await sending;
  assertGreater(sent, MESSAGES);
  const open = readdirSync(`/proc/${reader.node.process.pid}/fd`).length;
  assertLess(open, OPEN_FILES_MAX, "open files");
}

/** The oldest files of the log, as if nothing had been written to them for two days. */
function growOld(folder: TempDir, files: number): void {
  const log = join(folder.path, "commitlog");
  const then = Date.now() / 1000 - 48 * 3600;
  for (const name of readdirSync(log).sort().slice(0, files)) {
    utimesSync(join(log, name), then, then);
  }
}

/** True when each queue's first message is in a file that stayed. */
async function beginAnew(reader: Reader): Promise<boolean> {
  for (let queueId = 0; queueId < QUEUES; queueId++) {
    const { code, body } = await reader.pull(queueId, await reader.bound("first", queueId));
    if (code !== 0) return false; // the file has gone, the queue hears of it in a moment
    if (decodeRecords(body)[0].logOffset < OLD_FILES * LOG_FILE_BYTES) return false;
  }
  return true;
}

/** A pull outside a queue is told where to go on: nothing is read there, and the next pull finds messages. */
async function movesReaders(reader: Reader): Promise<void> {
  for (let queueId = 0; queueId < QUEUES; queueId++) {
    const [first, next] = [
      await reader.bound("first", queueId),
      await reader.bound("next", queueId),
    ];
    assert(first > 0 && first < MESSAGES, `queue ${queueId} begins at ${first}`);
    const { PULL_OFFSET_MOVED, PULL_NOT_FOUND } = ResponseCode;
    for (
      const [at, code, goOn] of [
        [0, PULL_OFFSET_MOVED, first],
        [first - 1, PULL_OFFSET_MOVED, first],
        [next, PULL_NOT_FOUND, next],
        [next + 1, PULL_OFFSET_MOVED, next],
        [next + 1e9, PULL_OFFSET_MOVED, next],
      ]
    ) {
      const { code: told, ext } = await reader.pull(queueId, at);
      assertEquals(
        [told, Number(ext.nextBeginOffset)],
        [code, goOn],
        `pull at ${at} of ${queueId}`,
      );
      assertEquals([Number(ext.minOffset), Number(ext.maxOffset)], [first, next]);
    }
    for (let at = first; at < MESSAGES; at += 50) {
      areOf(queueId, at, await reader.pull(queueId, at));
    }
  }
  const empty = QUEUES - 1;
  await reader.ask(sendRequest("Empty", "x"));
  for (
    const [at, code] of [[0, ResponseCode.PULL_NOT_FOUND], [7, ResponseCode.PULL_OFFSET_MOVED]]
  ) {
    const answer = await reader.ask(pullRequest("Empty", empty, at));
    assertEquals([answer.code, Number(answer.ext.nextBeginOffset)], [code, 0]);
  }
}

test("pulls find any offset in files long closed, and are moved on where files were removed", async () => {
  using folder = tempDir();
  {
    await using reader = await Reader.start(folder);
    await fill(reader);
    assertEquals(await reader.node.process.stop(), 0);
  }
  {
    await using reader = await Reader.start(folder);
    await readsAnywhere(reader);
    growOld(folder, OLD_FILES);
    await patiently("old files are not removed", () => {
      return Number(readdirSync(join(folder.path, "commitlog")).sort()[0]) >=
        OLD_FILES * LOG_FILE_BYTES;
    });
    await patiently("queues do not begin with a message that is there", () => beginAnew(reader));
    await movesReaders(reader);
    await reader.node.process.kill("SIGKILL");
  }
  await using reader = await Reader.start(folder);
  await movesReaders(reader);
});
