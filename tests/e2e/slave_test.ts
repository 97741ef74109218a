import { assertEquals, assertGreater } from "@std/assert";
import { join } from "node:path";
import { silentLog } from "../../src/base/log.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { RequestCode } from "../../src/wire/codes.ts";
import { type OwnHaStatus, parseHaStatus } from "../../src/wire/ha_status.ts";
import { test } from "../harness.ts";
import { type BrokerNode, sendRequest, startBrokerNode } from "../support/cluster.ts";
import { differences } from "../support/load.ts";
import { runtime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const MIB = 1024 * 1024;
/** Nobody listens there. */
const NO_NAMESRV = ["--namesrvAddr", "127.0.0.1:1"];
const COMMON = [...NO_NAMESRV, "--brokerIP1", "127.0.0.1", "--listenPort", "0"];

/** What a broker says of its replication, once it is in that state. */
async function state(calls: Redial, node: BrokerNode, wanted: string): Promise<OwnHaStatus> {
  let own: OwnHaStatus | undefined;
  for (let tries = 0; tries < 300; tries++) {
    const request = { code: RequestCode.GET_BROKER_HA_STATUS };
    const answer = await calls.call(`127.0.0.1:${node.broker.port}`, request, 5_000);
    own = parseHaStatus(answer.body).pocketmq!;
    if (own.state === wanted) return own;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`it is ${own?.state}, not ${wanted}: ${own?.reason}\n${node.process.stderr}`);
}

test("haMasterAddress is enough: no name server, a whole log of several files, killed on the way", async () => {
  using folder = tempDir();
  const calls = new Redial(runtime, silentLog);
  const nodes: BrokerNode[] = [];
  const start = async (name: string, flags: readonly string[]) => {
    const dir = join(folder.path, name);
    const files = ["--mappedFileSizeCommitLog", String(MIB)];
    const node = await startBrokerNode(
      name,
      [...flags, ...COMMON, ...files, "--storePathRootDir", dir],
      dir,
    );
    nodes.push(node);
    return node;
  };
  try {
    const master = await start("master", ["--master", "--brokerRole", "SYNC_MASTER"]);
    const send = (body: string) =>
      calls.call(`127.0.0.1:${master.broker.port}`, sendRequest("T", body), 10_000);
    const stored = await Promise.all(Array.from({ length: 1_000 }, () => send("x".repeat(4_000))));
    assertEquals(new Set(stored.map(({ code }) => code)), new Set([11]));
    const flags = ["--slave", "--haMasterAddress", `127.0.0.1:${master.ha.port}`];
    const first = await start("slave", flags);
    await first.process.kill("SIGKILL"); // wherever the copy is
    const slave = await start("slave", flags);
    const { masterMaxOffset, maxOffset } = await state(calls, slave, "IN_SYNC");
    assertGreater(masterMaxOffset, 3 * MIB);
    assertEquals(maxOffset, masterMaxOffset);
    assertEquals((await send("and on")).code, 0);
    assertEquals(await slave.process.stop(), 0);
    assertEquals(await master.process.stop(), 0);
    assertEquals(differences(join(master.dir, "commitlog"), join(slave.dir, "commitlog")), []);
  } finally {
    calls.close();
    for (const { process } of nodes) await process[Symbol.asyncDispose]();
  }
});
