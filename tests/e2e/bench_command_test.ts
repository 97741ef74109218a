/** `pocketmq bench` on a real cluster. Counts and sums are looked at, never how fast it was. */
import { spawn } from "node:child_process";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { brokerHa } from "../../src/admin/ha.ts";
import { test } from "../harness.ts";
import { cleanEnv, commandOf, type Exit, runPocketmq } from "../support/binary.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";
import { sendSignal } from "../support/signal.ts";

const text = ({ host, port }: { host: string; port: number }) => `${host}:${port}`;

function runner(cluster: Cluster) {
  return async (code: number, command: string): Promise<Exit> => {
    const exit = await runPocketmq([...command.split(" "), "-n", text(cluster.namesrv)]);
    assertEquals(exit.code, code, `${command}: ${exit.stdout}${exit.stderr}`);
    return exit;
  };
}

/** Runs a command until a topic of its own is there, and has it end as Ctrl-C does. */
async function interrupted(words: readonly string[], namesrv: string): Promise<Exit> {
  const [command, ...front] = commandOf();
  const child = spawn(command, [...front, ...words], {
    env: { ...cleanEnv(), NAMESRV_ADDR: namesrv },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (bytes) => output.stdout += bytes);
  child.stderr.on("data", (bytes) => output.stderr += bytes);
  const exited = new Promise<Exit>((resolve) =>
    child.on("close", (code, signal) => resolve({ code, signal, ...output }))
  );
  for (let listed = ""; !listed.includes("pocketmq-bench-");) {
    listed = (await runPocketmq(["topic", "list", "-n", namesrv])).stdout;
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  sendSignal(child, "SIGINT");
  return await exited;
}

/** Where the master's log ends. */
async function logEnd({ calls, master }: Cluster): Promise<number> {
  return (await brokerHa(calls, text(master.broker))).maxOffset;
}

test("bench counts what a cluster stores, gives and copies, and leaves nothing behind", async () => {
  await using cluster = await startCluster({ slaves: 1 });
  const run = runner(cluster);

  const counted = await run(0, "bench produce kept --count 600 --batch 3 --keys 1 --keep --json");
  const { brokers, latencyMs, ...result } = JSON.parse(counted.stdout);
  assertEquals(
    [result.topic, result.made, result.kept, result.stored, result.storedWithWarmup],
    ["kept", true, true, 600, 600],
  );
  assertEquals(result.answers, [{ status: "SEND_OK", code: 0, messages: 600 }]);
  const address = text(cluster.master.broker);
  assertEquals(brokers, [{ name: "broker-a", address, queues: 4, role: "SYNC_MASTER" }]);
  assertEquals(latencyMs.p50 > 0 && latencyMs.p50 <= latencyMs.max, true);
  const { stdout: status } = await run(0, "topic status kept");
  assertStringIncludes(status, "\nkept holds 600 messages.\n");
  assertEquals(status.match(/ {2}150 +\d{4}-/g)?.length, 4); // all queues alike

  const timed = await run(
    0,
    "bench produce --seconds 1 --warmup 1 --rate 200 --connections 2 --progress",
  );
  assertMatch(timed.stdout, /^Sending to pocketmq-bench-[0-9a-f]{8}, made for this: 4 queues on /);
  assertMatch(timed.stdout, /\n {2}SEND_OK +\d+\n[^]*corrected for coordinated omission/);
  assertMatch(timed.stderr, /^ {3}1 s {2}[\d.,]+ msg\/s/);

  const read = JSON.parse((await run(0, "bench consume kept --json")).stdout);
  assertEquals([read.messages, read.kept, read.stopped], [600, true, false]);
  const slaveAddress = text(cluster.slaves[0].broker);
  const there = await run(0, `bench consume kept --batch 7 --count 300 -b ${slaveAddress}`);
  assertMatch(there.stdout, /^Reading kept, to its end: 4 queues on broker-a \(SLAVE, /);
  assertMatch(there.stdout, /\n {2}messages +3\d\d +in \d+ pulls\n/);
  const own = await run(0, "bench consume --fill 2000 --size 100 --json");
  assertEquals(JSON.parse(own.stdout).messages, 2000);
  const [live] = await Promise.all([
    run(0, "bench consume kept --live --seconds 2 --json"),
    run(0, "bench produce kept --seconds 3 --warmup 0 --rate 200"),
  ]);
  const { messages, endToEndMs } = JSON.parse(live.stdout);
  assertEquals([messages > 0, endToEndMs.max >= 0], [true, true], live.stdout);
  const missing = await run(1, "bench consume keptt");
  assertStringIncludes(missing.stderr, 'No broker here has topic "keptt"');

  const took = JSON.parse((await run(0, `bench replicate -b ${address} --json`)).stdout);
  assertEquals([took.from, took.role, took.passes], [1, "SYNC_MASTER", 1]);
  assertEquals(took.to >= took.bytes && took.bytes > 600 * 1024, true);
  const lag = JSON.parse(
    (await run(0, `bench replicate -b ${address} --measure lag --seconds 1 --json`)).stdout,
  );
  assertEquals(lag.slaves.map(({ address }: { address: string }) => address), [slaveAddress]);
  assertEquals([lag.slaves[0].seen, lag.slaves[0].late], [lag.messages, 0]);

  const slave = await run(2, `bench produce kept -b ${text(cluster.slaves[0].broker)}`);
  assertStringIncludes(slave.stderr, "is a slave, it takes no messages");

  const stopped = await interrupted(
    "bench produce --warmup 0 --json".split(" "),
    text(cluster.namesrv),
  );
  assertEquals(stopped.code, 0, stopped.stderr);
  assertEquals(JSON.parse(stopped.stdout).stopped, true);
  assertEquals((await run(0, "topic list --json")).stdout.match(/bench/g), null);

  await cluster.slaves[0].process.kill("SIGKILL");
  const weak = await run(3, "bench produce kept --count 50 --json");
  const weakly = JSON.parse(weak.stdout);
  assertEquals(weakly.stored, 50);
  const statuses = new Set(weakly.answers.map(({ status }: { status: string }) => status));
  statuses.delete("SEND_OK");
  assertEquals([...statuses].length > 0, true, weak.stdout);
  const unsafe = await run(4, `bench replicate -b ${address}`);
  assertStringIncludes(unsafe.stderr, "has 0 of the 1 slaves in sync that it needs");
  const before = await logEnd(cluster);
  const [asked] = await Promise.all([
    run(0, `bench replicate -b ${address} --yes --again --seconds 2 --json`),
    run(3, "bench produce kept --count 50"), // not one of them is acknowledged
  ]);
  assertEquals(JSON.parse(asked.stdout).passes > 0, true, asked.stdout);
  assertEquals(await logEnd(cluster) > before, true);
});
