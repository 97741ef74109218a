import { assertEquals } from "@std/assert";
import { reachOf } from "../../../../src/cli/doctor/address_checks.ts";
import { silenceOf } from "../../../../src/cli/doctor/asking.ts";
import { skewOf } from "../../../../src/cli/doctor/broker_look.ts";
import { exitOf, findingsJson, findingsText } from "../../../../src/cli/doctor/doctor_text.ts";
import { note, shellWord, wrong } from "../../../../src/cli/doctor/facts.ts";
import { CallError } from "../../../../src/rpc/peer.ts";
import { test } from "../../../harness.ts";
import { namesrv, scene } from "./scene.ts";

test("reachOf() tells addresses that only some can reach", () => {
  for (
    const [address, reach] of [
      ["127.0.0.1:1", "loopback"],
      ["localhost:1", "loopback"],
      ["[::1]:1", "loopback"],
      ["172.17.0.2:1", "container"],
      ["172.16.0.2:1", "private"],
      ["10.1.2.3:1", "private"],
      ["192.168.1.9:1", "private"],
      ["8.8.8.8:1", "public"],
      ["broker.example:1", "name"],
    ] as const
  ) assertEquals(reachOf(address), reach, address);
});

test("skewOf() finds a broker's clock in when it started and how long that is ago", () => {
  const runtime = (text: string) => new Map([["bootTimestamp", "1000000"], ["runtime", text]]);
  const hour = "[ 0 days, 1 hours, 0 minutes, 5 seconds ]";
  assertEquals(skewOf({ runtime: runtime(hour) }, 1_000_000), 3_605_000);
  assertEquals(skewOf({ runtime: runtime("soon") }, 0), undefined);
  assertEquals(skewOf({ runtime: new Map() }, 0), undefined);
});

test("silenceOf() tells a node that is gone from a stuck one and another program", () => {
  const kind = (error: unknown) => silenceOf(error).kind;
  assertEquals(kind(new CallError("unreachable", "")), "refused");
  assertEquals(kind(new CallError("timeout", "")), "mute");
  assertEquals(kind(new CallError("closed", "")), "foreign");
  assertEquals(kind(new Error("not JSON")), "foreign");
});

const findings = [
  wrong("namesrv-slow", "h:1", `${"word ".repeat(20)}end`, "pocketmq health -b h:1", "look at it"),
  note("no-slave", "h:2", "alone"),
];

test("doctor's text says what was looked at, each finding with what to do next, and a verdict", () => {
  const words = "word ".repeat(18).trim();
  assertEquals(
    findingsText(findings, scene(), "bun pocketmq.ts"),
    'Looked at 2 name servers, 2 brokers, topic "T" and 1 group that reads it.\n\n' +
      `1. ${words}\n   word word end\n   -> bun pocketmq.ts health -b h:1\n   -> look at it\n\n` +
      "2. (no fault) alone\n\n1 thing is wrong.\n",
  );
  assertEquals(
    findingsText([], scene({ topic: undefined }), "pocketmq"),
    "Looked at 2 name servers, 2 brokers.\n\nNothing is wrong.\n",
  );
});

test("on a terminal the number of a finding and the verdict have a colour", () => {
  const paint = {
    red: (text: string) => `<${text}>`,
    yellow: (text: string) => `(${text})`,
    green: String,
  };
  assertEquals(
    findingsText(
      [wrong("no-master", "h", "bad"), note("no-slave", "h", "alone")],
      scene(),
      "p",
      paint,
    )
      .split("\n\n").slice(1),
    ["<1.> bad", "(2.) (no fault) alone", "<1 thing is wrong.>\n"],
  );
});

test("doctor --json is a finding a line, and the exit code tells whether something is wrong", () => {
  const [, second] = findingsJson(findings).split("\n");
  assertEquals(JSON.parse(second), {
    ...{ level: "note", cause: "no-slave", where: "h:2", text: "alone", next: [] },
  });
  assertEquals(exitOf(findings, scene()), 3);
  assertEquals(exitOf(findings.slice(1), scene()), 0);
  const gone = namesrv({ silence: { kind: "refused", reason: "" } });
  assertEquals(exitOf(findings, scene({ namesrvs: [gone] })), 1);
});

test("commands to run next survive a shell, whatever a topic is called", () => {
  const words = ["orders", "%DLQ%g", "a|b", "a'$(b)"].map(shellWord);
  assertEquals(words, ["orders", "'%DLQ%g'", "'a|b'", "'a'\\''$(b)'"]);
});
