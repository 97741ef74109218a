/** Delayed messages that wait in a store go on under the other broker, ours or Java's, whoever was killed. */
import { assertEquals } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { silentLog } from "../../src/base/log.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { RequestCode, ResponseCode } from "../../src/wire/codes.ts";
import { test } from "../harness.ts";
import { sendRequest } from "../support/cluster.ts";
import { runtime } from "../support/runtime.ts";
import { LONG } from "../support/seeds.ts";
import { prepareJava } from "./java.ts";
import { BrokerNode, type By, startNamesrv } from "./matrix/nodes.ts";
import { freePorts } from "../support/free_ports.ts";

const TOPIC = "Delayed";
const CONFIG = {
  brokerClusterName: "DefaultCluster",
  brokerName: "broker-a",
  brokerId: 0,
  brokerRole: "ASYNC_MASTER",
  brokerIP1: "127.0.0.1",
  brokerIP2: "127.0.0.1",
  mappedFileSizeCommitLog: 4 * 1024 * 1024,
  mappedFileSizeConsumeQueue: 2_000 * 20,
  maxHashSlotNum: 5_000,
  maxIndexNum: 20_000,
  messageDelayLevel: "1s 6s",
};

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

for (
  const { name, lives } of [
    { name: "ours, then Java's, then ours", lives: ["ours", "java", "ours"] as const },
    { name: "Java's, then ours", lives: ["java", "ours"] as const },
  ].slice(0, LONG ? 2 : 1)
) {
  test(`killed in turn, brokers deliver each delayed message once: ${name}`, async () => {
    await prepareJava();
    const home = mkdtempSync(join(tmpdir(), "pocketmq-delay-"));
    process.on("exit", () => rmSync(home, { recursive: true, force: true }));
    const calls = new Redial(runtime, silentLog);
    const namesrv = await startNamesrv(home);
    const at = { port: await freePorts(), folder: join(home, "master") };
    let node: BrokerNode | undefined;
    let sent = 0;
    try {
      for (const by of lives) {
        // Ours saves at once what it delivered: Java has nothing but that to go by.
        const own = { namesrvAddr: namesrv.address, ...saving(by) };
        node = new BrokerNode("master", by, at, { ...CONFIG, ...own }, calls);
        await node.start();
        for (let n = 0; n < 20; n++, sent++) await send(calls, node, `${sent}`, 1 + n % 2);
        await until(calls, node, sent - 10); // all but those of level 2, of this life
        await pause(300);
        await node.end("SIGKILL");
      }
      await node!.start();
      await until(calls, node!, sent);
      await pause(1_500);
      assertEquals(await end(calls, node!), sent);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${node?.said()}`, { cause: error });
    } finally {
      await node?.end("SIGKILL");
      calls.close();
      await namesrv.end("SIGKILL");
    }
  });
}

function saving(by: By): Record<string, number> {
  return by === "ours" ? { flushDelayOffsetInterval: 100 } : {};
}

async function send(calls: Redial, node: BrokerNode, body: string, level: number): Promise<void> {
  const request = sendRequest(TOPIC, body, `DELAY\x01${level}`);
  const { code, remark } = await calls.call(`127.0.0.1:${node.port}`, request, 5_000);
  if (code !== ResponseCode.SUCCESS) throw new Error(`a send is answered ${code}: ${remark}`);
}

async function end(calls: Redial, node: BrokerNode): Promise<number> {
  const request = { code: RequestCode.GET_MAX_OFFSET, ext: { topic: TOPIC, queueId: "0" } };
  return Number((await calls.call(`127.0.0.1:${node.port}`, request, 5_000)).ext.offset);
}

async function until(calls: Redial, node: BrokerNode, count: number): Promise<void> {
  const late = Date.now() + 30_000;
  for (let now = -1; now < count;) {
    now = await end(calls, node);
    if (Date.now() > late) throw new Error(`${now} of ${count} messages came`);
    await pause(50);
  }
}
