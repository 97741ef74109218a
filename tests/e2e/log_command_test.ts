import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Exit, runPocketmq, startPocketmq } from "../support/binary.ts";
import { tempDir } from "../support/temp.ts";
import { test } from "../harness.ts";

const NODE = ["--namesrv", "--master", "--namesrvPort", "0", "--listenPort", "0"];

function log(...args: string[]): Promise<Exit> {
  return runPocketmq(["log", ...args]);
}

test("log looks into a store while its broker runs, and rebuilds it once it is stopped", async () => {
  using dir = tempDir();
  const store = join(dir.path, "store");
  const args = [...NODE, "--bindAddress", "127.0.0.1", "--storePathRootDir", store];
  const node = await startPocketmq(args);
  await using _ = node;
  const n = ["-n", node.ready.namesrv!];
  const sent = await runPocketmq(
    ["send", "orders", "hello", "--count", "30", "--key", "k1", "--tag", "a", ...n],
  );
  assertEquals(sent.code, 0, sent.stderr);
  await runPocketmq(["send", "later", "x", ...n]); // or a start would make all queues again

  const live = await log("verify", store);
  assertEquals(live.code, 0, live.stdout + live.stderr);
  assertMatch(
    live.stdout,
    /which a broker has open or did not close\n {2}log +1 file .* 31 whole/,
  );
  const refused = await log("rebuild", store);
  assertEquals(refused.code, 4, refused.stdout);
  assertStringIncludes(refused.stderr, `Cannot rebuild ${store}: a broker holds its lock file`);

  assertEquals(await node.stop(), 0);
  for (const queue of readdirSync(join(store, "consumequeue", "orders"))) {
    rmSync(join(store, "consumequeue", "orders", queue), { recursive: true });
  }
  const damaged = await log("verify", store, "--json");
  const [first, ...more] = damaged.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals([damaged.code, first.part, more.at(-1).ok], [4, "queue", false]);
  const rebuilt = await log("rebuild", store);
  assertEquals(rebuilt.code, 0, rebuilt.stderr);
  assertMatch(
    rebuilt.stdout,
    /^Rebuilt from 31 records, .* with 31 entries, 1 index file with 61 keys/,
  );
  const whole = await log("verify", store, "--strict");
  assertEquals(whole.code, 0, whole.stdout);

  const again = await startPocketmq(args);
  await using _again = again;
  const got = await runPocketmq(["consume", "orders", "-n", again.ready.namesrv!]);
  assertEquals(got.stdout, "hello\n".repeat(30), got.stderr);
});

test("log diff compares two stores of one group, and says what differs", async () => {
  using dir = tempDir();
  const node = await startPocketmq(["dev", "--port", "0", "--data", dir.path]);
  await using _ = node;
  await runPocketmq(["send", "orders", "x", "--count", "5", "-n", node.ready.namesrv!]);
  const stores = readdirSync(dir.path).filter((name) => name.startsWith("broker-a-")).sort();
  assertEquals(stores.length, 2, stores.join());
  const [a, b] = stores.map((name) => join(dir.path, name));
  const equal = await log("diff", a, b);
  assertEquals(equal.code, 0, equal.stdout + equal.stderr);
});
