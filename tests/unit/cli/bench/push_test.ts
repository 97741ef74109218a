import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { concat } from "../../../../src/base/bytes.ts";
import { WireError } from "../../../../src/base/errors.ts";
import { Course } from "../../../../src/cli/bench/course.ts";
import { PushLine, PushTally } from "../../../../src/cli/bench/push_line.ts";
import { type PushSource, refusalOf, reportOf } from "../../../../src/cli/bench/push_rules.ts";
import { Acks } from "../../../../src/ha/acks.ts";
import { startOf } from "../../../../src/ha/admission.ts";
import { encodeReport, encodeTransfer } from "../../../../src/ha/frames.ts";
import { CallError } from "../../../../src/rpc/peer.ts";
import { test } from "../../../harness.ts";
import { VirtualClock } from "../../../support/clock.ts";
import { FarEnd } from "../../../support/far_end.ts";

const SOURCE: PushSource = {
  address: "10.0.0.1:10911",
  role: "SYNC_MASTER",
  ours: false,
  inSyncSlaves: 0,
  inSyncReplicas: 2,
  minOffset: 0,
  maxOffset: 5000,
  slaveTimeoutMs: 3000,
};

for (
  const [name, changes, refused] of [
    ["an ASYNC_MASTER", { role: "ASYNC_MASTER" }, false],
    ["a slave", { role: "SLAVE" }, false],
    ["a SYNC_MASTER of Java's", {}, true],
    ["a SYNC_MASTER of ours that has its slave", { ours: true, inSyncSlaves: 1 }, false],
    ["a SYNC_MASTER of ours without slaves", { ours: true }, true],
    [
      "a SYNC_MASTER of ours that needs two slaves and has one",
      { ours: true, inSyncSlaves: 1, inSyncReplicas: 3 },
      true,
    ],
  ] as const
) {
  test(`bench replicate ${refused ? "asks before it takes" : "takes"} the log of ${name}`, () => {
    const reason = refusalOf({ ...SOURCE, ...changes });
    assertEquals(reason !== undefined, refused);
    if (refused) assertStringIncludes(reason!, "nothing is acknowledged. --yes goes on");
  });
}

for (
  const { name, changes, from, wanted } of [
    { name: "a log from byte 0", changes: {}, from: undefined, wanted: { report: 1, waitMs: 0 } },
    { name: "byte 0 of ours", changes: { ours: true }, from: 0, wanted: { report: 1, waitMs: 0 } },
    {
      name: "Java's oldest file",
      changes: { minOffset: 4096 },
      from: undefined,
      wanted: { report: 4096, waitMs: 0 },
    },
    {
      name: "our oldest file, which may lie above where the log began to grow",
      changes: { minOffset: 4096, ours: true },
      from: 4096,
      wanted: { report: 0, waitMs: 0 },
    },
    {
      name: "a place that a Java SYNC_MASTER would take for an acknowledgement",
      changes: {},
      from: 4999,
      wanted: { report: 4999, waitMs: 4000 },
    },
    {
      name: "such a place where the time-out is not known",
      changes: { slaveTimeoutMs: 0 },
      from: 4999,
      wanted: { report: 4999, waitMs: 4000 },
    },
    {
      name: "any place of an ASYNC_MASTER",
      changes: { role: "ASYNC_MASTER" },
      from: 4999,
      wanted: { report: 4999, waitMs: 0 },
    },
    {
      name: "any place of ours",
      changes: { ours: true },
      from: 70,
      wanted: { report: 70, waitMs: 0 },
    },
  ] as const
) {
  test(`the only report asks for ${name}`, () => {
    assertEquals(reportOf({ ...SOURCE, ...changes }, from), wanted);
  });
}

test("a master of ours counts no report of it as an acknowledgement", () => {
  for (const minOffset of [0, 4096]) {
    for (const from of [undefined, minOffset, 4500]) {
      const { report } = reportOf({ ...SOURCE, ours: true, minOffset }, from);
      const start = startOf(report, { minOffset, tail: 5000, fileBytes: 4096 }, "min");
      const acks = new Acks({ inSyncReplicas: 2, fallBehindMax: 1 << 28 });
      const follower = acks.follower("ip 10.0.0.9", report, start);
      follower.send(5000);
      for (let i = 0; i < 3; i++) follower.confirm(report);
      assertEquals([follower.acked, acks.confirmed], [0, 0], `${minOffset} ${from}`);
    }
  }
});

