import { assertEquals } from "@std/assert";
import { Live } from "../../../../src/cli/bench/live.ts";
import type { Terminal } from "../../../../src/ports/host.ts";
import { test } from "../../../harness.ts";
import { VirtualClock } from "../../../support/clock.ts";

/** What is shown of three seconds, the second of which is looked at late. */
function shown(flags: { json: boolean; progress: boolean }, stderrIsTerminal: boolean) {
  const clock = new VirtualClock();
  let [stdout, stderr] = ["", ""];
  const terminal = {
    stderrIsTerminal,
    stdout: (text: string) => void (stdout += text),
    stderr: (text: string) => void (stderr += text),
  } as unknown as Terminal;
  const live = new Live(terminal, clock, flags);
  const texts = ["a long one", "b", "c"];
  for (const step of [999, 1, 1500, 500]) {
    clock.pause(step);
    live.tick((seconds) => ({ text: texts.shift()!, json: { seconds } }));
  }
  live.end();
  return { stdout, stderr };
}

test("a live line is written over on a terminal, and taken away", () => {
  assertEquals(shown({ json: false, progress: false }, true), {
    stdout: "",
    stderr: "\r   1 s  a long one\r   2 s  b         \r   3 s  c" + "\r         \r",
  });
});

test("a live line needs a terminal, or somebody who asks", () => {
  assertEquals(shown({ json: true, progress: false }, false), { stdout: "", stderr: "" });
  assertEquals(shown({ json: false, progress: true }, false), {
    stdout: "",
    stderr: "   1 s  a long one\n   2 s  b\n   3 s  c\n",
  });
});

test("with --json a second is an object", () => {
  const { stdout, stderr } = shown({ json: true, progress: true }, true);
  assertEquals(stderr, "");
  assertEquals(stdout.trim().split("\n").map((line) => JSON.parse(line)), [
    { type: "second", second: 1, seconds: 1 },
    { type: "second", second: 2, seconds: 1.5 },
    { type: "second", second: 3, seconds: 0.5 },
  ]);
});
