import { assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { silentLog } from "../../src/base/log.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { addressText } from "../../src/wire/host_address.ts";
import { test } from "../harness.ts";
import { runPocketmq } from "../support/binary.ts";
import { sendRequest, startBrokerNode } from "../support/cluster.ts";
import { runtime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

test("a second process on a store is refused with exit 4 and told who has it; the first goes on", async () => {
  using folder = tempDir();
  const flags = [
    ...["--namesrv", "--master", "--namesrvPort", "0", "--listenPort", "0"],
    ...["--brokerIP1", "127.0.0.1", "--storePathRootDir", folder.path],
  ];
  const first = await startBrokerNode("first", flags, folder.path);
  const calls = new Redial(runtime, silentLog);
  const send = async () => {
    const { code, ext } = await calls.call(
      addressText(first.broker),
      sendRequest("Mine", "hello"),
      10_000,
    );
    return [code, Number(ext.queueOffset)];
  };
  try {
    assertEquals(await send(), [0, 0]);
    for (const role of ["--master", "--slave"]) {
      const other = flags.map((flag) => flag === "--master" ? role : flag);
      const { code, stdout, stderr } = await runPocketmq(other);
      assertEquals([code, stdout], [4, ""], stderr);
      assertStringIncludes(stderr, `Cannot open ${folder.path}: `);
      const holder = existsSync("/proc/locks")
        ? `process ${first.process.pid} (`
        : "another process";
      assertStringIncludes(stderr, holder);
    }
    assertEquals(await send(), [0, 1]);
    assertEquals(await first.process.stop(), 0);
  } finally {
    calls.close();
    await first.process[Symbol.asyncDispose]();
  }
});
