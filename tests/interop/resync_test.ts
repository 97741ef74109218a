/** Our slave of a Java master takes back what that does not have, and follows it. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { Buffer } from "node:buffer";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../src/base/log.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { parseHaStatus } from "../../src/wire/ha_status.ts";
import { test } from "../harness.ts";
import { LONG } from "../support/seeds.ts";
import { runPocketmq } from "../support/binary.ts";
import { sendRequest } from "../support/cluster.ts";
import { patiently } from "../support/patience.ts";
import { runtime } from "../support/runtime.ts";
import { prepareJava } from "./java.ts";
import { BrokerNode, type By, startNamesrv } from "./matrix/nodes.ts";
import { compareFolders } from "./stores.ts";
import { freePorts } from "../support/free_ports.ts";

const FILE_BYTES = 256 * 1024;
const WITHIN_MS = 90_000;

/** Whose master made the history that is cut; the other one in long runs. */
const OTHERS: readonly By[] = LONG ? ["ours", "java"] : ["ours"];

for (const by of OTHERS) {
  test(`a slave of a Java master is resynced that diverged as a master of ${by}`, async () => {
    await prepareJava();
    const home = mkdtempSync(join(tmpdir(), "pocketmq-resync-"));
    const calls = new Redial(runtime, silentLog);
    const namesrv = await startNamesrv(home);
    const nodes: BrokerNode[] = [];
    const broker = async (role: "master" | "slave", by: By, name: string): Promise<BrokerNode> => {
      const config = {
        brokerClusterName: "DefaultCluster",
        brokerName: "broker-a",
        brokerIP1: "127.0.0.1",
        brokerIP2: "127.0.0.1",
        namesrvAddr: namesrv.address,
        mappedFileSizeCommitLog: FILE_BYTES,
        maxMessageSize: 64 * 1024,
        mappedFileSizeConsumeQueue: 20_000,
        maxHashSlotNum: 5_000,
        maxIndexNum: 20_000,
        brokerId: role === "slave" ? 1 : 0,
        brokerRole: role === "slave" ? "SLAVE" : "ASYNC_MASTER",
      };
      const at = { port: await freePorts(), folder: join(home, name) };
      const node = new BrokerNode(role, by, at, config, calls);
      nodes.push(node);
      await node.start();
      return node;
    };
    const send = async (to: BrokerNode, text: string, count: number): Promise<number> => {
      for (let i = 0; i < count; i++) {
        const request = sendRequest("Resync", `${text} ${i} `.padEnd(1_500, text));
        assertEquals((await calls.call(`127.0.0.1:${to.port}`, request, 10_000)).code, 0);
      }
      return (await to.bounds())!.max;
    };
    try {
      const first = await broker("master", "java", "master");
      const parts = await send(first, "common", 300);
      await first.end("SIGTERM");
      cpSync(join(home, "master"), join(home, "slave"), { recursive: true });
      const other = await broker("master", by, "slave");
      const end = await send(other, "lost", 300);
      await other.end("SIGTERM");
      const tail = logOf(join(home, "slave")).subarray(parts, end);
      const master = await broker("master", "java", "master");
      assertGreater(await send(master, "kept", 500), end);

      const slave = await broker("slave", "ours", "slave");
      const address = `127.0.0.1:${slave.port}`;
      const becomes = (state: string) =>
        patiently(`it is ${state}`, async () => {
          const { body } = await calls.call(address, { code: 907 }, 10_000);
          return parseHaStatus(body).pocketmq!.state === state;
        }, WITHIN_MS).catch((error) => {
          throw new Error(`${error.message}\n${slave.said()}`);
        });
      await becomes("DIVERGED");
      const { code, stdout, stderr } = await runPocketmq(["ha", "resync", "-b", address]);
      assertEquals(code, 0, stdout + stderr);
      await becomes("IN_SYNC");
      const last = await send(master, "later", 20);
      await patiently("it has all", async () => (await slave.bounds())?.max === last, WITHIN_MS);
      for (const node of [slave, master]) await node.end("SIGTERM");
      const logs = ["master", "slave"].map((name) => join(home, name, "commitlog"));
      assertEquals(compareFolders(logs[0], logs[1]).difference, undefined);
      assert(!logOf(join(home, "slave")).includes("lost 0 "));
      const [folder] = readdirSync(join(home, "slave", "diverged"));
      const copy = join(home, "slave", "diverged", folder, String(parts).padStart(20, "0"));
      assertEquals(Buffer.compare(readFileSync(copy), tail), 0, "the copy is what was cut");
    } finally {
      for (const node of nodes) await node.end("SIGKILL");
      await namesrv.end("SIGKILL");
      calls.close();
      rmSync(home, { recursive: true, force: true });
    }
  });
}

/** All bytes of the log below a store's folder, which begins at 0. */
function logOf(folder: string): Buffer {
  const files = readdirSync(join(folder, "commitlog")).sort();
  return Buffer.concat(files.map((name) => readFileSync(join(folder, "commitlog", name))));
}
