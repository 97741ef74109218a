/** The ready layouts with Java: its tools and clients on ours, its brokers on our files, name servers that come and go. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { brokerHa } from "../../src/admin/ha.ts";
import { clusterBrokers } from "../../src/admin/cluster.ts";
import { silentLog } from "../../src/base/log.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { test } from "../harness.ts";
import { type Pocketmq, runPocketmq, startPocketmq } from "../support/binary.ts";
import { sendRequest } from "../support/cluster.ts";
import { confFile, type Layout, startLayout } from "../support/layout.ts";
import { runtime } from "../support/runtime.ts";
import { prepareJava, startPeer, startScenarios } from "./java.ts";
import { mqadmin } from "./mqadmin.ts";
import type { Running } from "./processes.ts";
import { lazily } from "./suite.ts";
import { freePorts } from "../support/free_ports.ts";

const home = mkdtempSync(join(tmpdir(), "pocketmq-layouts-"));
process.on("exit", () => rmSync(home, { recursive: true, force: true }));

const layout = lazily(async () => {
  await prepareJava();
  const running = await startLayout("2m-2s-sync");
  for (const { pid } of running.nodes) process.on("exit", () => endIt(pid)); // a run that was broken off
  for (const master of ["broker-a", "broker-b"]) {
    await confirms(running, master, "layout-steady");
    await confirms(running, master, "layout-both");
  }
  return running;
});

test("2m-2s-sync: mqadmin clusterList shows both masters and both slaves", async () => {
  const { namesrvAddr, node } = await layout();
  for (const namesrv of [namesrvAddr, ...namesrvAddr.split(";")]) {
    const list = await mqadmin(join(home, "mqadmin"), ["clusterList", "-n", namesrv]);
    for (const name of ["broker-a", "broker-b"]) {
      assertMatch(list, new RegExp(`${name} +0 +${node(name).address} `), namesrv);
      assertMatch(list, new RegExp(`${name} +1 +${node(`${name}-s`).address} `), namesrv);
    }
  }
});

test("2m-2s-sync: a Java producer gets SEND_OK, a Java consumer everything", async () => {
  const { namesrvAddr } = await layout();
  const scenarios = ["ready", "sendAsync", "consumeAll", "newMessagesAtOnce"];
  const run = startScenarios({
    namesrv: namesrvAddr,
    run: "java",
    home: join(home, "a"),
    scenarios,
  });
  for (const scenario of scenarios) {
    const line = await run.line(scenario);
    assert(line.ok, `${scenario}: ${line.error}`);
  }
});

test("2m-2s-sync: a Java client does not notice name servers that die and come back empty", async () => {
  const { namesrvAddr, node } = await layout();
  const before = await logEnd(node("broker-a").address);
  const scenarios = ["steady"];
  const run = startScenarios({
    namesrv: namesrvAddr,
    run: "layout",
    home: join(home, "s"),
    scenarios,
  });
  const line = run.line("steady");
  const again: Pocketmq[] = [];
  try {
    await eventually(
      "the client is at work",
      async () => await logEnd(node("broker-a").address) > before + 10_000,
    );
    for (const name of ["namesrv-1", "namesrv-2"]) {
      const { pid, address } = node(name);
      endIt(pid);
      await after(2_000);
      again.push(await startNamesrv(address, name));
      await brokersAt(address, 4);
      await after(2_000);
    }
    const { ok, error } = await line;
    assert(ok, error);
  } finally {
    for (const one of again) await one.stop();
  }
});

test("2m-2s-sync: start.sh stops what is left", async () => {
  const running = await layout();
  const { stdout, code } = await running.sh("stop");
  assertEquals([stdout, code], ["4 nodes stopped\n", 0]);
  await running[Symbol.asyncDispose]();
});

test("Java's mqbroker runs with the files of 2m-2s-sync, and ha status says what it can of it", async () => {
  await prepareJava();
  const namesrv = await startNamesrv("127.0.0.1:0", "java-ns");
  const address = namesrv.ready.namesrv!;
  const peers: Running[] = [];
  const calls = new Redial(runtime, silentLog);
  try {
    const ports = { "broker-a": await freePorts(), "broker-a-s": await freePorts() };
    for (const name of ["broker-a", "broker-a-s"] as const) {
      const folder = join(home, `java-${name}`);
      const moved = {
        listenPort: ports[name],
        namesrvAddr: address,
        brokerIP1: "127.0.0.1",
        storePathRootDir: folder,
        storePathCommitLog: join(folder, "commitlog"),
        mappedFileSizeCommitLog: 1_048_576,
      };
      peers.push(await startPeer("broker", folder, { ...entriesOf(name), ...moved }));
    }
    await brokersAt(address, 2);
    for (const [name, role] of [["broker-a", "SYNC_MASTER"], ["broker-a-s", "SLAVE"]] as const) {
      const told = await brokerHa(calls, `127.0.0.1:${ports[name]}`);
      assertEquals([told.name, told.role, told.status], ["broker-a", role, undefined]);
    }
    await calls.call(`127.0.0.1:${ports["broker-a"]}`, sendRequest("JavaT", "hello"), 10_000);
    const one = await runPocketmq(["ha", "status", "-b", `127.0.0.1:${ports["broker-a"]}`]);
    assertEquals(one.code, 1, one.stdout);
    assertMatch(one.stdout, /broker-a +0 +127\S+ +SYNC_MASTER +UNKNOWN +0\.\.\d+/);
    assertStringIncludes(one.stdout, "this broker 4.9.7 knows no request for it (907");
    // A Java broker answers 28 with nothing for a while after its start.
    await eventually("the slave says where its log ends", async () => {
      const all = await runPocketmq(["ha", "status", "-n", address]);
      return /broker-a +1 +127\S+ +SLAVE +UNKNOWN +(empty|0\.\.\d+) +\d+ B/.test(all.stdout);
    });
  } finally {
    calls.close();
    await Promise.all(peers.map((peer) => peer.end("SIGKILL")));
    await namesrv.stop();
  }
});

/** Waits until that master answers SEND_OK; makes the topic there. */
async function confirms({ node }: Layout, master: string, topic: string): Promise<void> {
  const calls = new Redial(runtime, silentLog);
  try {
    await eventually(`${master} answers SEND_OK`, async () => {
      const { code } = await calls.call(node(master).address, sendRequest(topic, "first"), 5_000);
      return code === 0;
    });
  } finally {
    calls.close();
  }
}

