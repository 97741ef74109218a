import { assertEquals, assertThrows } from "@std/assert";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { FieldError } from "../../../src/base/errors.ts";
import {
  formatClusterInfo,
  formatKvTable,
  formatRoute,
  formatTopicList,
  parseClusterInfo,
  parseKvTable,
  parseRoute,
  parseTopicList,
} from "../../../src/wire/route.ts";
import { test } from "../../harness.ts";
import { goldenExchanges } from "../../support/golden.ts";

const bodies = (code: number) =>
  goldenExchanges().flatMap(({ code: its, response }) =>
    its === code && response?.bodyText !== undefined ? [response.bodyText] : []
  );

test("a route is written byte for byte as Java writes it to a client that reads plain JSON", () => {
  assertEquals(bodies(105).length, 2);
  for (const body of bodies(105)) {
    assertEquals(textOf(formatRoute(parseRoute(utf8(body)), "quoted")), body);
  }
});

test("a route is read with bare and with quoted broker ids", () => {
  for (const body of bodies(105)) {
    const route = parseRoute(utf8(body));
    assertEquals(parseRoute(formatRoute(route, "bare")), route);
    assertEquals([...route.brokers[0].brokerAddrs.keys()], [0, 1]);
  }
});

test("a route carries the order of its topic where a name server adds it", () => {
  const route = { brokers: [], queues: [], orderTopicConf: "broker-a:4" };
  const body = formatRoute(route, "quoted");
  assertEquals(
    textOf(body),
    '{"brokerDatas":[],"filterServerTable":{},"orderTopicConf":"broker-a:4","queueDatas":[]}',
  );
  assertEquals(parseRoute(body), route);
});

test("parseRoute() names what it cannot read", () => {
  for (
    const [body, field] of [
      ["", "body"],
      ["[]", "body"],
      ['{"brokerDatas":{}}', "body.brokerDatas"],
      [
        '{"brokerDatas":[{"brokerName":"a","brokerAddrs":{"x":"1"}}]}',
        "body.brokerDatas[0].brokerAddrs.x",
      ],
      ['{"queueDatas":[{"brokerName":"a","perm":"rw"}]}', "body.queueDatas[0].perm"],
    ]
  ) {
    assertEquals(assertThrows(() => parseRoute(utf8(body)), FieldError).field, field);
  }
});

test("cluster info is written byte for byte as Java does, with bare ids", () => {
  assertEquals(bodies(106).length, 2);
  for (const body of bodies(106)) {
    assertEquals(textOf(formatClusterInfo(parseClusterInfo(utf8(body)))), body);
  }
});

test("topic lists and tables of settings go there and back", () => {
  for (const body of bodies(206)) {
    assertEquals(textOf(formatTopicList(parseTopicList(utf8(body)))), body);
  }
  const list = { topics: ["C", "a"], brokerAddr: "1.2.3.4:5" };
  assertEquals(
    textOf(formatTopicList(list)),
    '{"brokerAddr":"1.2.3.4:5","topicList":["C","a"]}',
  );
  assertEquals(parseTopicList(formatTopicList(list)), list);
  const table = new Map([["__proto__", "1"], ["k", 'a"b']]);
  assertEquals(parseKvTable(formatKvTable(table)), table);
});
