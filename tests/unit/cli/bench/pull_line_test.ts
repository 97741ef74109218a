import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { concat, viewOf, writeInt64 } from "../../../../src/base/bytes.ts";
import { WireError } from "../../../../src/base/errors.ts";
import { Course } from "../../../../src/cli/bench/course.ts";
import { latencyMaker } from "../../../../src/cli/bench/latencies.ts";
import { PullLine, type PullQueue } from "../../../../src/cli/bench/pull_line.ts";
import { connectionsOf } from "../../../../src/cli/bench/pull_load.ts";
import { PullTally } from "../../../../src/cli/bench/pull_tally.ts";
import { AnswerError } from "../../../../src/client/errors.ts";
import { CallError } from "../../../../src/rpc/peer.ts";
import type { Command } from "../../../../src/wire/command.ts";
import { parsePull } from "../../../../src/wire/pull.ts";
import { test } from "../../../harness.ts";
import { VirtualClock } from "../../../support/clock.ts";
import { FarEnd } from "../../../support/far_end.ts";
import { recordOf } from "../../../support/records.ts";

/** Records of 200 bytes, stored at that time. */
function records(count: number, storedAt = 1): Uint8Array {
  return concat(Array.from({ length: count }, (_, i) => {
    const record = recordOf(i, 200);
    writeInt64(viewOf(record), 56, storedAt);
    return record;
  }));
}

/** A line to a broker that is the test, and how the broker answers. */
async function lineTo(
  queues: readonly PullQueue[],
  { again = false, live = false, most = Infinity },
) {
  const clock = new VirtualClock();
  const far = new FarEnd();
  const course = new Course(clock, { warmMs: 0, ms: 1000, requests: Infinity });
  const make = await latencyMaker();
  const endToEnd = live ? make() : undefined;
  const tally = new PullTally(course, { clock, latencies: make(), endToEnd, most });
  const line = new PullLine({
    conn: far.conn,
    topic: "T",
    queues,
    batch: 32,
    again,
    course,
    tally,
    clock,
  });
  const ended = line.run();
  ended.catch(() => {}); // looked at later
  await clock.settle();
  const fields = (nextBeginOffset: number) => ({
    suggestWhichBrokerId: "0",
    nextBeginOffset: String(nextBeginOffset),
    minOffset: "0",
    maxOffset: "99",
  });
  const answer = async (
    request: Command,
    code: number,
    next: number,
    body: Uint8Array = new Uint8Array(0),
  ) => {
    far.answer(request, { code, ext: fields(next), body });
    await clock.settle();
  };
  return { clock, far, tally, line, ended, answer };
}

const asked = (all: readonly Command[]) =>
  all.map(({ ext }) => parsePull(ext)).map(({ queueId, queueOffset }) => [queueId, queueOffset]);

test("a line reads each queue to its end, with one pull under way for each", async () => {
  const queues = [{ queueId: 3, from: 10, end: 14 }, { queueId: 5, from: 0, end: 2 }];
  const { far, tally, answer, ended, clock } = await lineTo(queues, {});
  const [one, other] = far.commands();
  assertEquals([asked([one, other]), far.writes.length], [[[3, 10], [5, 0]], 1]);
  const { consumerGroup, maxMessages, sysFlag, commitOffset, subscription } = parsePull(one.ext);
  assertEquals([consumerGroup, maxMessages, sysFlag, commitOffset, subscription], [
    "TOOLS_CONSUMER",
    32,
    4, // it brings its own subscription; it neither waits nor keeps an offset
    0,
    "*",
  ]);
  await clock.advance(10);
  await answer(one, 0, 13, records(3));
  const [next] = far.commands();
  assertEquals(asked([next]), [[3, 13]]);
  await answer(other, 0, 2, records(2));
  assertEquals(far.commands(), []);
  await answer(next, 21, 14); // messages that are gone: it goes on where the broker says
  await ended;
  assertEquals(tally.counts, { messages: 5, bytes: 1000, pulls: 2 });
  assertEquals(Math.round(tally.latency.max), 10);
  assertEquals([tally.secondsTo(true), tally.secondsTo(false)], [0.01, 1]);
});

test("a line ends where a broker finds nothing more, and begins anew when told", async () => {
  const { far, answer, ended } = await lineTo([{ queueId: 0, from: 0, end: 9 }], {});
  await answer(far.commands()[0], 19, 0);
  await ended;
  const again = await lineTo([{ queueId: 0, from: 4, end: 5 }], { again: true });
  await again.answer(again.far.commands()[0], 0, 5, records(1));
  assertEquals(asked(again.far.commands()), [[0, 4]]);
  again.line.close();
  await again.ended;
});

test("a line that waits for messages measures how long they took from the log", async () => {
  const { far, answer, ended, line, tally, clock } = await lineTo(
    [{ queueId: 0, from: 7, end: Infinity }],
    { live: true },
  );
  const [first] = far.commands();
  assertEquals(parsePull(first.ext).sysFlag, 6); // it may be parked
  await clock.advance(500);
  await answer(first, 0, 9, records(2, clock.now() - 30));
  const [second] = far.commands();
  await answer(second, 19, 9);
  assertEquals(asked([...far.commands()]), [[0, 9]]);
  assertEquals([tally.endToEnd?.count, Math.round(tally.endToEnd!.max)], [2, 30]);
  line.close(); // with a pull under way
  await ended;
});

test("a line ends when so many messages were read", async () => {
  const { far, answer, ended, tally } = await lineTo([{ queueId: 0, from: 0, end: 99 }], {
    most: 3,
  });
  await answer(far.commands()[0], 0, 4, records(4));
  await ended;
  assertEquals(tally.counts.messages, 4);
});

test("a line says which queue a broker would not read, and that it left", async () => {
  const refused = await lineTo([{ queueId: 6, from: 0, end: 9 }], {});
  refused.far.answer(refused.far.commands()[0], { code: 16, remark: "no permission\nstack" });
  const { message } = await assertRejects(() => refused.ended, AnswerError);
  assertEquals(message, 'Cannot read queue 6 of "T": 10.0.0.1:4711 answers 16 (no permission)');
  const left = await lineTo([{ queueId: 6, from: 0, end: 9 }], {});
  left.far.end();
  assertMatch(
    (await assertRejects(() => left.ended, CallError)).message,
    /^lost the connection to/,
  );
});

test("a tally refuses what are no records", async () => {
  const { tally } = await lineTo([{ queueId: 0, from: 0, end: 1 }], {});
  assertThrows(
    () => tally.pulled(records(1).subarray(0, 150), 0, 1),
    WireError,
    "record of 200 bytes",
  );
  assertThrows(() => tally.pulled(new Uint8Array(200), 0, 1), WireError, "record of 0 bytes");
});

test("every broker gets a connection, and none more than it has queues", () => {
  const target = (count: number) => ({
    address: "",
    queues: Array.from({ length: count }, (_, queueId) => ({ queueId, from: 0, end: 1 })),
  });
  const targets = [target(4), target(1), target(0), target(4)];
  assertEquals(connectionsOf(targets, 1), [1, 1, 0, 1]);
  assertEquals(connectionsOf(targets, 6), [3, 1, 0, 2]);
  assertEquals(connectionsOf(targets, 100), [4, 1, 0, 4]);
});
