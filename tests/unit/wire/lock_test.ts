import { assertEquals, assertThrows } from "@std/assert";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { FieldError } from "../../../src/base/errors.ts";
import {
  formatLocked,
  formatQueuesOfClient,
  parseLocked,
  parseQueuesOfClient,
} from "../../../src/wire/lock.ts";
import { formatQueue } from "../../../src/wire/message_queue.ts";
import { goldenExchanges } from "../../support/golden.ts";
import { test } from "../../harness.ts";

test("captured locks and unlocks come out byte for byte", () => {
  const captured = goldenExchanges().filter(({ code }) => code === 41 || code === 42);
  assertEquals(captured.length, 3);
  for (const { code, request, response } of captured) {
    const of = parseQueuesOfClient(utf8(request.bodyText!));
    const again = formatQueuesOfClient(code === 41 ? "lock" : "unlock", of);
    assertEquals([again.code, textOf(again.body!)], [code, request.bodyText]);
    if (code !== 41) continue;
    const locked = parseLocked(utf8(response!.bodyText!));
    assertEquals(textOf(formatLocked(locked)), response!.bodyText);
  }
});

test("formatLocked() writes the queue alone, in Java's order", () => {
  const queue = { owner: "c", topic: "T", queueId: 0, brokerName: "b" };
  assertEquals(textOf(formatLocked([queue])), `{"lockOKMQSet":[${formatQueue(queue)}]}`);
  assertEquals(formatQueue(queue), '{"brokerName":"b","queueId":0,"topic":"T"}');
});

for (
  const { body, field } of [
    { body: '{"consumerGroup":"G"}', field: "body.clientId" },
    { body: '{"clientId":"c"}', field: "body.consumerGroup" },
    { body: '{"clientId":"c","consumerGroup":"G","mqSet":[1]}', field: "body.mqSet[0]" },
    {
      body:
        '{"clientId":"c","consumerGroup":"G","mqSet":[{"brokerName":"b","topic":"T","queueId":-1}]}',
      field: "body.mqSet[0].queueId",
    },
  ]
) {
  test(`parseQueuesOfClient() names ${field} when it cannot be read`, () => {
    const error = assertThrows(() => parseQueuesOfClient(utf8(body)), FieldError);
    assertEquals((error as FieldError).field, field);
  });
}
