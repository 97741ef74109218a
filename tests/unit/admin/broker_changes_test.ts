import { assertEquals, assertRejects } from "@std/assert";
import { textOf } from "../../../src/base/bytes.ts";
import {
  brokerStats,
  clean,
  putBrokerConfig,
  sumOfDay,
} from "../../../src/admin/broker_changes.ts";
import { AnswerError } from "../../../src/client/errors.ts";
import { test } from "../../harness.ts";
import { goldenBody, goldenExchanges } from "../../support/golden.ts";
import { fakeLines } from "./fake_lines.ts";

test("putBrokerConfig() sends what mqadmin sends", async () => {
  const lines = fakeLines({ 25: { code: 0 } });
  await putBrokerConfig(lines, "b:1", [["longPollingEnable", "true"]]);
  const { request } = goldenExchanges().find(({ code }) => code === 25)!;
  assertEquals(textOf(lines.asked[0][1].body!), textOf(goldenBody(request)));
});

test("clean() has each kind of leftover removed by its own request", async () => {
  const lines = fakeLines({ 306: { code: 0 }, 316: { code: 0 }, 329: { code: 0 } });
  for (const what of ["log", "queues", "topics"] as const) await clean(lines, "b:1", what);
  assertEquals(lines.asked.map(([, { code }]) => code), [329, 306, 316]);
});

test("brokerStats() tells what was counted from what was not, and from a broker that does not know", async () => {
  const { response } = goldenExchanges().find(({ code }) => code === 315)!;
  const lines = fakeLines({ 315: { code: 0, body: goldenBody(response!) } });
  assertEquals((await brokerStats(lines, "b:1", "TOPIC_PUT_NUMS", "T"))?.statsMinute.tps, 0.8);
  assertEquals(lines.asked[0][1].ext, { statsName: "TOPIC_PUT_NUMS", statsKey: "T" });
  const none = fakeLines({ 315: { code: 1, remark: "no such item" } });
  assertEquals(await brokerStats(none, "b:1", "TOPIC_PUT_NUMS", "T"), undefined);
  await assertRejects(() => brokerStats(fakeLines({}), "b:1", "A", "B"), AnswerError);
});

test("sumOfDay() takes the hour, then the minute, while a broker has added up no day", () => {
  const over = (sum: number) => ({ sum, tps: 0, avgpt: 0 });
  const stats = (day: number, hour: number, minute: number) => ({
    statsDay: over(day),
    statsHour: over(hour),
    statsMinute: over(minute),
  });
  assertEquals(sumOfDay(stats(9, 5, 1)), 9);
  assertEquals(sumOfDay(stats(0, 5, 1)), 5);
  assertEquals(sumOfDay(stats(0, 0, 1)), 1);
  assertEquals(sumOfDay(undefined), 0);
});
