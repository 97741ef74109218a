import { assertEquals, assertThrows } from "@std/assert";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { FieldError } from "../../../src/base/errors.ts";
import { decodeCommand } from "../../../src/wire/codec.ts";
import {
  formatCorrectionQuery,
  formatCorrections,
  parseCorrectionQuery,
  parseCorrections,
} from "../../../src/wire/correction.ts";
import { Fields } from "../../../src/wire/fields.ts";
import {
  formatQueueEntries,
  formatQueueEntriesQuery,
  parseQueueEntries,
  parseQueueEntriesQuery,
} from "../../../src/wire/queue_entries.ts";
import {
  formatTimeSpanQuery,
  formatTimeSpans,
  parseTimeSpans,
} from "../../../src/wire/time_span.ts";
import { test } from "../../harness.ts";
import { goldenExchanges, goldenFrame } from "../../support/golden.ts";

test("a captured look at queue entries comes out as it was", () => {
  const { request, response } = goldenExchanges().find(({ code }) => code === 321)!;
  const { ext } = decodeCommand(goldenFrame(request));
  assertEquals(formatQueueEntriesQuery(parseQueueEntriesQuery(new Fields(ext))).ext, ext);
  const found = parseQueueEntries(utf8(response!.bodyText!));
  assertEquals(textOf(formatQueueEntries(found)), response!.bodyText);
});

test("a look with a group brings its subscription, or why there is none", () => {
  const plain = { maxQueueIndex: 1, minQueueIndex: 0, entries: [] };
  const subscription = {
    topic: "T",
    subString: "a",
    codes: new Set([97]),
    tags: ["a"],
    subVersion: 1,
    expressionType: "TAG",
    classFilterMode: false,
  };
  for (const found of [{ ...plain, filterData: "nobody" }, { ...plain, subscription }]) {
    assertEquals(parseQueueEntries(formatQueueEntries(found)), found);
  }
  const query = { topic: "T", queueId: 1, index: 2, count: 3, consumerGroup: "G" };
  assertEquals(parseQueueEntriesQuery(new Fields(formatQueueEntriesQuery(query).ext!)), query);
});

test("time spans travel in Java's order and come back", () => {
  const queue = { brokerName: "b", queueId: 2, topic: "T" };
  const span = { queue, minTimeStamp: 1, maxTimeStamp: 9, consumeTimeStamp: 5, delayTime: 4 };
  const body = formatTimeSpans([span]);
  assertEquals(
    textOf(body),
    '{"consumeTimeSpanSet":[{"consumeTimeStamp":5,"delayTime":4,"maxTimeStamp":9,' +
      '"messageQueue":{"brokerName":"b","queueId":2,"topic":"T"},"minTimeStamp":1}]}',
  );
  assertEquals(parseTimeSpans(body), [span]);
  assertEquals(formatTimeSpanQuery("T", "G"), { code: 303, ext: { topic: "T", group: "G" } });
});

test("corrections have bare numbers as keys, and Java's largest where there is nothing to correct", () => {
  const body = formatCorrections(new Map([[0, 7], [1, undefined]]));
  assertEquals(textOf(body), '{"correctionOffsets":{0:7,1:9223372036854775807}}');
  assertEquals([...parseCorrections(body)], [[0, 7], [1, undefined]]);
  for (const filterGroups of [[], ["A", "B"]]) {
    const query = { topic: "T", compareGroup: "G", filterGroups };
    assertEquals(parseCorrectionQuery(new Fields(formatCorrectionQuery(query).ext!)), query);
  }
});

test("parseTimeSpans() names what it cannot read", () => {
  const body = utf8('{"consumeTimeSpanSet":[{"messageQueue":{"brokerName":"b","topic":"T"}}]}');
  const error = assertThrows(() => parseTimeSpans(body), FieldError) as FieldError;
  assertEquals(error.field, "body.consumeTimeSpanSet[0].messageQueue.queueId");
});
