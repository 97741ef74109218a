import { assertEquals, assertThrows } from "@std/assert";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { FieldError } from "../../../src/base/errors.ts";
import { decodeCommand } from "../../../src/wire/codec.ts";
import {
  formatConsumeStats,
  formatConsumeStatsList,
  formatConsumeStatsListQuery,
  formatConsumeStatsQuery,
  parseConsumeStats,
  parseConsumeStatsList,
  totalDiff,
} from "../../../src/wire/consume_stats.ts";
import {
  formatTopicStats,
  formatTopicStatsQuery,
  parseTopicStats,
} from "../../../src/wire/topic_stats.ts";
import { test } from "../../harness.ts";
import { goldenExchanges, goldenFrame } from "../../support/golden.ts";

const AGAIN: Record<number, (body: Uint8Array) => Uint8Array> = {
  202: (body) => formatTopicStats(parseTopicStats(body)),
  208: (body) => formatConsumeStats(parseConsumeStats(body)),
  317: (body) => formatConsumeStatsList(parseConsumeStatsList(body)),
};

for (const [code, again] of Object.entries(AGAIN)) {
  test(`captured answers to ${code} come out byte for byte`, () => {
    const captured = goldenExchanges().filter((each) => each.code === Number(code));
    assertEquals(captured.length > 0, true);
    for (const { response } of captured) {
      assertEquals(textOf(again(utf8(response!.bodyText!))), response!.bodyText);
    }
  });
}

test("202, 208 and 317 are asked as mqadmin asks", () => {
  const ask = (code: number) => {
    const { request } = goldenExchanges().find((each) => each.code === code)!;
    const { ext } = decodeCommand(goldenFrame(request));
    return { code, ext };
  };
  assertEquals(formatTopicStatsQuery("AdminT"), ask(202));
  assertEquals(formatConsumeStatsQuery("AdminLive"), ask(208));
  assertEquals(formatConsumeStatsListQuery(false), ask(317));
  assertEquals(formatConsumeStatsQuery("G", "T").ext, { consumerGroup: "G", topic: "T" });
});

test("totalDiff() adds up what a group has before it", () => {
  const queue = (queueId: number) => ({ brokerName: "b", queueId, topic: "T" });
  const progress = (brokerOffset: number, consumerOffset: number) => ({
    brokerOffset,
    consumerOffset,
    lastTimestamp: 0,
  });
  const queues = [[queue(0), progress(9, 2)], [queue(1), progress(4, 4)]] as const;
  assertEquals(totalDiff({ consumeTps: 0, queues }), 7);
});

for (
  const { body, field } of [
    { body: '{"offsetTable":{0:{}}}', field: "body.offsetTable.0" },
    { body: '{"offsetTable":{{"queueId":0,"topic":"T"}:{}}}', field: "brokerName" },
    { body: '{"consumeTps":"x"}', field: "body.consumeTps" },
  ]
) {
  test(`parseConsumeStats() names ${field} when it cannot be read`, () => {
    const error = assertThrows(() => parseConsumeStats(utf8(body)), FieldError);
    assertEquals((error as FieldError).field.endsWith(field), true, (error as FieldError).field);
  });
}
