import { assert, assertEquals, assertThrows } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import { FieldError } from "../../../src/base/errors.ts";
import { Outbox } from "../../../src/base/bytes.ts";
import { decodeCommand } from "../../../src/wire/codec.ts";
import type { Command, ExtFields } from "../../../src/wire/command.ts";
import {
  formatRegistered,
  formatRegistration,
  formatUnregistration,
  parseBrokerNode,
  parseRegistered,
  parseRegistration,
  parseVersionBody,
} from "../../../src/wire/registration.ts";
import { test } from "../../harness.ts";
import { goldenExchanges, goldenFrame } from "../../support/golden.ts";
import { runtime } from "../../support/runtime.ts";

const { codecs } = runtime;
const node = {
  brokerAddr: "127.0.0.1:10911",
  brokerId: 0,
  brokerName: "broker-a",
  clusterName: "DefaultCluster",
};
const golden = () =>
  goldenExchanges().filter(({ code }) => code === 103)
    .map(({ request }) => decodeCommand(goldenFrame(request)));

function command(ext: ExtFields, body: Uint8Array, version = 407): Command {
  const head = { form: "json", code: 103, language: "JAVA", opaque: 1, flag: 0 } as const;
  return { ...head, remark: undefined, version, ext, body };
}

test("parseRegistration() reads what Java brokers send, checksum and all", () => {
  const [first, second] = golden();
  const said = parseRegistration(first, codecs);
  assertEquals({ ...said, topics: undefined }, {
    ...node,
    haServerAddr: "127.0.0.1:10912",
    dataVersion: { counter: 0, timestamp: 1795346524525 },
    topics: undefined,
  });
  assertEquals(said.topics.size, 8);
  assertEquals(said.topics.get("TBW102"), {
    order: false,
    perm: 7,
    readQueueNums: 8,
    topicFilterType: "SINGLE_TAG",
    topicName: "TBW102",
    topicSysFlag: 0,
    writeQueueNums: 8,
  });
  assert(parseRegistration(second, codecs).topics.size > 8);
});

test("formatRegistration() is what parseRegistration() reads", () => {
  for (const request of golden()) {
    const said = parseRegistration(request, codecs);
    const { ext, body } = formatRegistration(said, codecs);
    assertEquals(parseRegistration(command(ext!, body!), codecs), said);
    assertEquals(Object.keys(ext!).sort(), Object.keys(request.ext).sort());
  }
});

test("parseRegistration() refuses a body that is not the one its checksum is of", () => {
  const [request] = golden();
  const body = request.body.slice();
  body[100] ^= 1;
  const error = assertThrows(() => parseRegistration({ ...request, body }, codecs), FieldError);
  assertEquals(error.field, "bodyCrc32");
  const unchecked = { ...request, ext: { ...request.ext, bodyCrc32: "0" } };
  assertEquals(parseRegistration(unchecked, codecs).topics.size, 8);
});

test("parseRegistration() without a body knows the broker and no topic", () => {
  const said = parseRegistration(command({ ...ext(), bodyCrc32: "0" }, new Uint8Array(0)), codecs);
  assertEquals([said.dataVersion, said.topics.size], [{ counter: 0, timestamp: 0 }, 0]);
});

test("parseRegistration() reads the bare topics that brokers before 3.0.11 send", () => {
  const body = utf8(
    '{"dataVersion":{"counter":1,"timestamp":2},"topicConfigTable":{"T":{"topicName":"T"}}}',
  );
  assertEquals([...parseRegistration(command(ext(), body, 36), codecs).topics.keys()], ["T"]);
});

test("parseRegistration() skips what 5.x brokers add", () => {
  const body = utf8(
    '{"filterServerList":[],"topicConfigSerializeWrapper":{"dataVersion":{"counter":1,"stateVersion":0,' +
      '"timestamp":2},"mappingDataVersion":{"counter":0,"stateVersion":0,"timestamp":0},"topicConfigTable":' +
      '{"T":{"attributes":{},"order":false,"perm":6,"readQueueNums":4,"topicFilterType":"SINGLE_TAG",' +
      '"topicName":"T","topicSysFlag":0,"writeQueueNums":4}},"topicQueueMappingDetailMap":{},' +
      '"topicQueueMappingInfoMap":{"T":{"bname":"a","currIdMap":{0:0,1:1},"dirty":false}}}}',
  );
  assertEquals([...parseRegistration(command(ext(), body, 473), codecs).topics.keys()], ["T"]);
});

