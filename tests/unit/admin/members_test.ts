import { assertEquals, assertRejects } from "@std/assert";
import {
  consumeDirectly,
  producersOf,
  producersOn,
  runningInfo,
} from "../../../src/admin/members.ts";
import { utf8 } from "../../../src/base/bytes.ts";
import { AnswerError } from "../../../src/client/errors.ts";
import { formatProducerConnections, formatProducers } from "../../../src/wire/connections.ts";
import { formatDirectResult } from "../../../src/wire/consumer_ask.ts";
import { test } from "../../harness.ts";
import { goldenLines } from "../../support/golden.ts";
import { fakeLines } from "./fake_lines.ts";

test("producersOf() tells nobody from a broker that does not answer", async () => {
  const connection = { clientAddr: "h:1", clientId: "c", language: "JAVA", version: 407 };
  const body = formatProducerConnections([connection]);
  assertEquals(await producersOf(fakeLines({ 204: { code: 0, body } }), "a:1", "g"), [connection]);
  assertEquals(await producersOf(fakeLines({ 204: { code: 1 } }), "a:1", "g"), []);
  await assertRejects(() => producersOf(fakeLines({}), "a:1", "g"), AnswerError);
});

test("producersOn() gives producers by group", async () => {
  const producer = {
    ...{ clientId: "c", language: "JAVA", version: 407 },
    ...{ lastUpdateTimestamp: 5, remoteAddr: "h:1" },
  };
  const groups = new Map([["g", [producer]]]);
  const lines = fakeLines({ 328: { code: 0, body: formatProducers(groups) } });
  assertEquals(await producersOn(lines, "a:1"), groups);
});

test("runningInfo() and consumeDirectly() go to a member by its broker", async () => {
  const [{ body }] = goldenLines<{ body: string }>("wire/running_info.jsonl");
  const result = { isOrdered: false, autoCommits: true, result: "CR_SUCCESS", spentMs: 3 };
  const lines = fakeLines({
    307: { code: 0, body: utf8(body) },
    309: { code: 0, body: formatDirectResult(result) },
  });
  const member = { group: "g", clientId: "c" };
  const { queues } = await runningInfo(lines, "a:1", { ...member, withStacks: true });
  assertEquals(queues.length, 3);
  assertEquals(await consumeDirectly(lines, "a:1", { ...member, messageId: "AB" }), result);
  assertEquals(lines.asked.map(([, { ext }]) => ext), [
    { consumerGroup: "g", clientId: "c", jstackEnable: "true" },
    { consumerGroup: "g", clientId: "c", msgId: "AB" },
  ]);
});
