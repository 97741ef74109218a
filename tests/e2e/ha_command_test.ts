/** `pocketmq ha` on real brokers: what it shows, and what its exit codes say. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { spawn } from "node:child_process";
import { test } from "../harness.ts";
import { commandOf, type Exit, runPocketmq } from "../support/binary.ts";
import { type Cluster, sendRequest, startBrokerNode, startCluster } from "../support/cluster.ts";
import { sendSignal } from "../support/signal.ts";

const text = ({ host, port }: { host: string; port: number }) => `${host}:${port}`;

function ha(...args: string[]): Promise<Exit> {
  return runPocketmq(["ha", ...args]);
}

/** Asks until the exit code is that one; a change takes a moment to be seen. */
async function statusThatEnds(code: number, ...args: string[]): Promise<Exit> {
  for (let left = 60;; left--) {
    const exit = await ha("status", ...args);
    if (exit.code === code || left === 0) {
      assertEquals(exit.code, code, exit.stdout + exit.stderr);
      return exit;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test("ha status ends with 0 in sync, with 3 when the slave is gone, with 1 where nobody is", async () => {
  await using cluster = await startCluster({ slaves: 1 });
  const { master, slaves: [slave] } = cluster;
  const namesrv = text(cluster.namesrv);
  const all = await statusThatEnds(0, "-n", namesrv);
  const [, first, second] = all.stdout.split("\n");
  const [at, slaveAt] = [master, slave].map(({ broker }) => text(broker));
  assertMatch(first, new RegExp(`^broker-a +0 +${at} +SYNC_MASTER +MASTER .* 1 of 1 in sync$`));
  assertMatch(second, new RegExp(`^broker-a +1 +${slaveAt} +SLAVE +IN_SYNC +0\\.\\.\\d+ +0 B `));
  const json = JSON.parse((await statusThatEnds(0, "-b", slaveAt, "--json")).stdout);
  assertEquals([json.health, json.role, json.pocketmq.state], ["ok", "SLAVE", "IN_SYNC"]);

  await slave.process.kill("SIGKILL");
  const alone = await statusThatEnds(3, "-b", at);
  assertStringIncludes(alone.stdout, "needs 1 slave in sync and has 0");
  assertEquals((await statusThatEnds(3, "-n", namesrv)).stderr, "");
  const gone = await statusThatEnds(1, "-b", slaveAt);
  assertMatch(gone.stdout, /UNREACHABLE/);
});

test("a slave without its master is not in sync: 3", async () => {
  await using cluster = await startCluster({ slaves: 1 });
  const { master, slaves: [slave] } = cluster;
  await master.process.kill("SIGKILL");
  const { stdout } = await statusThatEnds(3, "-b", text(slave.broker));
  assertMatch(stdout, /SLAVE +(CONNECTING|HANDSHAKE)/);
  assertMatch(stdout, /, (CONNECTING|HANDSHAKE) for \d+ s:\n {2}\S/);
});

test("a slave that is ahead of its master: 4, with the reason and the command", async () => {
  await using cluster = await startCluster({ slaves: 1 });
  const { slaves: [slave], master } = cluster;
  await masterThatLost(cluster);
  const { stdout } = await statusThatEnds(4, "-b", text(slave.broker));
  assertMatch(stdout, /SLAVE +(AHEAD|DIVERGED|PURGED)/);
  assertMatch(stdout, /the master's/);
  await master.process.stop();
});

/** The master starts again with an empty store, on the same ports. */
async function masterThatLost({ master, nodes }: Cluster): Promise<void> {
  await master.process.kill("SIGKILL");
  const dir = `${master.dir}-new`;
  const flags = master.flags.map((flag) => flag === master.dir ? dir : flag);
  nodes.push(await startBrokerNode("the new master", flags, dir));
}

test("ha accept serves a slave of another history, which then sees for itself", async () => {
  await using cluster = await startCluster({ slaves: 0, role: "ASYNC_MASTER" });
  const { master, nodes } = cluster;
  const dir = `${master.dir}-slave`;
  const common = ["--brokerIP1", "127.0.0.1", "--listenPort", "0", "--storePathRootDir", dir];
  const alone = ["--master", ...common, "--namesrvAddr", "127.0.0.1:1"]; // nobody is told of it
  const other = await startBrokerNode("another history", alone, dir);
  for (const [broker, letter, count] of [[other, "o", 20], [master, "m", 40]] as const) {
    for (let i = 0; i < count; i++) {
      await cluster.ask(broker.broker, sendRequest("T", letter.repeat(1_000)));
    }
  }
  await other.process.stop();
  const flags = ["--slave", ...common, "--namesrvAddr", text(cluster.namesrv)];
  const slave = await startBrokerNode("slave", [...flags, "--haProof", "stream"], dir);
  nodes.push(slave);

  const at = text(master.broker);
  const refused = await statusThatEnds(4, "-b", at);
  assertMatch(
    refused.stdout,
    new RegExp(`refused ${text(slave.broker)} as FOREIGN at 20.*: .*bytes`),
  );
  const accepted = await ha("accept", text(slave.broker), "-b", at);
  assertEquals([accepted.code, accepted.stderr], [0, ""]);
  assertEquals(
    accepted.stdout,
    `${at} serves ${text(slave.broker)} from its next connection on.\n`,
  );
  await statusThatEnds(0, "-b", at);
  const { stdout } = await statusThatEnds(4, "-b", text(slave.broker));
  assertMatch(stdout, /SLAVE +DIVERGED/);
  assertStringIncludes(stdout, `\`pocketmq ha resync -b ${text(slave.broker)}\``);
});

test("ha accept says why it does nothing", async () => {
  await using cluster = await startCluster({ slaves: 0, role: "ASYNC_MASTER" });
  const { code, stderr } = await ha("accept", "10.1.2.3:11011", "-b", text(cluster.master.broker));
  assertEquals(code, 1);
  assertStringIncludes(stderr, '"10.1.2.3:11011" was never refused here');
});

test("ha status --watch looks again until Ctrl-C, then ends with what it saw last", async () => {
  await using cluster = await startCluster({ slaves: 0, role: "ASYNC_MASTER" });
  const [command, ...front] = commandOf();
  const watch = ["ha", "status", "--watch", "-b", text(cluster.master.broker)];
  const child = spawn(command, [...front, ...watch], { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  const seenTwice = new Promise<void>((resolve) => {
    child.stdout!.on("data", (bytes) => {
      out += bytes;
      if (out.split("BROKER").length > 2) resolve();
    });
  });
  const ended = new Promise((resolve) => child.on("close", resolve));
  await seenTwice;
  sendSignal(child, "SIGINT");
  const code = await ended;
  assertEquals(code, 0, out);
  assertMatch(out, /^BROKER.*\nbroker-a +0 .*\n\nBROKER.*\nbroker-a +0 /);
});

for (
  const { args, err } of [
    { args: [], err: "ha needs a word first: status, resync or accept" },
    { args: ["statsu"], err: 'unknown word "statsu" behind ha, did you mean status?' },
    { args: ["status", "more"], err: 'ha status does not take "more"' },
    {
      args: ["status", "-b", "10.0.0.1"],
      err: '-b is "10.0.0.1", it must be host:port of a broker',
    },
    { args: ["resync"], err: "ha resync needs -b, the address of the slave" },
    { args: ["resync", "-b", "a:1", "--watch"], err: "unknown flag --watch" },
    { args: ["accept", "-b", "a:1"], err: "ha accept needs the address of a slave" },
    { args: ["accept", "b:1"], err: "ha accept needs -b, the address of the master" },
    { args: ["status", "-n", "x"], err: "must be host:port" },
  ]
) {
  test(`pocketmq ha ${args.join(" ")} ends with 2 and says why`, async () => {
    const { code, stderr } = await ha(...args);
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, err);
  });
}

test("ha --help lists the exit codes", async () => {
  const { code, stdout } = await ha("--help");
  assertEquals(code, 0);
  assertMatch(stdout, /Exit codes.*\n +0 .*\n +1 .*\n +2 .*\n +3 .*\n +4 .*\n.*\n +124 /);
});
