import { assertEquals } from "@std/assert";
import { messageTrace } from "../../../src/admin/trace.ts";
import { formatKeyAnswer } from "../../../src/wire/query.ts";
import { formatRoute } from "../../../src/wire/route.ts";
import { test } from "../../harness.ts";
import { goldenLines } from "../../support/golden.ts";
import { runtime } from "../../support/runtime.ts";
import { fakeLines } from "./fake_lines.ts";
import { fakeRecord } from "./fake_message.ts";

const brokers = [
  { brokerAddrs: new Map([[0, "10.0.0.1:10911"]]), brokerName: "a", cluster: "C" },
];

function linesWith(bodies: readonly { readonly keys: string; readonly body: string }[]) {
  const records = bodies.map(({ keys, body }) => fakeRecord({ body, properties: { KEYS: keys } }));
  const body = new Uint8Array(records.flatMap((record) => [...record]));
  const none = { indexLastTimestamp: 1, indexLastLogOffset: 1 };
  return fakeLines({
    105: { code: 0, body: formatRoute({ brokers, queues: [] }, "bare") },
    12: formatKeyAnswer({ ...none, body }),
  });
}

test("messageTrace() gives what was noted of one message, in order of time", async () => {
  const lines = linesWith(goldenLines("wire/traces.jsonl"));
  const messageId = "FD0000000000000000000000000000025D3B5FFD2B2771C876A30002";
  const steps = await messageTrace(lines, { messageId }, runtime.codecs);
  assertEquals(steps.map(({ kind, group, clientHost }) => [kind, group, clientHost]), [
    ["Pub", "OnlineGroupProducers", "10.0.0.9"],
    ["SubBefore", "OnlineGroup", "10.0.0.9"],
    ["SubAfter", "OnlineGroup", "10.0.0.9"],
  ]);
  assertEquals(lines.asked[0][1].ext?.topic, "RMQ_SYS_TRACE_TOPIC");
  await messageTrace(lines, { messageId, topic: "traces" }, runtime.codecs);
  assertEquals(lines.asked[2][1].ext?.topic, "traces");
});

test("messageTrace() finds the group of an old client's delivery where it begins", async () => {
  const body = "SubAfter\x01req\x01id\x017\x01true\x01k\x02" +
    "SubBefore\x01100\x01null\x01billing\x01req\x01id\x010\x01k\x02";
  const steps = await messageTrace(
    linesWith([{ keys: "id", body }]),
    { messageId: "id" },
    runtime.codecs,
  );
  const done = steps.find(({ kind }) => kind === "SubAfter");
  assertEquals([done?.group, done?.time], ["billing", 107]);
});
