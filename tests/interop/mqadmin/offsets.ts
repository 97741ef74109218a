/** mqadmin's commands that change where groups go on. */
import { assertEquals, assertGreater, assertMatch } from "@std/assert";
import { test } from "../../harness.ts";
import { live } from "./live.ts";
import { dates, mark, reason } from "./marks.ts";
import { eventually, same, sameRefusal, type Twin } from "./twins.ts";

const RESET = "resetOffsetByTime -n {namesrv} -t Live -g";
const progress = { marks: [dates, mark("tps", /(?<=Consume TPS: )[\d.]+/g)] };

test("mqadmin cloneGroupOffset gives a group the offsets of another", async () => {
  await live();
  await same("cloneGroupOffset -n {namesrv} -s LiveGroup -d LiveClone -t Live -o true");
  await same("cloneGroupOffset -n {namesrv} -s LiveAway -d LiveClone -t Live");
  await same("updateTopic -n {namesrv} -b {master} -t %RETRY%LiveClone -r 1 -w 1");
  const { ours } = await same("consumerProgress -n {namesrv} -g LiveClone", progress);
  const away = await same("consumerProgress -n {namesrv} -g LiveAway", progress);
  const total = (text: string) => Number(/^Diff Total: (\d+)$/m.exec(text)![1]);
  assertEquals(total(ours.out), total(away.ours.out));
  assertGreater(total(ours.out), 14, "what it had before the last sends");
  await same("cloneGroupOffset -n {namesrv} -s nobody -d LiveClone -t Live", { marks: [reason] });
});

test("mqadmin resetOffsetByTime and skipAccumulatedMessage move a group that is not there", async () => {
  for (const time of ["-1", "1600000000000", "now", "2026-01-01#00:00:00:000 -f false"]) {
    await same(`${RESET} LiveAway -s ${time}`);
    await same("consumerProgress -n {namesrv} -g LiveAway", progress);
  }
  await same("skipAccumulatedMessage -n {namesrv} -g LiveAway -t Live -f false");
  await same("skipAccumulatedMessage -n {namesrv} -g LiveAway -t Live");
  const { ours } = await same("consumerProgress -n {namesrv} -g LiveAway", progress);
  assertMatch(ours.out, /Diff Total: 0/);
  await same(`${RESET} LiveAway -s soon`);
});

test("mqadmin resetOffsetByTime takes a group that is online back, and its members consume again", async () => {
  for (const group of ["LiveGroup", "LiveOrderly", "LiveSql"]) {
    await same(`${RESET} ${group} -s 1600000000000`);
  }
  // The message that is given back at its first try is, once more.
  const again = async (twin: Twin) => {
    const { out } = await twin.run("consumerProgress -n {namesrv} -g LiveGroup");
    return /^%RETRY%LiveGroup +broker-a +0 +2 +2 /m.test(out) && /^Diff Total: 0$/m.test(out);
  };
  const both = await live();
  await eventually(
    "both groups to be where they were",
    async () => await again(both.ours) && await again(both.java),
  );
  await same("consumerProgress -n {namesrv} -g LiveGroup", progress);
  for (const time of ["now", "-1", "now -c", "now -f false"]) {
    await same(`${RESET} LiveGroup -s ${time}`);
  }
  await same("skipAccumulatedMessage -n {namesrv} -g LiveSql -t Live");
});

test("mqadmin refuses to move groups and topics that are not there", async () => {
  const unknown = `Cannot reset "nobody" in "Live": the group has no offset yet in queue 0`;
  await sameRefusal(`${RESET} nobody -s now`, unknown);
  await sameRefusal("skipAccumulatedMessage -n {namesrv} -t Live -g nobody", unknown);
  await sameRefusal(`${RESET} LiveBroadcast -s now`, `Cannot reset "LiveBroadcast"`);
  await same("resetOffsetByTime -n {namesrv} -t nowhere -g LiveGroup -s now", { marks: [reason] });
});
