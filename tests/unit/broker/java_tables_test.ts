import { assertEquals } from "@std/assert";
import { silentLog } from "../../../src/base/log.ts";
import { Groups } from "../../../src/broker/groups.ts";
import { Offsets } from "../../../src/broker/offsets.ts";
import { Topics } from "../../../src/broker/topics.ts";
import { parseOffsetTable } from "../../../src/wire/offset.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { goldenBytes } from "../../support/golden.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { TOPIC_OPTIONS } from "../../support/table_broker.ts";

test("the tables of a stopped Java broker are taken over, and the next commit keeps the rest", async () => {
  const fs = new MemFs();
  for (const name of ["topics.json", "subscriptionGroup.json", "consumerOffset.json"]) {
    fs.put(`/config/${name}`, goldenBytes(`config/${name}`));
  }
  const clock = new VirtualClock();
  const table = { dir: fs.dir("/config"), clock, log: silentLog, follows: false };
  const topics = new Topics(TOPIC_OPTIONS, table);
  const groups = new Groups({ autoCreateSubscriptionGroup: true }, table);
  const offsets = new Offsets({ ...table, flushConsumerOffsetInterval: 5000 });
  for (const each of [topics, groups, offsets]) each.load();

  assertEquals(topics.dataVersion, { counter: 42, timestamp: 1_795_346_626_215 });
  assertEquals([topics.get("IT7mwrqz0or4")?.readQueueNums, topics.all().size], [4, 45]);
  assertEquals(groups.dataVersion, { counter: 19, timestamp: 1_795_346_624_028 });
  assertEquals([groups.get("AdminLive")?.retryMaxTimes, groups.all().size], [16, 24]);
  assertEquals(offsets.of("C4_mwrqz0or4", "IT4mwrqz0or4", 1), 32);

  offsets.commit("C4_mwrqz0or4", "IT4mwrqz0or4", 1, 33);
  await offsets.close();
  const stored = (bytes: Uint8Array) => Object.fromEntries(parseOffsetTable(bytes));
  const theirs = stored(goldenBytes("config/consumerOffset.json"));
  assertEquals(stored(fs.bytes("/config/consumerOffset.json")), {
    ...theirs,
    "IT4mwrqz0or4@C4_mwrqz0or4": new Map([[0, 1], [1, 33], [2, 0], [3, 0]]),
  });
});
