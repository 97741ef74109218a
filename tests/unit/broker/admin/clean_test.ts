import { assertEquals } from "@std/assert";
import { test } from "../../../harness.ts";
import { type BrokerRig, brokerRig, send } from "../../../support/broker_rig.ts";
import { VirtualClock } from "../../../support/clock.ts";
import { MemFs } from "../../../support/mem_fs.ts";

/** Four files of log, all but the last expired, at an hour at which none is removed. */
async function expired(): Promise<BrokerRig> {
  const clock = new VirtualClock();
  const deleteWhen = String((new Date(clock.now()).getHours() + 12) % 24);
  const flags = { mappedFileSizeCommitLog: "4096", fileReservedTime: "0", deleteWhen };
  const fs = new MemFs();
  fs.now = () => clock.now();
  const rig = await brokerRig({ clock, fs, flags });
  for (let i = 0; i < 4; i++) await rig.client().ask(send({}, "x".repeat(3000)));
  await clock.advance(20_000);
  assertEquals(rig.store.log.minOffset, 0);
  return rig;
}

test("329 removes expired files at any hour", async () => {
  await using rig = await expired();
  assertEquals((await rig.client().ask({ code: 329 })).code, 0);
  await rig.clock.advance(2_000);
  assertEquals(rig.store.log.minOffset, 3 * 4096);
  assertEquals(rig.store.queues.get("T", 0)?.minOffset, 3);
});

for (const code of [306, 316]) {
  test(`${code} looks at what is derived of messages, and leaves them`, async () => {
    await using rig = await expired();
    let looks = 0;
    const { retention } = rig.store;
    const clean = retention.cleanDerived.bind(retention);
    retention.cleanDerived = () => {
      looks++;
      return clean();
    };
    assertEquals((await rig.client().ask({ code })).code, 0);
    await rig.clock.advance(2_000);
    assertEquals([looks, rig.store.log.minOffset], [1, 0]);
  });
}
