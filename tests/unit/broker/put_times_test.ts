import { assertEquals } from "@std/assert";
import { textOf } from "../../../src/base/bytes.ts";
import { PutTimes } from "../../../src/broker/put_times.ts";
import { test } from "../../harness.ts";
import { brokerRig, send } from "../../support/broker_rig.ts";

test("PutTimes puts messages into the classes tools know", () => {
  const times = new PutTimes();
  for (const [ms, count] of [[0.3, 970], [1, 10], [9.9, 10], [10, 8], [70_000, 2]]) {
    times.add(ms, count);
  }
  assertEquals(
    times.text,
    "[<=0ms]:970 [0~10ms]:20 [10~50ms]:8 [50~100ms]:0 [100~200ms]:0 [200~500ms]:0 " +
      "[500ms~1s]:0 [1~2s]:0 [2~3s]:0 [3~4s]:0 [4~5s]:0 [5~10s]:0 [10s~]:2 ",
  );
  assertEquals([900, 990, 998, 999].map((each) => times.withinMs(each)), [0.5, 10, 20, 70_000]);
  assertEquals(times.longestMs, 70_000);
});

test("PutTimes without messages are 0, and no bound is above the longest", () => {
  const times = new PutTimes();
  assertEquals(times.withinMs(999), 0);
  times.add(0.02, 1);
  assertEquals(times.withinMs(999), 0.02);
});

test("28 tells how large messages were and how long their writes took", async () => {
  await using rig = await brokerRig();
  await rig.client().askAll(send(), send());
  const { body } = await rig.client().ask({ code: 28 });
  const info: Record<string, string> = JSON.parse(textOf(body)).table;
  const bytes = rig.store.log.tail;
  assertEquals([info.putMessageTimesTotal, info.putMessageSizeTotal], ["2", String(bytes)]);
  assertEquals(info.putMessageAverageSize, (bytes / 2).toFixed(1));
  assertEquals(info.putMessageDistributeTime.startsWith("[<=0ms]:2 [0~10ms]:0 "), true);
  assertEquals([info.putMessageFailedTimes, info.putLatency99], ["0", "0.00"]);
});
