/** `pocketmq bench` on a real cluster. Counts and sums are looked at, never how fast it was. */
import { spawn } from "node:child_process";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
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

/** A command that is at work until it is interrupted, as by Ctrl-C. */
function started(command: string, namesrv: string): { interrupt(): Promise<Exit> } {
  const [program, ...front] = commandOf();
  const child = spawn(program, [...front, ...command.split(" "), "-n", namesrv], {
    env: cleanEnv(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (bytes) => output.stdout += bytes);
  child.stderr.on("data", (bytes) => output.stderr += bytes);
  const exited = new Promise<Exit>((resolve) =>
    child.on("close", (code, signal) => resolve({ code, signal, ...output }))
  );
  return {
    interrupt() {
      sendSignal(child, "SIGINT");
      return exited;
    },
  };
}

test("bench counts what a cluster stores, gives and copies, and leaves nothing behind", async () => {
  const patient = ["--slaveTimeout", "20000"]; // a busy machine is no slave that is missing
  await using cluster = await startCluster({ slaves: 1, flags: patient });
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
  const command = "bench produce lively --seconds 120 --warmup 0 --rate 200 --json";
  const producing = started(command, text(cluster.namesrv));
  while (!(await run(0, "topic list")).stdout.includes("lively"));
  const live = await run(0, "bench consume lively --live --seconds 30 --count 20 --json");
  const { messages, endToEndMs } = JSON.parse(live.stdout);
  assertEquals([messages >= 20, endToEndMs.max >= 0], [true, true], live.stdout);
  const stopped = await producing.interrupt();
  assertEquals(stopped.code, 0, stopped.stderr);
  const { stopped: early, stored } = JSON.parse(stopped.stdout);
  assertEquals([early, stored >= 20], [true, true], stopped.stdout);
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

  assertEquals((await run(0, "topic list --json")).stdout.match(/bench|lively/g), null);
});

test("bench tells where a slave is missing, and is none", async () => {
  await using cluster = await startCluster({ slaves: 0, role: "SYNC_MASTER" });
  const run = runner(cluster);
  const address = text(cluster.master.broker);
  const weak = JSON.parse((await run(3, "bench produce kept --count 50 --keep --json")).stdout);
  assertEquals(weak.stored, 50);
  assertEquals(
    weak.answers.map(({ status, messages }: Record<string, unknown>) => [
      status,
      messages,
    ]),
    [["SEND_OK", 0], ["SLAVE_NOT_AVAILABLE", 50]],
  );
  const unsafe = await run(4, `bench replicate -b ${address}`);
  assertStringIncludes(unsafe.stderr, "has 0 of the 1 slaves in sync that it needs");
  assertEquals(unsafe.stdout, "");
  const [asked, sent] = await Promise.all([
    run(0, `bench replicate -b ${address} --yes --again --seconds 2 --json`),
    run(3, "bench produce kept --count 50 --json"),
  ]);
  assertEquals(JSON.parse(asked.stdout).passes > 0, true, asked.stdout);
  const [ok] = JSON.parse(sent.stdout).answers;
  assertEquals([ok.status, ok.messages], ["SEND_OK", 0]); // nothing was acknowledged
});
