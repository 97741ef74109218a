/** `pocketmq consume --follow`, as a person uses it. */
import { assertEquals, assertMatch } from "@std/assert";
import { type ChildProcess, spawn } from "node:child_process";
import { test } from "../harness.ts";
import { cleanEnv, commandOf, runPocketmq } from "../support/binary.ts";
import { startCluster } from "../support/cluster.ts";
import { sendSignal } from "../support/signal.ts";

interface Following {
  readonly child: ChildProcess;
  /** Resolves when it has printed this many lines. */
  lines(count: number): Promise<string>;
  readonly ended: Promise<{ code: number | null; stderr: string }>;
}

/** Runs the program, or `shell` with it as `$@`. */
function follow(args: readonly string[], shell?: string): Following {
  const words = [...commandOf(), "consume", ...args];
  const [command, ...rest] = shell === undefined ? words : ["bash", "-c", shell, "bash", ...words];
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"], env: cleanEnv() });
  const out = { stdout: "", stderr: "" };
  let heard = () => {};
  child.stdout!.on("data", (bytes) => {
    out.stdout += bytes;
    heard();
  });
  child.stderr!.on("data", (bytes) => out.stderr += bytes);
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, stderr: out.stderr }))
  );
  return {
    child,
    ended,
    lines: (count) =>
      new Promise((resolve, reject) => {
        heard = () => {
          if (out.stdout.split("\n").length > count) resolve(out.stdout);
        };
        heard();
        ended.then(({ code }) => reject(new Error(`ended with ${code}: ${out.stderr}`)));
      }),
  };
}

test("consume --follow waits for more; Ctrl-C ends it with 0, and its group goes on from there", async () => {
  await using cluster = await startCluster({ slaves: 0, role: "ASYNC_MASTER" });
  const at = ["-n", `127.0.0.1:${cluster.namesrv.port}`];
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runPocketmq([...args, ...at]);
    assertEquals(code, 0, stderr);
    return stdout;
  };
  await run("topic", "create", "orders", "--queues", "1");
  await run("send", "orders", "one");
  const readers = follow(["orders", "--group", "readers", "--follow", ...at]);
  assertEquals(await readers.lines(1), "one\n");
  await run("send", "orders", "two");
  assertEquals(await readers.lines(2), "one\ntwo\n");
  sendSignal(readers.child, "SIGINT");
  assertEquals(await readers.ended, { code: 0, stderr: "" });
  assertMatch(await run("offset", "get", "readers", "orders"), /\nbroker-a +0 +0 +2 +2 +0\n$/);
  await run("send", "orders", "three");
  assertEquals(await run("consume", "orders", "--group", "readers"), "three\n");

  // In `| head -n 1` the reader leaves: the program ends without a word, as others do.
  const piped = 'set -o pipefail; "$@" | head -n 1; echo code ${PIPESTATUS[0]}';
  const head = follow(["orders", "--follow", ...at], piped);
  assertEquals(await head.lines(1), "one\n");
  await run("send", "orders", "four"); // it hears at its next line
  assertMatch(await head.lines(2), /^one\ncode 141\n$/);
  assertEquals(await head.ended, { code: 0, stderr: "" });
});
