import { assertEquals } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import type { ExtFields } from "../../../src/wire/command.ts";
import { decodeRecords } from "../../../src/wire/message.ts";
import { test } from "../../harness.ts";
import { brokerRig, pull, type RigClient, send } from "../../support/broker_rig.ts";
import { progress, put, textsIn, withMessages } from "../../support/pulls.ts";

function beat(client: RigClient, subscription: Record<string, unknown> = {}, extra = {}) {
  const consumerDataSet = [{
    groupName: "C",
    messageModel: "CLUSTERING",
    subscriptionDataSet: [{ topic: "T", subString: "*", subVersion: 5, ...subscription }],
    ...extra,
  }];
  const body = utf8(JSON.stringify({ clientID: "c", consumerDataSet }));
  return client.ask({ code: 34, body });
}

for (
  const { expression, found } of [
    { expression: undefined, found: ["a", "b", "c", "d"] },
    { expression: "*", found: ["a", "b", "c", "d"] },
    { expression: "x", found: ["a", "c"] },
    { expression: " x || y ", found: ["a", "b", "c"] },
    { expression: "y||", found: ["b"] },
  ]
) {
  test(`a pull of tags "${expression}" gives ${found}`, async () => {
    await using rig = await withMessages(["a:x", "b:y", "c:x", "d"]);
    const request = pull(expression === undefined ? {} : { subscription: expression });
    if (expression === undefined) delete request.ext!.subscription;
    const answer = await rig.client().ask(request);
    assertEquals([textsIn(answer), progress(answer)[0]], [found, 4]);
  });
}

test("a pull without an expression of its own filters as the group's heartbeat said", async () => {
  await using rig = await withMessages(["a:x", "b:y", "c:x"]);
  const client = rig.client();
  const subscription = { subString: "y", tagsSet: ["y"], codeSet: [121] };
  await beat(client, subscription);
  const answer = await client.ask(pull({ sysFlag: "0", subVersion: "5" }));
  assertEquals([textsIn(answer), progress(answer)[0]], [["b"], 3]);
});

test("the first match is given whatever its size", async () => {
  const flags = {
    maxTransferBytesOnMessageInMemory: "1000",
    maxTransferBytesOnMessageInDisk: "1000",
  };
  await using rig = await brokerRig({ flags });
  await put(rig, "small:y", "x".repeat(5000) + ":x", "after:x");
  const answer = await rig.client().ask(pull({ subscription: "x" }));
  assertEquals([answer.code, decodeRecords(answer.body).length, progress(answer)[0]], [0, 1, 2]);
  const next = await rig.client().ask(pull({ subscription: "x", queueOffset: "2" }));
  assertEquals(textsIn(next), ["after"]);
});

for (
  const { name, fields, flags, totalBytes, count } of [
    { name: "as many as asked for", fields: { maxMsgNums: "3" }, count: 3 },
    { name: "32 at most", fields: { maxMsgNums: "1000" }, count: 32 },
    { name: "one when none is asked for", fields: { maxMsgNums: "0" }, count: 1 },
    { name: "one when fewer than none are asked for", fields: { maxMsgNums: "-5" }, count: 1 },
    {
      name: "as many as fit the bytes",
      flags: { maxTransferBytesOnMessageInMemory: "1000" },
      count: 1000 / 200,
    },
    {
      name: "8 when they are on disk",
      flags: { accessMessageInMemoryMaxRatio: "1" },
      totalBytes: 100,
      count: 8,
    },
    {
      name: "as many as fit the bytes of a read from disk",
      flags: { accessMessageInMemoryMaxRatio: "1", maxTransferBytesOnMessageInDisk: "800" },
      totalBytes: 100,
      count: 4,
    },
  ] as {
    name: string;
    fields?: ExtFields;
    flags?: Record<string, string>;
    totalBytes?: number;
    count: number;
  }[]
) {
  test(`a pull gives ${name}`, async () => {
    const recordBytes = 200;
    await using rig = await brokerRig({ flags, totalBytes });
    const empty = 91 + 1 + "CLUSTER\x01DefaultCluster".length;
    await put(rig, ...Array.from({ length: 40 }, () => "x".repeat(recordBytes - empty)));
    assertEquals(rig.store.log.tail, 40 * recordBytes);
    const answer = await rig.client().ask(pull(fields));
    assertEquals([answer.code, decodeRecords(answer.body).length], [0, count]);
    assertEquals(progress(answer)[0], count);
  });
}

test("limits above what a frame holds are cut to it", async () => {
  const flags = {
    maxTransferBytesOnMessageInMemory: String(64 * 1024 * 1024),
    maxTransferCountOnMessageInMemory: "1000",
    mappedFileSizeCommitLog: String(64 * 1024 * 1024),
  };
  await using rig = await brokerRig({ flags });
  const client = rig.client();
  const text = "x".repeat(3 * 1024 * 1024);
  for (let i = 0; i < 7; i++) await client.ask(send({}, text));
  const answer = await client.ask(pull());
  assertEquals([answer.code, decodeRecords(answer.body).length], [0, 5]);
});
