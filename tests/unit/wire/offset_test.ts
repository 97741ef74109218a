import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { FieldError } from "../../../src/base/errors.ts";
import { decodeCommand } from "../../../src/wire/codec.ts";
import { Fields } from "../../../src/wire/fields.ts";
import {
  formatBoundQuery,
  formatOffsetAnswer,
  formatOffsetCommit,
  formatOffsetQuery,
  formatOffsetSearch,
  formatOffsetTable,
  parseOffsetAnswer,
  parseOffsetPlace,
  parseOffsetTable,
} from "../../../src/wire/offset.ts";
import { goldenBytes, goldenExchanges, goldenFrame } from "../../support/golden.ts";
import { test } from "../../harness.ts";

function captured(code: number) {
  return goldenExchanges().filter((exchange) => exchange.code === code).map((exchange) => ({
    request: decodeCommand(goldenFrame(exchange.request)),
    response: exchange.response && decodeCommand(goldenFrame(exchange.response)),
  }));
}

test("queries and commits of an offset read and write as captured", () => {
  assertEquals([captured(14).length, captured(15).length], [2, 4]);
  for (const { request: { code, ext } } of [...captured(14), ...captured(15)]) {
    const { bname: _, ReqT: __, ...known } = ext;
    const place = parseOffsetPlace(new Fields(ext));
    const again = code === 14
      ? formatOffsetQuery(place)
      : formatOffsetCommit(place, Number(ext.commitOffset));
    assertEquals([again.code, again.ext], [code, known]);
  }
});

test("queries of a queue's bounds are written as captured", () => {
  for (const { request: { code, ext } } of [...captured(30), ...captured(31)]) {
    const { bname: _, ReqT: __, ...known } = ext;
    const again = formatBoundQuery(code === 31 ? "first" : "next", ext.topic, Number(ext.queueId));
    assertEquals([again.code, again.ext], [code, known]);
  }
  assertEquals(formatOffsetSearch("T", 3, 1700000000000), {
    code: 29,
    ext: { topic: "T", queueId: "3", timestamp: "1700000000000" },
  });
});

test("answers with an offset read and write as captured", () => {
  for (const { response } of [14, 30, 31].flatMap(captured)) {
    assertEquals(formatOffsetAnswer(parseOffsetAnswer(response!)).ext, response!.ext);
  }
  const [{ response }] = captured(15);
  assertThrows(() => parseOffsetAnswer(response!), FieldError, 'field "offset" is missing');
});

test("Java's file of consumer offsets comes out byte for byte", () => {
  const file = textOf(goldenBytes("config/consumerOffset.json"));
  const table = parseOffsetTable(file);
  assertEquals(table.size, 32);
  assertEquals(table.get("AdminT@AdminLive"), new Map([[0, 3], [1, 2], [2, 2], [3, 2]]));
  assertEquals(formatOffsetTable(table, true), file);
});

test("captured answers to 43 come out byte for byte", () => {
  for (const { response } of captured(43)) {
    assertEquals(formatOffsetTable(parseOffsetTable(response!.body)), textOf(response!.body));
  }
});

test("parseOffsetTable() gives back what formatOffsetTable() got", () => {
  const queues = fc.array(fc.tuple(fc.nat(), fc.maxSafeNat())).map((pairs) => new Map(pairs));
  const tables = fc.array(fc.tuple(fc.string(), queues)).map((pairs) => new Map(pairs));
  fc.assert(fc.property(tables, fc.boolean(), (table, pretty) => {
    assertEquals(parseOffsetTable(utf8(formatOffsetTable(table, pretty))), table);
  }));
});

for (
  const { body, field } of [
    { body: '{"offsetTable":[]}', field: "body.offsetTable" },
    { body: '{"offsetTable":{"T@G":1}}', field: "body.offsetTable.T@G" },
    { body: '{"offsetTable":{"T@G":{"x":1}}}', field: "body.offsetTable.T@G.x" },
    { body: '{"offsetTable":{"T@G":{0:"1"}}}', field: "body.offsetTable.T@G.0" },
    { body: '{"offsetTable":{"T@G":{0:1.5}}}', field: "body.offsetTable.T@G.0" },
  ]
) {
  test(`parseOffsetTable() refuses ${body}`, () => {
    const error = assertThrows(() => parseOffsetTable(body), FieldError);
    assertEquals((error as FieldError).field, field);
  });
}
