import { assertEquals, assertThrows } from "@std/assert";
import { FieldError } from "../../../src/base/errors.ts";
import { decodeCommand } from "../../../src/wire/codec.ts";
import {
  formatKeyAnswer,
  formatKeyQuery,
  formatView,
  parseKeyAnswer,
  parseKeyQuery,
  parseView,
} from "../../../src/wire/query.ts";
import { goldenExchanges, goldenFrame } from "../../support/golden.ts";
import { test } from "../../harness.ts";

function captured(code: number) {
  return goldenExchanges().filter((exchange) => exchange.code === code).map((exchange) => ({
    request: decodeCommand(goldenFrame(exchange.request)),
    response: decodeCommand(goldenFrame(exchange.response!)),
  }));
}

test("queries by key and their answers read and write as captured", () => {
  for (const { request, response } of captured(12)) {
    const query = parseKeyQuery(request.ext);
    const endTimestamp = String(
      Math.min(Number(request.ext.endTimestamp), Number.MAX_SAFE_INTEGER),
    );
    assertEquals(formatKeyQuery(query).ext, { ...request.ext, endTimestamp });
    const { ext, body } = formatKeyAnswer(parseKeyAnswer(response));
    assertEquals([ext, body], [response.ext, response.body]);
  }
});

test("parseKeyQuery() takes the largest Java long for no end", () => {
  const [, { request }] = captured(12);
  assertEquals(request.ext.endTimestamp, "9223372036854775807");
  assertEquals(parseKeyQuery(request.ext).endTimestamp, Number.MAX_SAFE_INTEGER);
});

test("requests for one record read and write as captured", () => {
  for (const { request: { ext } } of captured(33)) {
    assertEquals(formatView(parseView(ext)).ext, ext);
  }
  assertThrows(() => parseView({ offset: "x" }), FieldError, 'field "offset" is "x"');
});
