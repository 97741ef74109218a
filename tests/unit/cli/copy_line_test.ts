import { assertEquals } from "@std/assert";
import { CopyLine, workText } from "../../../src/cli/copy_line.ts";
import { test } from "../../harness.ts";

const MIB = 1024 * 1024;
const HALF = {
  work: "copies" as const,
  done: 50 * MIB,
  total: 100 * MIB,
  bytesPerSecond: 10 * MIB,
  secondsLeft: 5,
};

/** What a terminal of one line shows after all that was written. */
function shownBy(write: (line: CopyLine) => void, stderrIsTerminal = true): string[] {
  const lines = [""];
  const terminal = {
    stderrIsTerminal,
    stderr(text: string) {
      for (const char of text) {
        if (char === "\n") lines.push("");
        else lines[lines.length - 1] += char;
      }
    },
  };
  write(new CopyLine(terminal));
  return lines.map((line) => line.replace(/^[^]*\r/, "").trimEnd());
}

test("workText() says bytes, rate and time left", () => {
  assertEquals(workText(HALF), "copies 50.0 MiB of 100 MiB (50 %), 10.0 MiB/s, 5 s left");
  assertEquals(
    workText({ ...HALF, bytesPerSecond: 0, secondsLeft: undefined }),
    "copies 50.0 MiB of 100 MiB (50 %), 0 B/s",
  );
});

test("workText() says which work it is", () => {
  assertEquals(workText({ ...HALF, work: "recovers" }).split(" ")[0], "recovers");
});

test("CopyLine stays the last line, and goes when the copy is over", () => {
  const line = "broker-a-1 copies 50.0 MiB of 100 MiB (50 %), 10.0 MiB/s, 5 s left";
  const half = (one: CopyLine) => one.of("broker-a-1")!(HALF);
  assertEquals(shownBy(half), [line]);
  assertEquals(shownBy((one) => (half(one), one.log("news\n"))), ["news", line]);
  assertEquals(shownBy((one) => (half(one), half(one), one.log("news\n"))), ["news", line]);
  assertEquals(
    shownBy((one) => (half(one), one.of("broker-a-1")!(undefined), one.log("done\n"))),
    ["done", ""],
  );
});

test("CopyLine shows several slaves of one process", () =>
  assertEquals(
    shownBy((one) => (one.of("a")!(HALF), one.of("b")!(HALF), one.of("a")!(undefined)))[0].slice(
      0,
      8,
    ),
    "b copies",
  ));

test("CopyLine is nothing without a terminal: the log says it", () => {
  assertEquals(shownBy((one) => assertEquals(one.of("a"), undefined), false), [""]);
  assertEquals(shownBy((one) => one.log("news\n"), false), ["news", ""]);
});
