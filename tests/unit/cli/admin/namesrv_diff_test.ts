import { assertEquals } from "@std/assert";
import { differences, type Knowledge } from "../../../../src/admin/namesrv_diff.ts";
import { differencesText } from "../../../../src/cli/admin/namesrv_diff.ts";
import { test } from "../../../harness.ts";

const knows = (
  brokers: Record<string, string>,
  topics: string[],
  routes: Record<string, string>,
): Knowledge => ({
  brokers: new Map(Object.entries(brokers)),
  topics: new Set(topics),
  routes: new Map(Object.entries(routes)),
});

const a = knows({ "C b 0": "h:1", "C b 1": "h:2" }, ["T", "U"], { T: "4 read", U: "1 read" });

test("differences() finds none where all say the same", () => {
  assertEquals(differences([a, a, a]), []);
});

test("differences() are brokers, topics, and routes of topics that all know", () => {
  const b = knows({ "C b 0": "h:9" }, ["T"], { T: "8 read" });
  const found = differences([a, b]);
  assertEquals(found, [
    { kind: "broker", name: "C b 0", says: ["h:1", "h:9"] },
    { kind: "broker", name: "C b 1", says: ["h:2", undefined] },
    { kind: "topic", name: "U", says: ["known", undefined] },
    { kind: "route", name: "T", says: ["4 read", "8 read"] },
  ]);
  assertEquals(
    differencesText(["n:1", "n:2"], found.slice(1, 3)),
    `WHAT    NAME   NAME SERVER  SAYS
broker  C b 1  n:1          h:2
               n:2          -
topic   U      n:1          known
               n:2          -

2 differences. Brokers tell every name server they know each 30 s: look at their namesrvAddr.
`,
  );
});