/** A line to a master that is the test. */
async function lineTo(wanted: { report: number; until: number; fileBytes: number }) {
  const clock = new VirtualClock();
  const far = new FarEnd();
  const course = new Course(clock, { warmMs: 0, ms: 60_000, requests: Infinity });
  const tally = new PushTally();
  const line = new PushLine(far.conn, wanted, clock);
  const ended = line.run(course, tally);
  ended.catch(() => {}); // looked at later
  await clock.settle();
  const push = async (...frames: [number, number][]) => {
    far.send(
      concat(
        frames.map(([logOffset, bytes]) =>
          encodeTransfer({ logOffset, body: new Uint8Array(bytes) })
        ),
      ),
    );
    await clock.settle();
  };
  return { clock, far, line, tally, ended, push };
}

test("a line takes a log to its end and says where it began, nothing else", async () => {
  const { clock, far, line, tally, ended, push } = await lineTo({
    report: 1,
    until: 300,
    fileBytes: 256,
  });
  await clock.advance(40);
  await push([1, 0], [1, 99], [100, 50]);
  await clock.advance(100);
  await push([150, 106]);
  await clock.advance(6000);
  line.keep(clock.monotonic()); // an idle slave would be sent away
  await clock.settle();
  await clock.advance(1);
  line.keep(clock.monotonic());
  await push([256, 0], [256, 100]);
  await ended;
  assertEquals(far.writes, [encodeReport(1), encodeReport(1)]);
  assertEquals([tally.begin, tally.at, tally.passes], [1, 356, 1]);
  assertEquals(tally.counts, { bytes: 355, frames: 4, heartbeats: 2 });
  assertEquals(tally.firstMs, 40);
  assertEquals(tally.rate.seconds, 6.101);
  assertEquals(Math.round(tally.rate.bytesPerSecond * 6.101), 206); // not what came first
  assertEquals(far.closed, true);
});

for (
  const { name, report, frames, reason } of [
    {
      name: "begins elsewhere",
      report: 1,
      frames: [[5, 10]],
      reason: /first frame at 5, .*at 1 as reported/,
    },
    {
      name: "begins within a file",
      report: 0,
      frames: [[5, 10]],
      reason: /must be the start of a file/,
    },
    {
      name: "leaves bytes out",
      report: 1,
      frames: [[1, 10], [12, 10]],
      reason: /frame at 12, .*ended at 11/,
    },
    {
      name: "gives bytes twice",
      report: 1,
      frames: [[1, 10], [10, 10]],
      reason: /frame at 10, .*ended at 11/,
    },
    {
      name: "sends a heartbeat for another place",
      report: 1,
      frames: [[1, 10], [12, 0]],
      reason: /frame at 12, .*ended at 11/,
    },
    {
      name: "sends a frame across the end of a file",
      report: 1,
      frames: [[1, 300]],
      reason: /from 1 to 301, a file of 256 ends between/,
    },
  ] as { name: string; report: number; frames: [number, number][]; reason: RegExp }[]
) {
  test(`a line finds a master that ${name}`, async () => {
    const { ended, push } = await lineTo({ report, until: 900, fileBytes: 256 });
    await push(...frames);
    assertMatch((await assertRejects(() => ended, CallError)).message, reason);
  });
}

test("a line says where a master ended the log", async () => {
  const { far, ended } = await lineTo({ report: 1, until: 900, fileBytes: 256 });
  far.end();
  const { message } = await assertRejects(() => ended, CallError);
  assertEquals(
    message,
    "10.0.0.1:4711 ended its log before its first bytes: closed by the master",
  );
});

test("a second pass begins anew", () => {
  const tally = new PushTally();
  const wanted = { report: 1, until: 10, fileBytes: 0 };
  const frame = (logOffset: number, bytes: number, now: number) =>
    tally.frame({ logOffset, body: new Uint8Array(bytes) }, wanted, now);
  frame(1, 10, 0);
  frame(11, 10, 5);
  assertThrows(() => frame(1, 10, 6), WireError);
  tally.anew();
  frame(1, 10, 100);
  frame(11, 10, 105);
  assertEquals(tally.counts.bytes, 40);
  assertEquals(tally.rate, { bytesPerSecond: 2000, seconds: 0.01 }); // the pause is no part of it
});
