import { assertEquals } from "@std/assert";
import type { ExtFields } from "../../../src/wire/command.ts";
import { plainGroup } from "../../../src/wire/group.ts";
import { test } from "../../harness.ts";
import { type BrokerRig, brokerRig, pull, type RigOptions } from "../../support/broker_rig.ts";
import { OWN, PARK, progress, textsIn, withMessages } from "../../support/pulls.ts";

/** A slave's own id is 3; its group reads from broker 6, and from 9 when it is far behind. */
async function slaveOf(
  texts: readonly string[],
  options: RigOptions = {},
): Promise<{ slave: BrokerRig; bytes: Uint8Array }> {
  const master = await withMessages(texts);
  const { log } = master.store;
  const bytes = new Uint8Array(log.tail);
  for (let at = 0; at < bytes.length;) at += log.readAt(at, bytes.subarray(at));
  await master.close();
  const flags = { brokerId: "3", ...options.flags };
  const slave = await brokerRig({ ...options, role: "slave", flags });
  const group = { ...plainGroup("C"), brokerId: 6, whichBrokerWhenConsumeSlowly: 9 };
  slave.parts.groups.update(group);
  return { slave, bytes };
}

/** The same, and the slave has the master's log. */
async function copyOf(texts: readonly string[], options: RigOptions = {}): Promise<BrokerRig> {
  const { slave, bytes } = await slaveOf(texts, options);
  slave.store.appendRaw(0, bytes);
  await slave.clock.settle();
  return slave;
}

const HELD = { sysFlag: String(PARK | OWN), suspendTimeoutMillis: "15000" };

test("a pull parked on a slave is answered when its message is dispatched, without waiting", async () => {
  const { slave, bytes } = await slaveOf(["a"]);
  await using _ = slave;
  const client = slave.client();
  slave.parts.topics.ensure("T", 4);
  assertEquals(await client.askAll(pull(HELD)), []);
  slave.store.appendRaw(0, bytes.subarray(0, 40)); // not whole yet
  await slave.clock.settle();
  assertEquals(slave.pulls.parked, 1);
  slave.store.appendRaw(40, bytes.subarray(40));
  await slave.clock.settle();
  const [answer] = client.far.commands();
  assertEquals([answer.code, textsIn(answer)], [0, ["a"]]);
});

for (
  const { name, gone, flags, totalBytes, suggested } of [
    { name: "is near the end", gone: false, suggested: [6, 6] },
    { name: "is far behind", gone: false, totalBytes: 100, suggested: [9, 6] },
    { name: "has no master to go to", gone: true, suggested: [3, 3] },
    { name: "is far behind and has no master", gone: true, totalBytes: 100, suggested: [3, 3] },
    {
      name: "should not be here",
      gone: true,
      flags: { slaveReadEnable: "false" },
      suggested: [0, 0],
    },
  ] as {
    name: string;
    gone: boolean;
    flags?: Record<string, string>;
    totalBytes?: number;
    suggested: number[];
  }[]
) {
  test(`a slave's reader that ${name} is told to go on at broker ${suggested[0]}`, async () => {
    await using slave = await copyOf(["a", "b"], { flags, totalBytes, masterGone: () => gone });
    const [found, end] = await slave.client().askAll(pull(), pull({ queueOffset: "2" }));
    assertEquals([found.code, end.code], [0, 19]);
    assertEquals([found, end].map((answer) => progress(answer)[3]), suggested);
  });
}

for (const queueOffset of ["-1", "7"]) {
  test(`a reader at ${queueOffset} of 0..2 waits on a slave for the master to be back`, async () => {
    let gone = true;
    await using slave = await copyOf(["a", "b"], { masterGone: () => gone });
    const client = slave.client();
    const held: ExtFields = { ...HELD, queueOffset };
    assertEquals(
      await client.askAll(pull(held)),
      [],
      "no answer that would be asked again at once",
    );
    await slave.clock.advance(15_500);
    const [late] = client.far.commands();
    assertEquals([late.code, progress(late)], [19, [Number(queueOffset), 0, 2, 3]]);
    gone = false;
    const answer = await client.ask(pull(held));
    assertEquals([answer.code, progress(answer)], [20, [Number(queueOffset), 0, 2, 6]]);
  });
}
