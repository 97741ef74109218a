import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { VERSION } from "../../src/cli/version.ts";
import { parseAddress } from "../../src/wire/host_address.ts";
import { runPocketmq, startPocketmq } from "../support/binary.ts";
import { runtime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";
import { test } from "../harness.ts";

const LOOPBACK = ["--bindAddress", "127.0.0.1"];

for (
  const { args, code, out = "", err = "" } of [
    { args: [], code: 2, err: "Commands:\n  dev " },
    { args: ["--help"], code: 0, out: "Commands:\n  dev " },
    { args: ["--master", "--help"], code: 0, out: "--brokerClusterName" },
    { args: ["dev", "--help"], code: 0, out: "Usage: pocketmq dev [--data DIR]" },
    { args: ["version"], code: 0, out: `pocketmq ${VERSION} (` },
    { args: ["version", "--json"], code: 0, out: `{"version":"${VERSION}","runtime":"` },
    { args: ["verison"], code: 2, err: 'unknown command "verison", did you mean version?' },
    { args: ["topic"], code: 2, err: "topic needs a word first: list, route" },
    { args: ["dev", "--slave", "2"], code: 2, err: "unknown flag --slave, did you mean --slaves?" },
    { args: ["dev", "--port", "9876"], code: 2, err: "--port is 9876, it must be 0" },
    { args: ["send"], code: 2, err: "send needs a topic\nTry: pocketmq send --help" },
    { args: ["consume"], code: 2, err: "consume needs a topic" },
    { args: ["--listenPort", "0"], code: 2, err: "no role given" },
    { args: ["--master", "--slave"], code: 2, err: "pocketmq dev --slaves N" },
    { args: ["--master", "--listenPort", "x"], code: 2, err: "Cannot use listenPort = x (flag)" },
    { args: ["-c", "none.conf"], code: 2, err: "Cannot read none.conf" },
    { args: ["send", "T", "x", "-n", "127.0.0.1"], code: 2, err: "must be host:port" },
  ]
) {
  test(`pocketmq ${args.join(" ")} ends with ${code} and says why`, async () => {
    using dir = tempDir();
    const ended = await runPocketmq(args, { workDir: dir.path });
    assertEquals(ended.code, code, ended.stderr);
    assertStringIncludes(ended.stdout, out);
    assertStringIncludes(ended.stderr, err);
  });
}

test("a node says where it serves, warns of a key it does not know, and ends with 0", async () => {
  using dir = tempDir();
  const node = await startPocketmq([
    ...["--namesrv", "--master", "--namesrvPort", "0", "--listenPort", "0", ...LOOPBACK],
    ...["--brokerNmae", "x", "--logFormat", "json"],
  ], { workDir: dir.path });
  await using _ = node;
  assertEquals(node.ready.roles, ["namesrv", "master"]);
  const [broker, ha] = [node.ready.broker!, node.ready.ha!].map((text) => parseAddress(text)!);
  assertEquals([broker.host, ha.port], ["127.0.0.1", broker.port + 1]);
  node.kill("SIGTERM");
  const { code, stdout, stderr } = await node.exited;
  assertEquals(code, 0, stderr);
  assertEquals(stdout.trim().split("\n").length, 1, "one line on stdout");
  const lines = stderr.trim().split("\n").map((line) => JSON.parse(line));
  assert(lines.some(({ level, message }) =>
    level === "warn" &&
    message === "unknown key brokerNmae (flag) is not used; did you mean brokerName?"
  ));
});

test("a node takes a file written for Java's mqbroker, whose role decides", async () => {
  using dir = tempDir();
  const conf = join(dir.path, "broker.conf");
  const namesrv = await startPocketmq(["--namesrv", "--listenPort", "0", ...LOOPBACK]);
  await using _ = namesrv;
  assertEquals(namesrv.ready.roles, ["namesrv"]);
  writeFileSync(
    conf,
    [
      "# as in conf/2m-2s-sync",
      "brokerClusterName = DefaultCluster",
      "brokerName=broker-c",
      "brokerId=0",
      "deleteWhen=04",
      "fileReservedTime=48",
      "brokerRole=SYNC_MASTER ",
      "flushDiskType=ASYNC_FLUSH",
      `namesrvAddr=${namesrv.ready.namesrv}`,
      `storePathRootDir=${dir.path}/store`,
      "listenPort=0",
      "bindAddress=127.0.0.1",
      "sendMessageThreadPoolNums=16",
    ].join("\n"),
  );
  const node = await startPocketmq(["-c", conf], { workDir: dir.path });
  await using _node = node;
  assertEquals(node.ready.roles, ["master"]);
  assertStringIncludes(node.stderr, "brokerRole in the file has spaces behind its value");
  assert(!node.stderr.includes("unknown key"), node.stderr);
  const args = ["send", "T", "x", "--json", "-n", namesrv.ready.namesrv!];
  const sent = await runPocketmq(args);
  assertEquals(
    [JSON.parse(sent.stdout).status, sent.code],
    ["SLAVE_NOT_AVAILABLE", 3],
    sent.stderr,
  );
  assertEquals(JSON.parse(sent.stdout).broker, "broker-c");
  const contradicting = await runPocketmq(["--slave", "-c", conf]);
  assertEquals(contradicting.code, 2);
  assertStringIncludes(contradicting.stderr, "it must be SLAVE with --slave");
});

test("a master that may not store alone refuses, and its address may be a name", async () => {
  using dir = tempDir();
  const node = await startPocketmq([
    ...["--namesrv", "--master", "--namesrvPort", "0", "--listenPort", "0", ...LOOPBACK],
    ...["--brokerRole", "SYNC_MASTER", "--minInSyncReplicas", "2", "--brokerIP1", "localhost"],
  ], { workDir: dir.path });
  await using _ = node;
  assertMatch(node.ready.broker!, /^localhost:\d+$/);
  const sent = await runPocketmq(["send", "T", "x", "-n", node.ready.namesrv!]);
  assertEquals(sent.code, 1, sent.stdout);
  assertStringIncludes(sent.stderr, "fewer slaves than minInSyncReplicas asks for");
});

test("a role whose port is taken says which, and who likely has it", async () => {
  using dir = tempDir();
  const first = await startPocketmq(["--namesrv", "--namesrvPort", "0", ...LOOPBACK]);
  await using _ = first;
  const { port } = parseAddress(first.ready.namesrv!)!;
  const second = await runPocketmq(["--namesrv", "--namesrvPort", String(port), ...LOOPBACK]);
  assertEquals(second.code, 1);
  assertMatch(
    second.stderr,
    new RegExp(
      `Cannot start the name server: cannot listen on 127.0.0.1:${port}: the port is taken, ` +
        "most likely by another name server.*The port is namesrvPort;",
    ),
  );
  const broker = await runPocketmq(
    ["--master", "--listenPort", String(port + 2), "--namesrvAddr", "127.0.0.1:1", ...LOOPBACK],
    { workDir: dir.path },
  );
  assertEquals(broker.code, 1, broker.stderr);
  assertMatch(broker.stderr, /Cannot start the master: .*The port is listenPort - 2;/);
});

test("a second node on one store is refused with 4", async () => {
  using dir = tempDir();
  const flags = ["--master", "--listenPort", "0", "--storePathRootDir", dir.path, ...LOOPBACK];
  const all = [...flags, "--namesrvAddr", "127.0.0.1:1"];
  const first = await startPocketmq(all);
  await using _ = first;
  const second = await runPocketmq(all);
  assertEquals(second.code, 4, second.stderr);
  assertStringIncludes(second.stderr, dir.path);
});

test("a second signal ends a node at once", async () => {
  using dir = tempDir();
  const node = await startPocketmq(["dev", "--port", "0", "--data", dir.path]);
  await using _ = node;
  node.kill("SIGINT");
  node.kill("SIGTERM");
  const { code } = await node.exited;
  assert(code === 0 || code === 143 || code === 130, `exit ${code}`); // 0: it was faster than the second
});

test("dev is ready for messages when it says so, and they outlive kill -9", async () => {
  using dir = tempDir();
  const args = ["dev", "--port", "0", "--slaves", "2", "--data", dir.path];
  const first = await startPocketmq(args);
  await using _ = first;
  assertEquals(first.ready.roles, ["namesrv", "master", "slave", "slave"]);
  assertEquals(first.ready.slaves!.length, 2);
  const n = ["-n", first.ready.namesrv!];
  const sent = await runPocketmq(["send", "greetings", "hello", "--tag", "a", "--key", "k1", ...n]);
  assertEquals(sent.code, 0, sent.stderr);
  assertMatch(sent.stdout, /^SEND_OK [0-9A-F]{32} broker-a queue \d+ offset 0\n$/);
  const more = await runPocketmq(["send", "greetings", "-", "--count", "20", ...n], {
    stdin: "from stdin",
  });
  assertEquals(more.stdout.split("SEND_OK").length - 1, 20, more.stderr);
  first.kill("SIGKILL");
  await first.exited;

  const again = await startPocketmq(args);
  await using _again = again;
  const got = await runPocketmq(
    ["consume", "greetings", "--from", "first", "--json", "-n", again.ready.namesrv!],
  );
  assertEquals(got.code, 0, got.stderr);
  const messages = got.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(messages.length, 21);
  const [hello] = messages.filter(({ tag }) => tag === "a");
  assertEquals([hello.body, hello.keys, hello.topic], ["hello", ["k1"], "greetings"]);
});

test("consume with a group goes on where it stopped, and --max ends it", async () => {
  using dir = tempDir();
  const node = await startPocketmq(["dev", "--port", "0", "--data", dir.path]);
  await using _ = node;
  const n = ["-n", node.ready.namesrv!];
  const env = { NAMESRV_ADDR: node.ready.namesrv! };
  await runPocketmq(["send", "orders", "x", "--count", "10"], { env });
  const consume = ["consume", "orders", "--group", "readers", "--from", "first", ...n];
  const first = await runPocketmq([...consume, "--max", "4"]);
  assertEquals([first.code, first.stdout], [0, "x\n".repeat(4)], first.stderr);
  const second = await runPocketmq(consume);
  assertEquals([second.code, second.stdout], [0, "x\n".repeat(6)], second.stderr);
  const third = await runPocketmq(consume);
  assertEquals([third.code, third.stdout], [0, ""], third.stderr);
});

test("send without a cluster fails in time and says whom it asked", async () => {
  const begun = runtime.clock.monotonic();
  const ended = await runPocketmq(["send", "T", "x", "-n", "127.0.0.1:1"]);
  assertEquals(ended.code, 1);
  assertStringIncludes(ended.stderr, "127.0.0.1:1");
  assert(runtime.clock.monotonic() - begun < 10_000);
});