function ext(): ExtFields {
  return { ...formatUnregistration(node).ext!, haServerAddr: "127.0.0.1:10912" };
}

/** A body as compressedRegister writes it, before it is packed. */
function packable(topics: string[]): Uint8Array {
  const out = new Outbox();
  const number = (value: number) => {
    out.reserve(4);
    out.view.setInt32(out.at, value);
    out.advance(4);
  };
  const text = (value: string) => {
    number(utf8(value).length);
    out.put(utf8(value));
  };
  text('{"counter":3,"timestamp":1700000000000}');
  number(topics.length);
  for (const topic of topics) text(topic);
  text("[]");
  return out.take();
}

function compressed(body: Uint8Array): Command {
  const packed = codecs.deflate(body, 9);
  const bodyCrc32 = String(codecs.crc32(packed) & 0x7fffffff);
  return command({ ...ext(), compressed: "true", bodyCrc32 }, packed);
}

test("parseRegistration() reads a compressed body, of 4.x and of 5.x", () => {
  const said = parseRegistration(
    compressed(packable(["T 4 8 6 SINGLE_TAG", 'U 1 1 7 MULTI_TAG {"a":"b"}'])),
    codecs,
  );
  assertEquals(said.dataVersion, { counter: 3, timestamp: 1700000000000 });
  assertEquals([...said.topics.values()].map((topic) => Object.values(topic)), [
    [false, 6, 4, "SINGLE_TAG", "T", 0, 8],
    [false, 7, 1, "MULTI_TAG", "U", 0, 1],
  ]);
});

for (
  const { name, request } of [
    {
      name: "no zlib stream",
      request: () => command({ ...ext(), compressed: "true" }, utf8("hello")),
    },
    {
      name: "cut short",
      request: () => compressed(packable(["T 4 8 6 SINGLE_TAG"]).subarray(0, 50)),
    },
    { name: "a topic with too few parts", request: () => compressed(packable(["T 4 8 6"])) },
    {
      name: "a topic with words for numbers",
      request: () => compressed(packable(["T x 8 6 SINGLE_TAG"])),
    },
    { name: "an unknown filter type", request: () => compressed(packable(["T 4 8 6 NO_TAG"])) },
    { name: "no JSON", request: () => command(ext(), utf8("{")) },
    { name: "JSON without topics", request: () => command(ext(), utf8("{}")) },
  ]
) {
  test(`parseRegistration() refuses a body: ${name}`, () => {
    const error = assertThrows(() => parseRegistration(request(), codecs), FieldError);
    assert(error.field.startsWith("body"), error.field);
  });
}

test("parseBrokerNode() names the field that is missing", () => {
  for (const field of ["brokerAddr", "brokerId", "brokerName", "clusterName"]) {
    const { [field]: _, ...rest } = ext();
    assertEquals(assertThrows(() => parseBrokerNode(rest), FieldError).field, field);
  }
});

test("an answer tells a slave its master, and brokers which topics have an order", () => {
  for (
    const answer of [
      { masterAddr: undefined, haServerAddr: undefined, orderTopics: undefined },
      { masterAddr: "a:1", haServerAddr: "a:2", orderTopics: new Map([["T", "broker-a:4"]]) },
    ]
  ) {
    const { ext, body } = formatRegistered(answer);
    assertEquals(parseRegistered(command(ext!, body ?? new Uint8Array(0))), answer);
  }
});

test("parseVersionBody() reads the version of a broker's topics", () => {
  assertEquals(parseVersionBody(utf8('{"counter":7,"timestamp":8}')), { counter: 7, timestamp: 8 });
});
