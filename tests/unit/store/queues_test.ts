import { assertEquals } from "@std/assert";
import { silentLog } from "../../../src/base/log.ts";
import { utf8, viewOf } from "../../../src/base/bytes.ts";
import { FsError } from "../../../src/ports/fs.ts";
import type { ConsumeQueue } from "../../../src/store/consume_queue.ts";
import { Handles } from "../../../src/store/handles.ts";
import { putEntry } from "../../../src/store/queue_entry.ts";
import { Queues } from "../../../src/store/queues.ts";
import { Turn } from "../../../src/store/turn.ts";
import { test } from "../../harness.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { runtime } from "../../support/runtime.ts";
import { Lines } from "../../support/store.ts";
import { everySeed } from "../../support/seeds.ts";

const TOPICS = ["A", "B", "C"];
const QUEUES = 5;
const turn = () => new Turn(runtime.clock);

function queuesIn(fs: MemFs): Queues {
  return new Queues(fs.dir("q"), 200, new Handles(8), silentLog);
}

function queueOf(queues: Queues, topic: string, queueId: number): ConsumeQueue {
  return queues.ofRecord(utf8(topic), 0, topic.length, queueId)!;
}

/** Gives each queue of each topic one entry. */
function fill(queues: Queues, n: number): void {
  for (const [i, topic] of TOPICS.entries()) {
    for (let queueId = 0; queueId < QUEUES; queueId++) {
      queueOf(queues, topic, queueId).put(n, 10_000 * n + 100 * (QUEUES * i + queueId), 100, 0);
    }
  }
}

/** Entries of each queue after a start. */
async function counts(fs: MemFs): Promise<Record<string, number>> {
  const queues = queuesIn(fs);
  await queues.load(true, false, turn());
  return Object.fromEntries(
    [...queues.all()].map((queue) => [`${queue.topic}-${queue.queueId}`, queue.maxOffset]),
  );
}

const ONE_EACH = Object.fromEntries(
  TOPICS.flatMap((topic) => Array.from({ length: QUEUES }, (_, id) => [`${topic}-${id}`, 1])),
);

test("sync() makes the folders above new queues safe once, and all of it survives a power cut", () =>
  everySeed(10, async (random) => {
    const fs = new MemFs();
    const queues = queuesIn(fs);
    fill(queues, 0);
    assertEquals(await queues.sync(turn()), true);
    const all = TOPICS.length * QUEUES;
    assertEquals(
      fs.counts.sync,
      2 * all + TOPICS.length + 1,
      "a file and its folder, and those above",
    );
    await fs.dir("").sync(); // whoever made the folder keeps its name
    fs.powerCut(random);
    assertEquals(await counts(fs), ONE_EACH);
  }));

test("a folder that could not be made safe is tried again, for all that is in it", async () => {
  const fs = new MemFs();
  const queues = queuesIn(fs);
  fill(queues, 0);
  fs.fault = (kind, path) =>
    kind === "sync" && path === "/q/B" ? { error: new FsError("other", "EIO") } : undefined;
  assertEquals(await queues.sync(turn()), false);
  fs.fault = undefined;
  const before = fs.counts.sync;
  assertEquals(await queues.sync(turn()), true);
  assertEquals(fs.counts.sync - before, 2 * QUEUES + 2);
  assertEquals(await queues.sync(turn()), true);
  assertEquals(fs.counts.sync - before, 2 * QUEUES + 2, "nothing is left");
});

test("entries that come while queues are being made safe are for the next time", async () => {
  const fs = new MemFs();
  const queues = queuesIn(fs);
  fill(queues, 0);
  const syncing = queues.sync(turn());
  fill(queues, 1);
  assertEquals(await syncing, true);
  const before = fs.counts.sync;
  assertEquals(await queues.sync(turn()), true);
  assertEquals(fs.counts.sync - before, TOPICS.length * QUEUES);
});

test("a Java broker's light queues are left alone, and that is said once", async () => {
  const fs = new MemFs();
  const before = new Map<string, Uint8Array>();
  for (const name of ["%LMQ%one", "%LMQ%two"]) {
    const bytes = new Uint8Array(200);
    putEntry(viewOf(bytes), 0, 4_000, 100, 0);
    fs.put(`q/${name}/0/00000000000000000000`, bytes);
    before.set(`q/${name}/0/00000000000000000000`, bytes.slice());
  }
  const log = new Lines();
  const queues = new Queues(fs.dir("q"), 200, new Handles(8), log);
  await queues.load(true, false, turn());
  queueOf(queues, "A", 0).put(0, 4_000, 100, 0);
  assertEquals(queueOf(queues, "%LMQ%one", 0), undefined);
  queues.cutFrom(0);
  await queues.sync(turn());
  assertEquals([...queues.all()].map(({ topic }) => topic), ["A"]);
  for (const [path, bytes] of before) assertEquals(fs.bytes(path), bytes);
  assertEquals(log.lines.map((line) => line.slice(0, 47)), [
    "warn left alone, a Java broker's light queues {",
  ]);
});
