import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { addressText } from "../../src/wire/host_address.ts";
import { test } from "../harness.ts";
import { startCluster } from "../support/cluster.ts";
import { GroupLoad, pause, placeOf } from "../support/group_load/group_load.ts";
import {
  groupName,
  GROUPS,
  QUEUES_A_TOPIC,
  topicName,
  TOPICS,
  topicsOf,
} from "../support/group_load/plan.ts";
import { LONG } from "../support/seeds.ts";
import { tempDir } from "../support/temp.ts";

const PROCESSES = 2;
const PER_SECOND = LONG ? 1_500 : 600;
const SEND_MS = LONG ? 60_000 : 4_000;
/** One member of each process leaves and comes back this often. */
const STORM_MS = LONG ? 250 : 150;
/** Processes are killed and started anew this often. */
const KILL_MS = LONG ? 12_000 : 2_000;
const ARRIVE_MS = 60_000;
/** The goal is 50; a machine with too much to do makes more of it, also of what is the broker's own doing. */
const STALL_MS_MAX = 1_000;

test("200 consumers in 50 groups on 1,000 queues come, leave and are killed, and each group gets every message", async () => {
  using folder = tempDir();
  await using cluster = await startCluster({ slaves: 0, role: "ASYNC_MASTER" });
  const namesrv = addressText(cluster.namesrv);
  await using load = new GroupLoad(cluster.master, {
    namesrv,
    folder: folder.path,
    processes: PROCESSES,
    stormMs: STORM_MS,
  });
  await load.makeTopics();
  await Promise.all(Array.from({ length: PROCESSES }, (_, i) => load.start(i)));
  const before = await load.figures();

  const stop = new AbortController();
  const sending = load.send(PER_SECOND, stop.signal);
  for (let ms = KILL_MS, i = 0; ms < SEND_MS; ms += KILL_MS, i++) {
    await pause(KILL_MS);
    await load.killAndStart(i % PROCESSES);
  }
  await pause(KILL_MS);
  stop.abort();
  await sending;
  await arrival(load);
  const after = await load.figures();
  await load.end();
  await catchUp(load);

  assertEquals([...load.refused], [], "all sends are answered SEND_OK");
  await deliversAll(load);
  assertLess(Math.max(...after.ownStallMs), STALL_MS_MAX, "the event loop was stuck");
  if (LONG) show(load, before, after);
});

/** Waits until every group has every message that was stored. */
async function arrival(load: GroupLoad): Promise<void> {
  const until = Date.now() + ARRIVE_MS;
  for (let missing = load.missing(); missing > 0; missing = load.missing()) {
    assert(Date.now() < until, `${missing} of ${2 * load.sent.size} deliveries are missing`);
    await pause(200);
  }
}

/**
 * What members had that were killed comes again, and may not have been handled when the last ones left: then
 * the broker does not say that the group is at the end, and others finish that.
 */
async function catchUp(load: GroupLoad): Promise<void> {
  const until = Date.now() + ARRIVE_MS;
  const ends = await load.ends();
  for (let behind = await load.behind(ends); behind > 0; behind = await load.behind(ends)) {
    assert(Date.now() < until, `groups are behind in ${behind} queues`);
    for (let i = 0; i < PROCESSES; i++) await load.start(i);
    await pause(2_000);
    await load.end();
  }
}

/** Three accounts must agree: what the producer was answered, what members wrote down, and what the broker says. */
async function deliversAll(load: GroupLoad): Promise<void> {
  const ends = await load.ends();
  const offsets = await load.offsets();
  const stored = [...ends.values()].reduce((sum, end) => sum + end, 0);
  assertGreater(stored, 1_000);
  assertEquals(load.sent.size, stored, "what is stored is what was answered SEND_OK");
  for (let group = 0; group < GROUPS; group++) {
    const name = groupName(group);
    const had = load.delivered.get(name)!;
    let wanted = 0;
    for (const topic of topicsOf(group).map(topicName)) {
      for (let queueId = 0; queueId < QUEUES_A_TOPIC; queueId++) {
        const end = ends.get(`${topic} ${queueId}`)!;
        const offset = offsets.get(`${topic}@${name}`)?.get(queueId) ?? 0;
        if (offset !== end) {
          throw new Error(`${name} is at ${offset} of ${topic} ${queueId}: ${end}`);
        }
        wanted += end;
        for (let at = 0; at < end; at++) {
          const place = placeOf(topic, queueId, at);
          const body = had.get(place);
          if (body === undefined || body !== load.sent.get(place)) {
            throw new Error(`${name} has ${body} at ${place}, sent was ${load.sent.get(place)}`);
          }
        }
      }
    }
    assertEquals(had.size, wanted, `what ${name} got that was never stored`);
  }
  assertEquals(ends.size, TOPICS * QUEUES_A_TOPIC);
}

type Figures = Awaited<ReturnType<GroupLoad["figures"]>>;

function show(load: GroupLoad, before: Figures, after: Figures): void {
  const again = load.deliveries - 2 * load.sent.size;
  console.error(
    `${load.sent.size} messages, ${load.deliveries} deliveries (${again} more than once); ` +
      `longest stalls of the broker's event loop ${
        after.stallMs.join(" ")
      } ms (10 s, 60 s, 600 s), ` +
      `of its own doing ${after.ownStallMs.join(" ")}, and ` +
      `${after.longOwnStalls - before.longOwnStalls} of those of 50 ms and more; its main thread ` +
      `worked ${Math.round(after.busyMs - before.busyMs)} ms and waited for a processor ` +
      `${Math.round(after.unservedMs - before.unservedMs)} ms`,
  );
}
