import { assertEquals, assertStringIncludes } from "@std/assert";
import type { SlaveView } from "../../../src/ha/slave_status.ts";
import { Refusal } from "../../../src/ha/admission.ts";
import { haHandlers } from "../../../src/broker/ha_handlers.ts";
import type { Command, Reply } from "../../../src/wire/command.ts";
import { parseHaStatus } from "../../../src/wire/ha_status.ts";
import { slaveNameFields } from "../../../src/wire/slave_name.ts";
import { test } from "../../harness.ts";
import { brokerRig } from "../../support/broker_rig.ts";
import { FarEnd } from "../../support/far_end.ts";
import { FOLLOWS_NOBODY } from "../../support/ha_status.ts";

const STATUS = 907;
const ACCEPT = 29_072;

test("907 on a master: its log, each slave with what it acknowledged, and who was refused", async () => {
  await using rig = await brokerRig();
  const client = rig.client();
  await client.ask({ code: 17, ext: topicFields });
  const { slaves } = rig.parts;
  const line = slaves.enter(new FarEnd({ host: "10.0.0.7", port: 40_007 }).conn);
  const follower = slaves.serve(line, 0, 0);
  follower.send(500);
  follower.confirm(400);
  slaves.refusals.refuse("10.0.0.8", new Refusal("FOREIGN", "it holds other bytes"));
  const { code, body } = await client.ask({ code: STATUS });
  assertEquals(code, 0);
  const { tail } = rig.store.log;
  assertEquals(parseHaStatus(body), {
    master: true,
    masterCommitLogMaxOffset: tail,
    inSyncSlaveNums: 1,
    haConnectionInfo: [{
      addr: "10.0.0.7:40007",
      slaveAckOffset: 400,
      diff: Math.max(0, tail - 400),
      inSync: true,
      transferredByteInSecond: 0,
      transferFromWhere: 500,
    }],
    haClientRuntimeInfo: FOLLOWS_NOBODY,
    pocketmq: {
      state: "MASTER",
      since: rig.parts.startedAt,
      reason: "",
      advice: "",
      minOffset: 0,
      maxOffset: tail,
      masterMinOffset: -1,
      masterMaxOffset: -1,
      refused: [{
        addr: "10.0.0.8",
        kind: "FOREIGN",
        reason: "it holds other bytes",
        at: rig.clock.now(),
      }],
    },
  });
});

test("907 on a slave: its state, what shows it, and its master", async () => {
  await using rig = await brokerRig({ role: "slave" });
  const view: SlaveView = {
    state: "AHEAD",
    since: 1_700_000_000_001,
    reason: "our log ends at 9, the master's at 5",
    advice: "run: pocketmq ha resync",
    master: "10.0.0.1:10912",
    masterMinOffset: 0,
    masterMaxOffset: 5,
    bytesPerSecond: 77,
    lastRead: 1_700_000_000_002,
    lastWrite: 1_700_000_000_003,
  };
  const { slaves } = rig.parts;
  const handlers = haHandlers({ slaves, log: rig.store.log, view: () => view, startedAt: 1 });
  const handler = new Map(handlers).get(STATUS)!;
  const { body } = handler({} as Command, rig.client().peer) as Reply;
  const status = parseHaStatus(body!);
  assertEquals([status.master, status.pocketmq?.state], [false, "AHEAD"]);
  assertEquals([status.pocketmq?.reason, status.pocketmq?.advice], [view.reason, view.advice]);
  assertEquals([status.pocketmq?.masterMinOffset, status.pocketmq?.masterMaxOffset], [0, 5]);
  assertEquals(status.haClientRuntimeInfo, {
    masterAddr: "10.0.0.1:10912",
    transferredByteInSecond: 77,
    maxOffset: 0,
    lastReadTimestamp: 1_700_000_000_002,
    lastWriteTimestamp: 1_700_000_000_003,
    masterFlushOffset: 0,
  });
});

test("29072 accepts only who was refused as FOREIGN, and says so of others", async () => {
  await using rig = await brokerRig();
  const client = rig.client();
  const accept = (addr: string) => client.ask({ code: ACCEPT, ext: { addr } });
  const { refusals } = rig.parts.slaves;
  assertStringIncludes((await accept("10.0.0.8")).remark!, '"10.0.0.8" was never refused here');
  refusals.refuse("10.0.0.8", new Refusal("FOREIGN", "it holds other bytes"));
  refusals.refuse("10.0.0.9:10911", new Refusal("AHEAD", "first report 9 is above our end 5"));
  const unknown = await accept("10.0.0.1:5");
  assertEquals(unknown.code, 1);
  assertStringIncludes(unknown.remark!, "refused were 10.0.0.8, 10.0.0.9:10911");
  const ahead = await accept("10.0.0.9:10911");
  assertEquals(ahead.code, 1);
  assertStringIncludes(ahead.remark!, "AHEAD: first report 9 is above our end 5");
  assertEquals((await accept("10.0.0.8:40123")).code, 0);
  assertEquals(refusals.accepts("10.0.0.8", "10.0.0.8"), true);
  assertEquals(refusals.accepts("10.0.0.9:10911", "10.0.0.9"), false);
  const missing = await client.ask({ code: ACCEPT });
  assertEquals(missing.code, 1);
  assertStringIncludes(missing.remark!, '"addr"');
});

for (const code of [21, 43]) {
  test(`${code} tells which HA connection is a slave's own, before or after it is seen`, async () => {
    await using rig = await brokerRig();
    const { slaves } = rig.parts;
    const client = rig.client("10.0.0.7");
    const early = slaveNameFields({ brokerId: 2, haPort: 40_007, listenPort: 20_911 });
    assertEquals((await client.ask({ code, ext: early })).code, 0);
    const line = slaves.enter(new FarEnd({ host: "10.0.0.7", port: 40_007 }).conn);
    assertEquals([line.key, line.addr], ["id 2", "10.0.0.7:20911"]);
    const other = slaves.enter(new FarEnd({ host: "10.0.0.6", port: 40_007 }).conn);
    assertEquals(other.key, "ip 10.0.0.6", "another host cannot name it");
    await rig.client("10.0.0.6").ask({ code, ext: { ...early, slaveBrokerId: "3" } });
    assertEquals(other.key, "id 3");
    assertEquals((await client.ask({ code })).code, 0, "Java's say nothing");
    assertEquals((await client.ask({ code, ext: { slaveHaPort: "x" } })).code, 1);
  });
}

const topicFields = {
  topic: "T",
  defaultTopic: "TBW102",
  readQueueNums: "4",
  writeQueueNums: "4",
  perm: "6",
  topicFilterType: "SINGLE_TAG",
  order: "false",
};
