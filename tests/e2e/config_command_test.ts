/** `pocketmq config`: what a node would run with, as a file that starts the same node. */
import { assertEquals, assertMatch } from "@std/assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness.ts";
import { runPocketmq, startPocketmq } from "../support/binary.ts";
import { tempDir } from "../support/temp.ts";

async function print(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const exit = await runPocketmq(["config", "print", ...args], { env });
  assertEquals(exit.code, 0, exit.stderr);
  return exit.stdout;
}

test("what config print prints starts a node that says the same of itself", async () => {
  using folder = tempDir();
  const file = join(folder.path, "broker.conf");
  const role = ["--namesrv", "--master"];
  const flags = ["--brokerName", "b-7", "--brokerRole", "SYNC_MASTER", "--namesrvPort", "0"];
  const text = await print(
    [...role, ...flags, "--listenPort", "0", "--brokerIP1", "127.0.0.1"],
    { POCKETMQ_STORE_PATH_ROOT_DIR: join(folder.path, "store d\u00e4ta") },
  );
  writeFileSync(file, text);
  assertEquals(await print([...role, "-c", file]), text);

  await using node = await startPocketmq([...role, "-c", file]);
  assertEquals(node.ready.roles, ["namesrv", "master"]);
  const says = async (key: string) =>
    (await runPocketmq(["broker", "config", "-b", node.ready.broker!, key])).stdout;
  assertEquals(await says("brokerName"), "b-7\n");
  assertEquals(await says("brokerRole"), "SYNC_MASTER\n");
  assertEquals(await says("storePathRootDir"), `${join(folder.path, "store d\u00e4ta")}\n`);
});

test("config print says where values come from, and warns as a node would", async () => {
  using folder = tempDir();
  const file = join(folder.path, "b.conf");
  writeFileSync(file, "# mine\nbrokerName=b\nbrokerNam=c\nlistenPort=\\\n  20911\n");
  const args = ["config", "print", "--source", "--changed", "--slave", "-c", file];
  const exit = await runPocketmq(args, { env: { NAMESRV_ADDR: "10.0.0.1:9876" } });
  assertEquals(exit.code, 0);
  const lines = exit.stdout.replaceAll(file, "b.conf").split("\n").map((line) => line.split(/ +/));
  assertEquals(lines, [
    ["KEY", "SOURCE", "VALUE"],
    ["brokerName", "b.conf:2", "b"],
    ["brokerRole", "--slave", "SLAVE"],
    ["listenPort", "b.conf:4", "20911"],
    ["namesrvAddr", "NAMESRV_ADDR", "10.0.0.1:9876"],
    [""],
  ]);
  assertEquals(
    exit.stderr,
    "pocketmq: warning: unknown key brokerNam (file) is not used; did you mean brokerName?\n",
  );
  assertEquals(readFileSync(file, "utf8").startsWith("# mine"), true); // it changes nothing
});

for (
  const { args, code, says } of [
    { args: ["print"], code: 2, says: /^pocketmq: no role given: / },
    {
      args: ["print", "--master", "--listenPort", "x"],
      code: 2,
      says: /Cannot use listenPort = x \(flag\): it must be a whole number from 0 to 65535\n/,
    },
    { args: ["print", "-c", "/missing.conf"], code: 2, says: /Cannot read \/missing.conf/ },
    { args: ["prnt"], code: 2, says: /did you mean print\?/ },
    {
      args: ["check", "--master", "-n", "h:1", "--brokerNam", "b"],
      code: 3,
      says: /^this node can be started: 1 warning, 1 value other than the default\n/,
    },
    {
      args: ["check", "--master", "-n", "h:1"],
      code: 0,
      says: /^this node can be started: nothing to say, 1 value other than the default\n$/,
    },
  ]
) {
  test(`config ${args.join(" ")} ends with ${code}`, async () => {
    const exit = await runPocketmq(["config", ...args]);
    assertEquals(exit.code, code);
    assertMatch(exit.stdout + exit.stderr, says);
  });
}
