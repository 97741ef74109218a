import { assertEquals, assertStringIncludes } from "@std/assert";
import { test } from "../harness.ts";
import { runPocketmq, startPocketmq } from "../support/binary.ts";
import { tempDir } from "../support/temp.ts";

test("consume --tag and --filter print what fits, and end when the rest does not", async () => {
  using dir = tempDir();
  await using node = await startPocketmq(["dev", "--port", "0", "--data", dir.path]);
  const env = { NAMESRV_ADDR: node.ready.namesrv! };
  for (const [body, tag] of [["one", "a"], ["two", "b"], ["three", "a"], ["four", "c"]]) {
    const sent = await runPocketmq(["send", "orders", body, "--tag", tag, "--key", body], { env });
    assertEquals(sent.code, 0, sent.stderr);
  }
  for (
    const { args, prints } of [
      { args: ["--tag", "a || c"], prints: ["four", "one", "three"] },
      { args: ["--filter", "TAGS = 'a' AND KEYS <> 'one'"], prints: ["three"] },
      { args: ["--filter", "amount > 3"], prints: [] },
      { args: ["--filter", "TAGS IS NOT NULL", "--group", "readers"], prints: "all" as const },
    ]
  ) {
    const got = await runPocketmq(["consume", "orders", ...args], { env });
    assertEquals(got.code, 0, got.stderr);
    const wanted = prints === "all" ? ["four", "one", "three", "two"] : prints;
    assertEquals(got.stdout.split("\n").filter((line) => line !== "").sort(), wanted, got.stderr);
  }
  const refused = await runPocketmq(["consume", "orders", "--filter", "amount >> 3"], { env });
  assertEquals([refused.code, refused.stdout], [1, ""]);
  assertStringIncludes(refused.stderr, 'character 9, at "> 3"');
});

test("consume takes --tag or --filter, not both", async () => {
  const args = ["consume", "T", "--tag", "a", "--filter", "b = 1", "-n", "127.0.0.1:1"];
  const ended = await runPocketmq(args);
  assertEquals(ended.code, 2);
  assertStringIncludes(ended.stderr, "--tag and --filter exclude each other");
});
