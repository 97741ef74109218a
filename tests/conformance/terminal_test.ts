import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { assertEquals } from "@std/assert";
import { test } from "../harness.ts";
import { scriptFile } from "../support/script.ts";
import { tempDir } from "../support/temp.ts";
import { sendSignal } from "../support/signal.ts";

test("a terminal gives words, environment, folder and input, and ends with a code", async () => {
  using temp = tempDir();
  const child = run(["describe", "--key", "a b", "--", "ü"], temp.path);
  child.stdin!.end("some input");
  const { code, stdout, stderr } = await ended(child);
  assertEquals(JSON.parse(stdout), {
    args: ["describe", "--key", "a b", "--", "ü"],
    workDir: temp.path,
    stdinIsTerminal: false,
    stdoutIsTerminal: false,
    stderrIsTerminal: false,
    hint: "yes",
    input: "some input",
  });
  assertEquals(stderr, "and this is talk\n");
  assertEquals(code, 3);
});

for (
  const [input, answer] of [
    ["yes, please\nand more\n", { line: "yes, please", none: false }],
    ["no line break", { line: "no line break", none: false }],
    ["", { none: true }],
  ] as const
) {
  test(`a terminal gives one line of ${JSON.stringify(input)}`, async () => {
    const child = run(["ask"]);
    child.stdin!.end(input);
    assertEquals(JSON.parse((await ended(child)).stdout), answer);
  });
}

test("a terminal hears every stop signal", async () => {
  const child = run(["wait"]);
  let seen = "";
  child.stdout!.on("data", (text) => {
    seen += text;
    if (seen === "waiting\n") sendSignal(child, "SIGTERM");
    if (seen === "waiting\nSIGTERM\n") sendSignal(child, "SIGINT");
  });
  const { code } = await ended(child);
  assertEquals(seen, "waiting\nSIGTERM\nSIGINT\n");
  assertEquals(code, 0);
});

test("what a terminal was given is out before it exits, however much it is", async () => {
  const { code, stdout } = await ended(run(["pour"]));
  assertEquals(stdout.length, 1_000_000);
  assertEquals(code, 0);
});

test("a terminal whose reader left ends as a program of the shell does", async () => {
  const child = run(["pour for ever"]);
  child.stdout!.once("data", () => child.stdout!.destroy());
  const { code, stderr } = await ended(child);
  assertEquals(stderr, "");
  assertEquals(code, 141);
});

function run(args: string[], workDir?: string): ChildProcess {
  const [command, words] = scriptFile(new URL("./terminal_child.ts", import.meta.url), ...args);
  return spawn(command, words, {
    cwd: workDir,
    env: { ...process.env, POCKETMQ_HINT: "yes" },
    stdio: "pipe",
  });
}

async function ended(
  child: ChildProcess,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let stdout = "";
  let stderr = "";
  child.stdout!.on("data", (text) => stdout += text);
  child.stderr!.on("data", (text) => stderr += text);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, stdout, stderr };
}
