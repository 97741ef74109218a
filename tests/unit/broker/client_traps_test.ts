/** What broke with one client or another: each test is named after the trap it guards. */
import { assert, assertEquals } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import { test } from "../../harness.ts";
import { brokerRig, lettersOf, sendFields } from "../../support/broker_rig.ts";
import { messagesOf } from "../../support/store.ts";

/** A request as clients write it whose header is not ours to make: JSON, with whatever values it has. */
function frame(header: Record<string, unknown>, body = ""): Uint8Array {
  const head = utf8(JSON.stringify(header));
  const bytes = new Uint8Array(8 + head.length + utf8(body).length);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, bytes.length - 4);
  view.setInt32(4, head.length);
  bytes.set(head, 8);
  bytes.set(utf8(body), 8 + head.length);
  return bytes;
}

for (const decodesAll of [false, true]) {
  test(`ali-ons writes fields as numbers and flags, and a tag it lacks as text: ${decodesAll ? "decoded" : "read in the frame"}`, async () => {
    await using rig = await brokerRig({ decodesAll });
    const client = rig.client();
    const fields = lettersOf(sendFields({ topic: "T" }));
    const properties = "TAGS\x01null\x02KEYS\x01order-1\x02";
    const extFields = {
      ...fields,
      d: 4,
      e: 1,
      f: 0,
      g: 1795388131007,
      h: 3,
      j: 0,
      k: false,
      i: properties,
    };
    const header = { code: 310, language: "JAVA", opaque: 7, flag: 0, version: 121, extFields };
    client.far.send(frame(header, "hi"));
    await rig.clock.settle();
    const [answer] = client.far.commands();
    assertEquals([answer.code, answer.opaque, answer.ext.queueId], [0, 7, "1"]);
    const [stored] = messagesOf(rig.store, "T", 1);
    assertEquals([stored.flag, new TextDecoder().decode(stored.body)], [3, "hi"]);
    assert(stored.properties.includes("KEYS\x01order-1"), stored.properties);
  });
}

test("a Go client reads no header whose fields are not all texts", async () => {
  await using rig = await brokerRig();
  const client = rig.client();
  const place = { topic: "T", queueId: "0" };
  const requests = [
    { code: 310, ext: lettersOf(sendFields({ topic: "T", queueId: "0" })), body: utf8("hi") },
    { code: 30, ext: place },
    { code: 31, ext: place },
    { code: 32, ext: place },
    { code: 29, ext: { ...place, timestamp: "0" } },
    { code: 14, ext: { ...place, consumerGroup: "G" } },
    {
      code: 11,
      ext: {
        ...place,
        consumerGroup: "G",
        queueOffset: "0",
        maxMsgNums: "32",
        sysFlag: "4",
        commitOffset: "0",
        suspendTimeoutMillis: "0",
        subVersion: "0",
        subscription: "*",
      },
    },
  ];
  for (const [i, request] of requests.entries()) {
    client.far.send({ ...request, opaque: i + 1 });
    await rig.clock.settle();
    const bytes = client.far.writes.at(-1)!;
    const length = new DataView(bytes.buffer, bytes.byteOffset).getInt32(4) & 0xffffff;
    const { extFields, ...header } = JSON.parse(
      new TextDecoder().decode(bytes.subarray(8, 8 + length)),
    );
    assertEquals([header.code, header.opaque], [0, i + 1], `code ${request.code}`);
    for (const [name, value] of Object.entries(extFields)) {
      assertEquals(typeof value, "string", `${name} of the answer to ${request.code}`);
    }
  }
});

test("a client takes no SQL92 subscription to a broker whose answers say a version below 232", async () => {
  await using rig = await brokerRig();
  const body = utf8(JSON.stringify({ clientID: "c", consumerDataSet: [], producerDataSet: [] }));
  const answer = await rig.client().ask({ code: 34, body });
  assertEquals(answer.code, 0);
  assert(answer.version >= 232, `version ${answer.version}`);
});

test("5.x clients learn by code 3 that this is a 4.x broker", async () => {
  await using rig = await brokerRig();
  const client = rig.client();
  // Assignments, message modes, pop and its family, recall, lite topics: json only, a binary code has 16 bits.
  for (const code of [400, 401, 402, 60, 61, 370, 906, 1001, 200050, 200051, 200053, 200151]) {
    const answer = await client.ask({
      code,
      version: 479,
      ext: { topic: "T", consumerGroup: "G" },
    });
    assertEquals(answer.code, 3, `code ${code}: ${answer.remark}`);
  }
});

test("5.x clients add fields to requests that 4.x brokers do not know", async () => {
  await using rig = await brokerRig();
  const more = {
    bname: "broker-a",
    ns: "",
    nsd: "false",
    oway: "false",
    lo: "false",
    n: "broker-a",
  };
  const client = rig.client();
  const ext = { ...lettersOf(sendFields({ topic: "T", queueId: "0" })), ...more };
  assertEquals((await client.ask({ code: 310, version: 479, ext, body: utf8("hi") })).code, 0);
  const place = { topic: "T", queueId: "0", committed: "true", boundaryType: "lower" };
  assertEquals((await client.ask({ code: 30, version: 479, ext: { ...more, ...place } })).ext, {
    offset: "1",
  });
});
