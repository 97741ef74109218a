import { assert, assertEquals, assertGreater } from "@std/assert";
import { Cell, MasterSide } from "./cell.ts";
import type { By } from "./nodes.ts";

const HEARTBEAT_MS = 1_000;
const HOUSEKEEPING_MS = 4_000;
/** Java looks at its timers once a second, so it may speak a second late. */
const LATE_MS = 1_000;
const IDLE_MS = 6 * HOUSEKEEPING_MS;

/** Nothing is sent for many times as long as a silent connection may live; both sides speak all the same. */
export async function staysConnected(master: By, slave: By): Promise<void> {
  await using side = await MasterSide.start(master, {
    haSendHeartbeatInterval: HEARTBEAT_MS,
    haHousekeepingInterval: HOUSEKEEPING_MS,
  });
  await using cell = await Cell.begin(side, slave);
  await cell.filled(0.5);
  await cell.slave.start();
  await cell.caughtUp();
  const end = await cell.quiet();
  const link = cell.proxy.links.at(-1)!;
  const before = { links: cell.proxy.links.length, ...countsOf(link) };
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  assert(link.open, await cell.story());
  assertEquals(cell.proxy.links.length, before.links, await cell.story());
  const leastEach = Math.floor(IDLE_MS / (HEARTBEAT_MS + LATE_MS)) - 2;
  const { heartbeats, reports, bodies } = countsOf(link);
  assertGreater(heartbeats - before.heartbeats, leastEach, "the master spoke");
  assertGreater(reports - before.reports, leastEach, "the slave spoke");
  assertEquals([bodies, link.lastReport], [before.bodies, end], "and there was nothing to say");
  assertEquals(await cell.send(), 0, "the slave confirms at once");
}

function countsOf({ seen, reports }: Cell["proxy"]["links"][number]) {
  return { heartbeats: seen.heartbeats, bodies: seen.bodies, reports };
}
