import { assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { silentLog } from "../../src/base/log.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { ResponseCode } from "../../src/wire/codes.ts";
import { addressText } from "../../src/wire/host_address.ts";
import { decodeRecords } from "../../src/wire/message.ts";
import { formatBoundQuery, parseOffsetAnswer } from "../../src/wire/offset.ts";
import { test } from "../harness.ts";
import { type BrokerNode, sendRequest, startBrokerNode } from "../support/cluster.ts";
import { patiently } from "../support/patience.ts";
import { pullRequest } from "../support/pull_request.ts";
import { runtime } from "../support/runtime.ts";
import { type TempDir, tempDir } from "../support/temp.ts";

const TOPIC = "Flushed";
/** No disk takes that many bytes within the millisecond that it is given. */
const LARGE = "x".repeat(4_000_000);
const AT_ONCE = 4;
const STOPPED_MS = 400;
const CALL_MS = 20_000;

function flagsOf({ path }: TempDir, ...more: string[]): string[] {
  return [
    ...["--namesrv", "--master", "--namesrvPort", "0", "--listenPort", "0"],
    ...["--brokerIP1", "127.0.0.1", "--storePathRootDir", path],
    ...["--flushDiskType", "SYNC_FLUSH", "--syncFlushTimeout", "1"],
    ...more,
  ];
}

/** Sends to one queue and knows how each message was answered. */
class Sender implements Disposable {
  readonly codes = new Map<number, number>(); // by queue offset
  readonly #calls = new Redial(runtime, silentLog);
  readonly #node: BrokerNode;

  constructor(node: BrokerNode) {
    this.#node = node;
  }

  async send(body: string): Promise<void> {
    const { code, ext } = await this.#ask(sendRequest(TOPIC, body));
    this.codes.set(Number(ext.queueOffset), code);
  }

  /** Every message is in its queue, whichever of the two it was answered, and none is elsewhere. */
  async findsAll(): Promise<void> {
    const codes = new Set(this.codes.values());
    codes.delete(ResponseCode.SUCCESS);
    codes.delete(ResponseCode.FLUSH_DISK_TIMEOUT);
    assertEquals([...codes], [], "answers other than 0 and 10");
    const next = parseOffsetAnswer(await this.#ask(formatBoundQuery("next", TOPIC, 0)));
    const offsets = [...this.codes.keys()].sort((a, b) => a - b);
    assertEquals(offsets, Array.from({ length: next }, (_, i) => i));
    for (let at = 0; at < next;) {
      const { code, body } = await this.#ask(pullRequest(TOPIC, 0, at));
      assertEquals(code, 0);
      at += decodeRecords(body).length;
    }
  }

  answered(code: number): number {
    return [...this.codes.values()].filter((one) => one === code).length;
  }

  [Symbol.dispose](): void {
    this.#calls.close();
  }

  #ask(request: Parameters<Redial["call"]>[1]) {
    return this.#calls.call(addressText(this.#node.broker), request, CALL_MS);
  }
}

/** On a disk: in memory every flush is over at once. */
function diskFolder(): TempDir {
  return tempDir(existsSync("/var/tmp") ? "/var/tmp" : undefined);
}

test("SYNC_FLUSH answers 10 for what the disk has not in time, 0 for the rest, and has both", async () => {
  using folder = diskFolder();
  const node = await startBrokerNode("broker", flagsOf(folder), folder.path);
  try {
    using sender = new Sender(node);
    await patiently("no send is answered 10", async () => {
      await Promise.all(Array.from({ length: AT_ONCE }, () => sender.send(LARGE)));
      return sender.answered(ResponseCode.FLUSH_DISK_TIMEOUT) > 0;
    });
    await patiently("no send is answered 0", async () => {
      await sender.send("small");
      return sender.answered(ResponseCode.SUCCESS) > 0;
    });
    await sender.findsAll();
    await Promise.all(Array.from({ length: AT_ONCE }, () => sender.send(LARGE)));
    assertEquals(await node.process.stop(), 0);
    assertEquals(existsSync(join(folder.path, "abort")), false, "a stop waits for the disk");
  } finally {
    await node.process[Symbol.asyncDispose]();
  }
});

test("senders of a SYNC_FLUSH broker that stands still for a while are answered truly when it goes on", async () => {
  using folder = diskFolder();
  const timeout = ["--syncFlushTimeout", String(STOPPED_MS / 2)];
  const node = await startBrokerNode("broker", flagsOf(folder, ...timeout), folder.path);
  try {
    using sender = new Sender(node);
    const sending = (async () => {
      for (let i = 0; i < 30; i++) {
        await Promise.all(Array.from({ length: AT_ONCE }, () => sender.send("small")));
      }
    })();
    await patiently("nothing is answered", () => sender.codes.size > 0);
    void node.process.kill("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, STOPPED_MS));
    void node.process.kill("SIGCONT");
    await sending;
    await sender.findsAll();
    await node.process.kill("SIGKILL");
  } finally {
    await node.process[Symbol.asyncDispose]();
  }
  const again = await startBrokerNode("broker", flagsOf(folder), folder.path);
  try {
    using sender = new Sender(again);
    await sender.send("one more");
    assertEquals([...sender.codes.keys()], [120], "behind all that were answered");
  } finally {
    await again.process[Symbol.asyncDispose]();
  }
});