async function logEnd(broker: string): Promise<number> {
  const calls = new Redial(runtime, silentLog);
  try {
    return (await brokerHa(calls, broker)).maxOffset;
  } finally {
    calls.close();
  }
}

/** Waits until that name server has so many brokers. */
async function brokersAt(address: string, count: number): Promise<void> {
  const calls = new Redial(runtime, silentLog);
  const servers = {
    ask: (request: { code: number }) => calls.call(address, request, 3_000),
  };
  try {
    await eventually(
      `${count} brokers at ${address}`,
      async () => (await clusterBrokers(servers)).length === count,
    );
  } finally {
    calls.close();
  }
}

function startNamesrv(address: string, name: string): Promise<Pocketmq> {
  const kv = join(home, name, "kvConfig.json");
  const port = address.slice(address.lastIndexOf(":") + 1);
  return startPocketmq(["--namesrv", "--namesrvPort", port, "--kvConfigPath", kv]);
}

/** The keys of one of our files. */
function entriesOf(node: string): Record<string, string> {
  const lines = readFileSync(confFile("2m-2s-sync", node), "utf8").split("\n");
  return Object.fromEntries(
    lines.filter((line) => /^[^#].*=/.test(line)).map((line) => line.split(/=(.*)/).slice(0, 2)),
  );
}

function endIt(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it has ended
  }
}

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + 60_000;
  while (!await holds()) {
    assert(Date.now() < until, `not within 60 s: ${what}`);
    await after(100);
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
