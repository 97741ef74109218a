import { assertEquals, assertThrows } from "@std/assert";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { FieldError } from "../../../src/base/errors.ts";
import { decodeCommand } from "../../../src/wire/codec.ts";
import { formatOffsetsBody, parseOffsetsBody } from "../../../src/wire/queue_numbers.ts";
import {
  formatResetOffset,
  formatResetOrder,
  parseResetOffset,
} from "../../../src/wire/reset_offset.ts";
import { test } from "../../harness.ts";
import { goldenExchanges, goldenFrame } from "../../support/golden.ts";

function captured(code: number) {
  const found = goldenExchanges().filter((exchange) => exchange.code === code);
  assertEquals(found.length, 2);
  return found.map(({ request, response }) => ({
    request: decodeCommand(goldenFrame(request)),
    response: response && decodeCommand(goldenFrame(response)),
  }));
}

test("a reset (222) and its answer read and write as captured", () => {
  for (const { request, response } of captured(222)) {
    assertEquals(formatResetOffset(parseResetOffset(request.ext)).ext, request.ext);
    const offsets = parseOffsetsBody(response!.body);
    assertEquals(textOf(formatOffsetsBody(offsets)), textOf(response!.body));
    assertEquals(offsets.length, 4);
  }
});

test("what members are told (220) is written as captured", () => {
  for (const { request } of captured(220)) {
    const order = formatResetOrder(
      parseResetOffset(request.ext),
      parseOffsetsBody(request.body),
      "map",
    );
    assertEquals([order.code, order.ext], [220, request.ext]);
    assertEquals(textOf(order.body!), textOf(request.body));
  }
});

test("a reset of one queue, as 5.x sends it, is read back", () => {
  const reset = {
    topic: "T",
    group: "G",
    timestamp: 0,
    isForced: true,
    only: { queueId: 3, queueOffset: 9 },
  };
  assertEquals(parseResetOffset(formatResetOffset(reset).ext!), reset);
});

test("a body whose keys are no queues, or whose values are no numbers, is refused", () => {
  const queue = '{"brokerName":"b","queueId":0,"topic":"T"}';
  for (const map of [`{${queue}:"x"}`, '{"b":1}', '{{"queueId":0}:1}', `{${queue}:1.5}`]) {
    assertThrows(() => parseOffsetsBody(utf8(`{"offsetTable":${map}}`)), FieldError);
  }
});
