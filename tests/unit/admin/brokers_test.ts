import { assertEquals } from "@std/assert";
import { brokerRuntime, loadIn } from "../../../src/admin/brokers.ts";
import { formatKvTable } from "../../../src/wire/route.ts";
import { test } from "../../harness.ts";
import { fakeLines } from "./fake_lines.ts";

test("loadIn() reads rates over 10 s and totals since midnight", async () => {
  const body = formatKvTable(
    new Map([
      ["brokerVersionDesc", "V4_9_7"],
      ["putTps", "12.5 3.0 1.0"],
      ["getTransferedTps", "7.0 3.0 1.0"],
      ["msgPutTotalTodayNow", "110"],
      ["msgPutTotalTodayMorning", "10"],
      ["bootTimestamp", "1700000000000"],
      ["commitLogDiskRatio", "0.26"],
    ]),
  );
  assertEquals(loadIn(await brokerRuntime(fakeLines({ 28: { code: 0, body } }), "a:1")), {
    version: "V4_9_7",
    putPerSecond: 12.5,
    getPerSecond: 7,
    putToday: 100,
    getToday: 0,
    startedAt: 1_700_000_000_000,
    diskUsed: 0.26,
  });
});

test("a broker that has just started says nothing, and that is no error", async () => {
  const load = loadIn(await brokerRuntime(fakeLines({ 28: { code: 0 } }), "a:1"));
  assertEquals([load.version, load.putPerSecond, load.diskUsed], ["", 0, -1]);
});
