/** What no command of mqadmin 4.9.7 asks and other tools do, asked by the request layers of two clients. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { test } from "../../harness.ts";
import { JAVA_5_3, prepareJavaClient } from "../clients/java_client.ts";
import { runJava } from "../java.ts";
import { live } from "./live.ts";
import { dates, jsonValue, type Mark, mark, millis, reason } from "./marks.ts";
import { sameText, type Twin } from "./twins.ts";

const MARKS: readonly Mark[] = [
  // Java's tells the time of day as the delay of a group that never was in a queue.
  ...["delayTime", "avgpt", "sum", "tps", "consumeTps", "spentTimeMills"].map(jsonValue),
  dates,
  mark("date", /\b20\d\d-\d\d-\d\d#[\d:]+/g),
  millis,
  reason,
  { replace: (text) => text.replace(/(?<="topicList":)\[.*?\]/g, inOrder) },
];

function inOrder(list: string): string {
  return JSON.stringify((JSON.parse(list) as string[]).sort());
}

/** All that the program asked and was told, see Asking.java; then what only a broker of 5.x is asked. */
async function told(twin: Twin, version: string): Promise<[asked: string, later: string]> {
  const classPath = version === "5.3.3" ? await prepareJavaClient(JAVA_5_3) : undefined;
  const home = join(twin.files, `asking-${version}`);
  const args = twin.words("{namesrv} {master} {m5}");
  const lines: string[] = [];
  const hear = (line: string) => void lines.push(line);
  const asking = runJava(home, ["-Xmx64m"], "pocketmq.interop.Asking", args, hear, classPath);
  assertEquals(await asking.exited, 0, asking.said());
  const [asked, later] = lines.join("\n").split("== since 5.0\n");
  return [asked, later];
}

for (const version of ["4.9.7", "5.3.3"]) {
  test(`what a client ${version} asks for operators has the same answers`, async () => {
    const { ours, java } = await live();
    const [[byOurs, later], [byJava]] = [await told(ours, version), await told(java, version)];
    const text = await sameText(version, (twin) => twin === ours ? byOurs : byJava, {
      marks: MARKS,
    });
    assertMatch(text, /"groupList":/);
    if (version === "5.3.3") assertKnowsLater(later);
  });
}

/** Ours knows some requests of 5.x, and Java's 4.9.7 does not. */
function assertKnowsLater(told: string): void {
  const [, topic, noTopic, group, noGroup] = told.split(/^== /m);
  assertMatch(topic, /getTopicConfig \[Live\]\n{[^]*"perm":6,[^]*"writeQueueNums":4\n}/);
  assertStringIncludes(noTopic, "CODE: 17");
  assertMatch(group, /GroupConfig \[LiveGroup\]\n{[^]*"retryMaxTimes":16,[^]*\n}/);
  assertStringIncludes(noGroup, "CODE: 26");
}
