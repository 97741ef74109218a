import { assertEquals, assertMatch } from "@std/assert";
import { type LogFormat, openLog } from "../../../src/cli/logging.ts";
import { test } from "../../harness.ts";

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/;

function linesOf(format: LogFormat, put: (log: ReturnType<typeof openLog>) => void): string[] {
  const lines: string[] = [];
  put(openLog((line) => lines.push(line), format));
  return lines.map((line) => line.replace(TIME, "TIME"));
}

test("openLog() writes a message and its facts as one line of text", () => {
  const lines = linesOf("text", (log) => {
    const part = log.child("ha").child("master");
    part.info("slave joined", { remote: "10.0.0.7:50112", from: 0 });
    part.warn("slave left", { reason: "no report", name: "", more: { a: [1] } });
    log.error("stopped");
  });
  assertEquals(lines, [
    "TIME info  ha.master: slave joined remote=10.0.0.7:50112 from=0\n",
    'TIME warn  ha.master: slave left reason="no report" name="" more={"a":[1]}\n',
    "TIME error stopped\n",
  ]);
});

test("openLog() writes JSON whose own names no fact can take", () => {
  const [line] = linesOf("json", (log) => log.child("store").warn("cut", { at: 7, level: "x" }));
  assertEquals(JSON.parse(line), {
    time: "TIME",
    level: "warn",
    part: "store",
    message: "cut",
    at: 7,
  });
  assertMatch(line, /^\{"time".*\}\n$/);
});

test("openLog() keeps a line one line, and braces as they are", () => {
  const lines = linesOf("text", (log) => log.info("a {b}\nc {{d}}", { b: "x\ny" }));
  assertEquals(lines, ['TIME info  a {b} c {{d}} b="x\\ny"\n']);
});

test("openLog() leaves out debug lines", () => {
  assertEquals(linesOf("text", (log) => log.debug("detail")), []);
});
