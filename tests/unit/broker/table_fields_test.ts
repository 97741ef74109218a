import { assertEquals, assertRejects } from "@std/assert";
import { FieldError } from "../../../src/base/errors.ts";
import type { ExtFields } from "../../../src/wire/command.ts";
import { test } from "../../harness.ts";
import { request, tableBroker } from "../../support/table_broker.ts";

for (
  const { name, code, ext, body, field } of [
    { name: "no topic", code: 17, ext: {}, field: "perm" },
    { name: "bad perm", code: 17, ext: { topic: "T", perm: "8" }, field: "perm" },
    { name: "perm is text", code: 17, ext: { topic: "T", perm: "rw" }, field: "perm" },
    {
      name: "negative queues",
      code: 17,
      ext: { topic: "T", perm: "6", readQueueNums: "-1" },
      field: "readQueueNums",
    },
    {
      name: "a strange filter type",
      code: 17,
      ext: {
        topic: "T",
        perm: "6",
        readQueueNums: "4",
        writeQueueNums: "4",
        topicFilterType: "NO_TAG",
      },
      field: "topicFilterType",
    },
    {
      name: "a strange name",
      code: 17,
      ext: {
        topic: "a b",
        perm: "6",
        readQueueNums: "4",
        writeQueueNums: "4",
        topicFilterType: "SINGLE_TAG",
      },
      field: "topic",
    },
    { name: "no topic", code: 215, ext: {}, field: "topic" },
    { name: "a strange name to delete", code: 215, ext: { topic: "a*b" }, field: "topic" },
    { name: "no group", code: 14, ext: { topic: "T", queueId: "0" }, field: "consumerGroup" },
    {
      name: "a queue that is text",
      code: 14,
      ext: { consumerGroup: "g", topic: "T", queueId: "x" },
      field: "queueId",
    },
    {
      name: "no offset",
      code: 15,
      ext: { consumerGroup: "g", topic: "T", queueId: "0" },
      field: "commitOffset",
    },
    {
      name: "not a number",
      code: 15,
      ext: { consumerGroup: "g", topic: "T", queueId: "0", commitOffset: "NaN" },
      field: "commitOffset",
    },
    {
      name: "a negative offset",
      code: 15,
      ext: { consumerGroup: "g", topic: "T", queueId: "0", commitOffset: "-2" },
      field: "commitOffset",
    },
    { name: "no client", code: 35, ext: {}, field: "clientID" },
    { name: "no group", code: 38, ext: {}, field: "consumerGroup" },
    { name: "no body", code: 34, field: "body" },
    { name: "no JSON", code: 34, body: "{", field: "body" },
    { name: "a list", code: 34, body: "[]", field: "body" },
    { name: "no client", code: 34, body: {}, field: "body.clientID" },
    {
      name: "a group without a name",
      code: 34,
      body: { clientID: "c", producerDataSet: [{}] },
      field: "body.producerDataSet[0].groupName",
    },
    {
      name: "a code that is text",
      code: 34,
      body: {
        clientID: "c",
        consumerDataSet: [{
          groupName: "g",
          subscriptionDataSet: [{ topic: "T", codeSet: ["a"] }],
        }],
      },
      field: "body.consumerDataSet[0].subscriptionDataSet[0].codeSet[0]",
    },
    { name: "no queues list", code: 41, body: { clientId: "c" }, field: "body.consumerGroup" },
    {
      name: "queues that are none",
      code: 42,
      body: { clientId: "c", consumerGroup: "g", mqSet: [7] },
      field: "body.mqSet[0]",
    },
    { name: "no subscription", code: 46, body: {}, field: "body.subscriptionData" },
    { name: "no name", code: 200, body: {}, field: "body.groupName" },
    {
      name: "a number that is text",
      code: 200,
      body: { groupName: "g", retryMaxTimes: "many" },
      field: "body.retryMaxTimes",
    },
    { name: "no name", code: 207, ext: {}, field: "groupName" },
  ]
) {
  test(`code ${code} names the field at fault: ${name}`, async () => {
    const { handlers, peer, offsets } = tableBroker();
    const error = await assertRejects(
      async () =>
        await handlers.get(code)!(request(code, ext as ExtFields | undefined, body), peer),
      FieldError,
    );
    assertEquals(error.field, field);
    assertEquals(offsets.json(), '{"offsetTable":{}}');
  });
}

test("46 refuses an unknown kind of filter", async () => {
  const { handlers, peer } = tableBroker();
  const body = { subscriptionData: { topic: "T", expressionType: "REGEX" } };
  assertEquals((await handlers.get(46)!(request(46, undefined, body), peer))?.code, 23);
});
