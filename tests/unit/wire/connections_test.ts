import { assertEquals, assertThrows } from "@std/assert";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { FieldError } from "../../../src/base/errors.ts";
import { decodeCommand } from "../../../src/wire/codec.ts";
import {
  formatConsumerConnections,
  formatConsumerConnectionsQuery,
  formatProducerConnections,
  formatProducerConnectionsQuery,
  formatProducers,
  formatProducersQuery,
  knownLanguage,
  parseConsumerConnections,
  parseProducerConnections,
  parseProducers,
} from "../../../src/wire/connections.ts";
import { formatTopicConfig, parseTopicConfig } from "../../../src/wire/topic.ts";
import { test } from "../../harness.ts";
import { goldenExchanges, goldenFrame } from "../../support/golden.ts";

const AGAIN: Record<number, (body: Uint8Array) => Uint8Array> = {
  203: (body) => formatConsumerConnections(parseConsumerConnections(body)),
  204: (body) => formatProducerConnections(parseProducerConnections(body)),
  328: (body) => formatProducers(parseProducers(body)),
};

for (const [code, again] of Object.entries(AGAIN)) {
  test(`captured answers to ${code} come out byte for byte`, () => {
    const captured = goldenExchanges().filter((each) =>
      each.code === Number(code) && each.response?.bodyText !== undefined
    );
    assertEquals(captured.length > 0, true);
    for (const { response } of captured) {
      assertEquals(textOf(again(utf8(response!.bodyText!))), response!.bodyText);
    }
  });
}

test("203, 204 and 328 are asked as mqadmin asks", () => {
  const ask = (code: number) => {
    const { request } = goldenExchanges().find((each) => each.code === code)!;
    return { code, ext: decodeCommand(goldenFrame(request)).ext };
  };
  assertEquals(formatConsumerConnectionsQuery("AdminLive"), ask(203));
  assertEquals(formatProducerConnectionsQuery("AdminProd"), ask(204));
  assertEquals({ ext: {}, ...formatProducersQuery() }, ask(328));
});

test("knownLanguage() gives no name that a Java reader would fail on", () => {
  assertEquals(["GO", "KLINGON", undefined].map(knownLanguage), ["GO", "OTHER", "OTHER"]);
});

test("one topic's settings travel and come back", () => {
  const topic = {
    order: true,
    perm: 4,
    readQueueNums: 3,
    topicFilterType: "MULTI_TAG" as const,
    topicName: "T",
    topicSysFlag: 1,
    writeQueueNums: 2,
  };
  const text = '{"order":true,"perm":4,"readQueueNums":3,"topicFilterType":"MULTI_TAG",' +
    '"topicName":"T","topicSysFlag":1,"writeQueueNums":2}';
  assertEquals(formatTopicConfig(topic), text);
  assertEquals(parseTopicConfig(utf8(text)), topic);
});

test("parseProducers() names what it cannot read", () => {
  const error = assertThrows(() => parseProducers(utf8('{"data":{"P":[1]}}')), FieldError);
  assertEquals((error as FieldError).field.endsWith("all[0]"), true);
});
