import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { messageById, messagesByKey } from "../../../src/admin/messages.ts";
import { utf8 } from "../../../src/base/bytes.ts";
import { hostBytes } from "../../../src/wire/host_address.ts";
import { putRecord, recordSizeMax } from "../../../src/wire/message.ts";
import { formatKeyAnswer } from "../../../src/wire/query.ts";
import { formatClusterInfo, formatRoute } from "../../../src/wire/route.ts";
import { test } from "../../harness.ts";
import { runtime } from "../../support/runtime.ts";
import { fakeLines } from "./fake_lines.ts";

const { codecs } = runtime;
const brokers = [
  { brokerAddrs: new Map([[0, "10.0.0.1:10911"]]), brokerName: "a", cluster: "C" },
  {
    brokerAddrs: new Map([[2, "10.0.0.4:10911"], [1, "10.0.0.3:10911"]]),
    brokerName: "b",
    cluster: "C",
  },
];
const ID = "0A00000100002A9F0000000000000400";

function record(key: string, id: string, storeTimestamp = 5): Uint8Array<ArrayBuffer> {
  const [topic, body] = [utf8("T"), utf8("hello")];
  const properties = `KEYS\x01${key}\x02UNIQ_KEY\x01${id}\x02`;
  const into = new Uint8Array(recordSizeMax(topic.length, body.length, properties));
  const host = hostBytes({ host: "10.0.0.1", port: 10911 });
  const numbers = { queueId: 1, flag: 0, queueOffset: 2, logOffset: 1024, sysFlag: 0 };
  const size = putRecord(into, new DataView(into.buffer), 0, {
    ...numbers,
    ...{ topic, body, properties, bornHost: host, storeHost: host, bornTimestamp: 4 },
    ...{ storeTimestamp, reconsumeTimes: 0, preparedOffset: 0 },
    bodyCrc: codecs.crc32(body) & 0x7fffffff,
  });
  return into.slice(0, size);
}

test("messageById() asks the broker in the id for the place in it", async () => {
  const lines = fakeLines({
    106: { code: 0, body: formatClusterInfo({ brokers, clusters: new Map([["C", ["a", "b"]]]) }) },
    33: { code: 0, body: record("k", "U") },
  });
  const found = await messageById(lines, ID, codecs);
  assertEquals([found.offsetMessageId, found.brokerName, found.messageId], [ID, "a", "U"]);
  const [address, { ext }] = lines.asked.at(-1)!;
  assertEquals([address, ext], ["10.0.0.1:10911", { offset: "1024" }]);

  await messageById(lines, ID, codecs, "10.0.0.9:10911");
  assertEquals(lines.asked.at(-1)![0], "10.0.0.9:10911");
});

test("messageById() dials nobody for an id that names no broker of the cluster", async () => {
  const lines = fakeLines({
    106: { code: 0, body: formatClusterInfo({ brokers, clusters: new Map() }) },
  });
  for (const id of ["C000020203E07780813C716E16D80000", "4711"]) {
    const error = await assertRejects(() => messageById(lines, id, codecs));
    assertStringIncludes((error as Error).message, "needs the topic, too");
  }
  assertEquals(lines.asked.map(([address]) => address), ["any", "any"]);
});

test("messagesByKey() asks each broker, a slave where no master is, and keeps what has the key", async () => {
  const queues = brokers.map(({ brokerName }) => ({
    brokerName,
    ...{ perm: 6, readQueueNums: 4, topicSysFlag: 0, writeQueueNums: 4 },
  }));
  const same = { indexLastTimestamp: 0, indexLastLogOffset: 0 };
  const two = new Uint8Array([...record("k j", "U", 9), ...record("collides", "V")]);
  const lines = fakeLines({
    105: { code: 0, body: formatRoute({ brokers, queues }, "bare") },
    12: (_, address) =>
      formatKeyAnswer({ ...same, body: address === "10.0.0.3:10911" ? two : record("k", "W", 7) }),
  });
  const query = { topic: "T", key: "k", maxCount: 8 };
  const found = await messagesByKey(lines, query, codecs);
  assertEquals(found.map(({ messageId, brokerName }) => messageId + brokerName), ["Wa", "Ub"]);
  const asked = lines.asked.slice(1).map(([address]) => address).sort();
  assertEquals(asked, ["10.0.0.1:10911", "10.0.0.3:10911"]);

  const unique = await messagesByKey(lines, { ...query, key: "V", isUniqueKey: true }, codecs);
  assertEquals(unique.map(({ messageId }) => messageId), ["V"]);
  assertEquals((await messagesByKey(lines, { ...query, maxCount: 1 }, codecs)).length, 1);
});
