import { assertEquals } from "@std/assert";
import { VirtualClock } from "./clock.ts";
import { FakeLog, noise } from "./fake_log.ts";
import { startMaster, type TestMaster, type TestMasterOptions } from "./ha.ts";
import { MemNet } from "./mem_net.ts";

/** Bytes of a file of the scene's log. */
export const FILE = 65536;

/** A master in memory, and what is around it. */
export interface Scene {
  readonly clock: VirtualClock;
  readonly net: MemNet;
  readonly log: FakeLog;
  readonly master: TestMaster;
}

/** Runs a test with a master whose log holds `bytes`, and sees that nothing of it is left behind. */
export async function withMaster(
  { bytes, start = 0, ...options }:
    & { bytes: number; start?: number }
    & TestMasterOptions,
  body: (scene: Scene) => Promise<void>,
): Promise<void> {
  const clock = new VirtualClock();
  const net = new MemNet(clock);
  const log = new FakeLog(FILE, { start });
  log.commit(noise(bytes));
  const master = await startMaster(net, clock, log, options);
  await body({ clock, net, log, master });
  await master.stop();
  await clock.settle();
  assertEquals([log.movers, clock.waiting, master.acks.slaves], [0, 0, 0], "something was left");
}
