import { assertEquals } from "@std/assert";
import { silentLog } from "../../../src/base/log.ts";
import { forgetSilent } from "../../../src/namesrv/expiry.ts";
import { RouteTable } from "../../../src/namesrv/routes.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";

function start() {
  const clock = new VirtualClock();
  const table = new RouteTable<{ name: string }>();
  const hungUp: string[] = [];
  const stop = new AbortController();
  const running = forgetSilent(
    table,
    { clock, log: silentLog },
    ({ name }) => void hungUp.push(name),
    stop.signal,
  );
  const end = async () => {
    stop.abort();
    await running;
    assertEquals(clock.waiting, 0);
  };
  return { clock, table, hungUp, end };
}

function register(table: RouteTable<{ name: string }>, name: string, nowMs: number): void {
  table.register(
    {
      brokerAddr: name,
      brokerId: 0,
      brokerName: name,
      clusterName: "C",
      haServerAddr: "",
      dataVersion: { counter: 0, timestamp: 0 },
      topics: new Map(),
    },
    { name },
    nowMs,
  );
}

test("forgetSilent() forgets a broker at the first scan after 120 s of silence", async () => {
  const { clock, table, hungUp, end } = start();
  register(table, "a", 0);
  register(table, "b", 10_000);
  await clock.advance(115_000);
  assertEquals(hungUp, []);
  await clock.advance(10_000);
  assertEquals(hungUp, ["a"], "scans at 5 s, 15 s … 125 s");
  await clock.advance(9_999);
  assertEquals(hungUp, ["a"]);
  await clock.advance(1);
  assertEquals(hungUp, ["a", "b"]);
  assertEquals(table.clusterInfo().brokers, []);
  await end();
});

test("forgetSilent() lets brokers speak first after the process itself stood still", async () => {
  const { clock, table, hungUp, end } = start();
  register(table, "spoke", 0);
  register(table, "silent", 0);
  clock.pause(300_000);
  await clock.advance(0); // the scan that is late
  assertEquals(hungUp, []);
  register(table, "spoke", clock.monotonic()); // what waited in its socket
  await clock.advance(10_000);
  assertEquals(hungUp, ["silent"]);
  await end();
});
