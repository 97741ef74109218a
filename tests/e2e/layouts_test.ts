import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { silentLog } from "../../src/base/log.ts";
import type { BrokerConfig } from "../../src/broker/config.ts";
import { configOf } from "../../src/broker/configure.ts";
import { readConf } from "../../src/cli/conf_file.ts";
import { connect } from "../../src/client/client.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { test } from "../harness.ts";
import { runPocketmq } from "../support/binary.ts";
import { sendRequest } from "../support/cluster.ts";
import { confFile, isAlive, type Layout, type LayoutName, startLayout } from "../support/layout.ts";
import { keysInLog } from "../support/load.ts";
import { runtime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const TOPIC = "LayoutT";
const COUNT = 40;

for (
  const { name, slaves } of [
    { name: "2m-noslave", slaves: [] },
    { name: "2m-2s-async", slaves: ["broker-a-s", "broker-b-s"] },
    { name: "2m-2s-sync", slaves: ["broker-a-s", "broker-b-s"] },
  ] as const satisfies readonly { name: LayoutName; slaves: readonly string[] }[]
) {
  test(`${name}/start.sh runs two masters, ${slaves.length} slaves and two name servers`, async () => {
    await using layout = await startLayout(name);
    assertEquals(
      layout.nodes.map((node) => node.name).sort(),
      ["broker-a", "broker-b", ...slaves, "namesrv-1", "namesrv-2"].sort(),
    );
    const keys = await sendToBoth(layout);
    for (const slave of slaves) {
      const wanted = keys.get(slave.slice(0, "broker-a".length))!;
      await eventually(`${slave} has its master's bytes`, () => {
        const found = keysInLog(layout.node(slave).folder);
        return Promise.resolve(wanted.every((key) => found.has(key)));
      });
    }
    const stopped = await layout.sh("stop");
    assertEquals([stopped.code, stopped.stderr], [0, ""]);
    assertStringIncludes(stopped.stdout, `${layout.nodes.length} nodes stopped`);
    for (const { name, pid } of layout.nodes) assert(!isAlive(pid), `${name} still runs`);
    const left = readdirSync(join(layout.folder, `run-${name}`)).filter((f) => f.endsWith(".pid"));
    assertEquals(left, []);
    assertEquals((await layout.sh("status")).code, 3);
  });
}

for (
  const { name, masters, slaves } of [
    { name: "2m-noslave", masters: "ASYNC_MASTER", slaves: 0 },
    { name: "2m-2s-async", masters: "ASYNC_MASTER", slaves: 2 },
    { name: "2m-2s-sync", masters: "SYNC_MASTER", slaves: 2 },
  ] as const
) {
  test(`the files of ${name} need no other, and no two nodes want one port`, () => {
    const files = readdirSync(dirname(confFile(name, "x"))).filter((f) =>
      f.endsWith(".properties")
    );
    const ports: number[] = [];
    const roles: string[] = [];
    for (const file of files) {
      const namesrv = file.startsWith("namesrv-");
      const { config, warnings } = configOf({
        roles: { namesrv, broker: namesrv ? undefined : "file" },
        file: readConf(runtime.fs, confFile(name, file.replace(".properties", ""))),
      });
      assertEquals(warnings, [], file);
      const { listenPort: port, haListenPort, namesrvPort } = config;
      ports.push(...namesrv ? [namesrvPort] : [port - 2, port, haListenPort]);
      if (namesrv) continue;
      roles.push(config.brokerRole);
      assertEquals(`broker-${file[7]}-${config.brokerRole === "SLAVE" ? 1 : 0}`, nodeOf(config));
      assertEquals(config.namesrvAddr, ["127.0.0.1:9876", "127.0.0.1:9877"]);
    }
    assertEquals(new Set(ports).size, ports.length, `${ports}`);
    assert(ports.includes(9876) && ports.includes(9877));
    const wanted = [...Array(slaves).fill("SLAVE"), masters, masters];
    assertEquals(roles.sort(), wanted.sort());
  });
}

function nodeOf({ brokerName, brokerId }: BrokerConfig): string {
  return `${brokerName}-${brokerId}`;
}

/** Makes the topic on each master: the first send of a client makes it on one only. */
async function makeTopic(layout: Layout): Promise<void> {
  const redial = new Redial(runtime, silentLog);
  try {
    for (const name of ["broker-a", "broker-b"]) {
      const { address } = layout.node(name);
      const { code } = await redial.call(address, sendRequest(TOPIC, "the first"), 5_000);
      assertEquals(code, 0, name); // a SYNC_MASTER has its slave when start.sh ends
    }
  } finally {
    redial.close();
  }
}

/** Sends to every queue; gives the keys that each master answered. */
async function sendToBoth(layout: Layout): Promise<Map<string, string[]>> {
  await makeTopic(layout);
  await using client = connect(runtime, { namesrvAddr: layout.namesrvAddr });
  const producer = client.producer();
  const keys = new Map<string, string[]>();
  for (let i = 0; i < COUNT; i++) {
    const sent = await producer.send({ topic: TOPIC, body: "x", keys: [`k${i}`] });
    assertEquals(sent.status, "SEND_OK");
    const { brokerName } = sent.queue;
    keys.set(brokerName, [...keys.get(brokerName) ?? [], `k${i}`]);
  }
  assertEquals([...keys.keys()].sort(), ["broker-a", "broker-b"]);
  return keys;
}

test("start.sh stop ends no process that it did not start", async () => {
  using temp = tempDir();
  const other = spawn("sleep", ["60"]);
  const ended = new Promise((resolve) => other.on("close", resolve));
  try {
    const run = join(temp.path, "run-2m-noslave");
    mkdirSync(run);
    writeFileSync(join(run, "broker-a.pid"), `${other.pid}\n`); // left by a machine that went down
    const command = ["bash", confFile("2m-noslave", "x").replace("x.properties", "start.sh")];
    const env = { LAYOUT_DATA: temp.path };
    const stopped = await runPocketmq(["stop"], { command, env });
    assertEquals([stopped.code, stopped.stdout], [0, "0 nodes stopped\n"]);
    assert(isAlive(other.pid!));
  } finally {
    other.kill("SIGKILL");
    await ended;
  }
});

test("start.sh says why a node does not start, and leaves none behind", async () => {
  using temp = tempDir();
  const command = ["bash", confFile("2m-noslave", "x").replace("x.properties", "start.sh")];
  const env = { LAYOUT_DATA: temp.path, POCKETMQ: "bash -c false" };
  const { code, stderr } = await runPocketmq(["start"], { command, env });
  assertEquals(code, 1);
  assertStringIncludes(stderr, "namesrv-1 ended before it served; the end of ");
  const wrong = await runPocketmq(["begin"], { command, env });
  assertEquals(wrong.code, 2);
  assertStringIncludes(wrong.stderr, "it must be start, run, stop or status");
});

/** Waits up to 30 s. */
async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + 30_000;
  while (!await holds()) {
    assert(Date.now() < until, `not within 30 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
