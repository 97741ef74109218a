import { assertEquals, assertThrows } from "@std/assert";
import { messageOf } from "../../../../src/client/incoming.ts";
import { UsageError } from "../../../../src/cli/exit.ts";
import { foundLine, foundText, tracksText } from "../../../../src/cli/mqadmin/found_text.ts";
import { traceText } from "../../../../src/cli/mqadmin/message_traces.ts";
import { momentOf, secondText } from "../../../../src/cli/mqadmin/moments.ts";
import { offlineRow } from "../../../../src/cli/mqadmin/offsets.ts";
import { localTime } from "../../../../src/cli/mqadmin/print.ts";
import { entriesText } from "../../../../src/cli/mqadmin/queue_entries.ts";
import { logLine } from "../../../../src/cli/mqadmin/send_rounds.ts";
import { averageRt } from "../../../../src/cli/mqadmin/send_times.ts";
import { utf8 } from "../../../../src/base/bytes.ts";
import { decodeRecord } from "../../../../src/wire/message.ts";
import { parseTrace } from "../../../../src/wire/trace.ts";
import { test } from "../../../harness.ts";
import { goldenLines } from "../../../support/golden.ts";
import { runtime } from "../../../support/runtime.ts";
import { fakeRecord } from "../../admin/fake_message.ts";

const properties = { TAGS: "A", KEYS: "k1 k2", UNIQ_KEY: "U" };
const record = decodeRecord(fakeRecord({ body: "grüße", properties }));
const found = { record, message: messageOf(record, "broker-a", runtime.codecs) };

test("a message is shown as mqadmin shows it", () => {
  assertEquals(
    foundText(found, true, "/tmp/U"),
    `OffsetID:            0A00000100002A9F0000000000000402
Topic:               T
Tags:                [A]
Keys:                [k1 k2]
Queue ID:            1
Queue Offset:        2
CommitLog Offset:    1026
Reconsume Times:     0
Born Timestamp:      ${localTime(4)}
Store Timestamp:     ${localTime(5)}
Born Host:           10.0.0.9:5000
Store Host:          10.0.0.1:10911
System Flag:         0
Properties:          {TAGS=A, KEYS=k1 k2, UNIQ_KEY=U}
Message Body Path:   /tmp/U
`,
  );
  const plain = decodeRecord(fakeRecord());
  const bare = { record: plain, message: messageOf(plain, "a", runtime.codecs) };
  assertEquals(foundText(bare, false, "").split("\n").slice(0, 3), [
    "Topic:               T",
    "Tags:                [null]",
    "Keys:                [null]",
  ]);
});

test("a message on one line is what Java prints of the object", () => {
  assertEquals(
    foundLine(found, "grüße"),
    "MSGID: U MessageExt [brokerName=broker-a, queueId=1, " +
      `storeSize=${record.size}, queueOffset=2, sysFlag=0, bornTimestamp=4, ` +
      "bornHost=/10.0.0.9:5000, storeTimestamp=5, storeHost=/10.0.0.1:10911, " +
      "msgId=0A00000100002A9F0000000000000402, commitLogOffset=1026, " +
      `bodyCRC=${record.bodyCrc}, reconsumeTimes=0, preparedTransactionOffset=0, ` +
      "toString()=Message{topic='T', flag=0, properties={TAGS=A, KEYS=k1 k2, UNIQ_KEY=U}, " +
      "body=[103, 114, -61, -68, -61, -97, 101], transactionId='null'}] BODY: grüße\n",
  );
});

test("what became of a message stands below it, also when nobody reads its topic", () => {
  assertEquals(
    tracksText([{ group: "g", kind: "NOT_ONLINE" }, {
      group: "h",
      kind: "UNKNOWN",
      problem: "odd",
    }]),
    "\n\nMessageTrack [consumerGroup=g, trackType=NOT_ONLINE, exceptionDesc=null]\n" +
      "MessageTrack [consumerGroup=h, trackType=UNKNOWN, exceptionDesc=odd]\n",
  );
  assertEquals(tracksText([]), "\n\nWARN: No Consumer\n");
});

test("a trace has a table of who sent, and one for each group that consumed", () => {
  const bodies = goldenLines<{ body: string }>("wire/traces.jsonl");
  const id = "FD0000000000000000000000000000025D3B5FFD2B2771C876A30002";
  const steps = bodies.flatMap(({ body }) => parseTrace(utf8(body)))
    .filter(({ messageId }) => messageId === id).map((note) => ({
      ...note,
      clientHost: "10.0.0.9",
    }));
  assertEquals(
    traceText(steps),
    `#Type  #ProducerGroup        #ClientHost  #SendTime            #CostTimes  #Status
Pub    OnlineGroupProducers  10.0.0.9     ${secondText(1795400162979)}  57ms        success

#Type  #ConsumerGroup  #ClientHost  #ConsumerTime        #CostTimes  #Status
Sub    OnlineGroup     10.0.0.9     ${secondText(1795400163035)}  0ms         failed

`,
  );
});

test("times are taken and printed by this machine's clock", () => {
  const time = new Date(2026, 0, 31, 12, 30, 5, 7).getTime();
  assertEquals(momentOf("-b", "2026-01-31#12:30:05:007"), time);
  assertEquals(momentOf("-b", "1000"), 1000);
  assertEquals([secondText(time), secondText(0)], ["2026-01-31 12:30:05", ""]);
  for (const text of ["2026-01-31", "soon", "-5", ""]) {
    assertThrows(
      () => momentOf("-b", text),
      UsageError,
      `-b is "${text}", it must be ms since 1970`,
    );
  }
});

test("a reset of a group that is away has mqadmin's six columns", () => {
  const offline = { before: 9, end: 12, found: 3 };
  const queue = { brokerName: "b", queueId: 1, topic: "T" };
  assertEquals(offlineRow({ ...queue, offset: 3, offline }), ["b", "1", "12", "9", "3", "3"]);
});

test("queryCq shows entries by their number, and a group's filter above them", () => {
  const entry = { eval: true, physicOffset: 5, physicSize: 9, tagsCode: 65 };
  const rule = "======================================";
  assertEquals(
    entriesText(7, { minQueueIndex: 1, maxQueueIndex: 9, entries: [entry] }),
    `Queue data: \nmax: 9, min: 1\n${rule}\nidx: 7\n` +
      `ConsumeQueueData{physicOffset=5, physicSize=9, tagsCode=65, eval=true}\n${rule}\n`,
  );
});

test("send times leave the first one out, and a log's clock is eight hours ahead", () => {
  assertEquals(averageRt([{ rt: 900 }, { rt: 4 }, { rt: 8 }]), 6);
  assertEquals(averageRt([{ rt: 900 }]), 900);
  assertEquals(averageRt([]), 0);
  const times = { cluster: "C", brokerName: "b", rt: 6.4, successCount: 3, failCount: 0 };
  const now = Date.parse("2026-01-31T20:00:00Z");
  assertEquals(logLine(times, "room", now), "2026-02-01 04:00:00|room|C|b|6\n");
});
