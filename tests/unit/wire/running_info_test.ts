import { assertEquals } from "@std/assert";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { formatRunningInfo, parseRunningInfo } from "../../../src/wire/running_info.ts";
import { test } from "../../harness.ts";
import { goldenLines } from "../../support/golden.ts";

const [{ body }] = goldenLines<{ body: string }>("wire/running_info.jsonl");

test("a Java consumer's running info is read, and written as it wrote it", () => {
  const info = parseRunningInfo(utf8(body));
  assertEquals(textOf(formatRunningInfo(info)), body);
  assertEquals(
    info.queues.map(([{ topic, queueId }, { commitOffset }]) => [topic, queueId, commitOffset]),
    [
      ["%RETRY%OnlineGroup", 0, 2],
      ["Online", 0, 9],
      ["Online", 1, 2],
    ],
  );
  assertEquals(info.properties.get("PROP_CLIENT_VERSION"), "V4_9_7");
  assertEquals(info.paces.get("Online")?.consumeFailedMsgs, 2);
  assertEquals(info.jstack, undefined);
});

test("running info of a client that tells little is read, and stacks are kept", () => {
  const info = parseRunningInfo(utf8('{"jstack":"main TID: 1","properties":{"a":null}}'));
  assertEquals([info.jstack, info.queues, info.properties.size], ["main TID: 1", [], 0]);
  assertEquals(parseRunningInfo(formatRunningInfo(info)), info);
});
